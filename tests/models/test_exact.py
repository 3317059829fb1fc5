"""A linear head at its optimum: scikit-learn's numbers, weights of rows, and classes without a label."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from selfsup_core.models.modules.exact import LENGTH, fit_linear, scale_of
from selfsup_core.runs.recipes import preset_spec

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(90, 7))
Y = (X[:, 0] + 0.5 * DRAW.normal(size=90) > 0).astype(int) + (X[:, 1] > 0.8)
ONE = np.ones(90)


def shares(z: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    scores = np.exp(z @ w.T + b - (z @ w.T + b).max(axis=1, keepdims=True))
    return scores / scores.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("classes", [[0, 1], [0, 1, 2]])
def test_probabilities_are_those_of_scikit_learn(classes):
    rows, scale = np.isin(Y, classes), scale_of(X)
    w, b = fit_linear(X[rows], Y[rows], ONE[rows], 3, penalty=2.0, scale=scale)
    model = LogisticRegression(C=0.5, max_iter=1000).fit(X[rows] * scale, Y[rows])
    assert shares(X, w, b)[:, classes] == pytest.approx(model.predict_proba(X * scale), abs=1e-3)


def test_features_of_any_size_give_the_same_classes():
    assert ((X * scale_of(X)) ** 2).sum(axis=1).mean() == pytest.approx(LENGTH**2)
    found = [fit_linear(f * X, Y, ONE, 3, penalty=1.0, scale=scale_of(f * X)) for f in (1.0, 1e3)]
    assert shares(1e3 * X, *found[1]) == pytest.approx(shares(X, *found[0]), abs=1e-6)


def test_a_row_twice_counts_like_a_weight_of_two_and_weight_0_like_no_row():
    weight = np.where(np.arange(90) < 30, 2.0, 1.0)
    weight[60:] = 0
    often = np.concatenate([np.arange(60), np.arange(30)])
    a = fit_linear(X, Y, weight, 3, penalty=1.0, scale=1.0)
    b = fit_linear(X[often], Y[often], ONE[often], 3, penalty=1.0, scale=1.0)
    assert shares(X, *a) == pytest.approx(shares(X, *b), abs=1e-3)


def test_a_class_without_a_label_is_not_named():
    w, b = fit_linear(X, np.where(Y == 1, 2, 0), ONE, 4, penalty=1.0, scale=1.0)
    assert set((X @ w.T + b).argmax(axis=1)) == {0, 2}
    w, b = fit_linear(X, np.full(90, 3), ONE, 4, penalty=1.0, scale=1.0)
    assert set((X @ w.T + b).argmax(axis=1)) == {3}


def test_a_classifier_with_hidden_layers_is_trained_by_steps():
    assert preset_spec("pseudo-text").model.is_exact
    assert not preset_spec("pseudo-text", {"model.widths": [8]}).model.is_exact
    assert not preset_spec("pseudo-text", {"model.dropout": 0.1}).model.is_exact
