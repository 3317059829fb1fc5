"""CKA and Procrustes distance: known cases, scipy's number, and what must not change them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import procrustes
from scipy.stats import ortho_group

from selfsup_core.evaluate.similarity import linear_cka, procrustes_distance, shared_neighbors, turn_short

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(200, 6))


def test_turning_and_scaling_change_nothing():
    turned = 3.0 * X @ ortho_group.rvs(6, random_state=0) + 5.0
    assert linear_cka(X, turned) == pytest.approx(1)
    assert procrustes_distance(X, turned) == pytest.approx(0, abs=1e-12)


def test_the_numbers_of_others():
    other = X + DRAW.normal(size=X.shape)
    assert procrustes_distance(X, other) == pytest.approx(procrustes(X, other)[2])
    # CKA by its definition over centered Gram matrices.
    center = np.eye(200) - 1 / 200
    k, m = (center @ a @ a.T @ center for a in (X, other))
    assert linear_cka(X, other) == pytest.approx((k * m).sum() / np.sqrt((k * k).sum() * (m * m).sum()))


def test_more_numbers_than_rows_give_the_same_answers():
    """Pictures beside a code: what is wider than its rows is turned first, and no matrix of D × D is made."""
    few, pictures = X[:30], np.hstack([X[:30], DRAW.normal(size=(30, 300))])
    padded = np.pad(few, ((0, 0), (0, 300)))
    assert procrustes_distance(few, pictures) == pytest.approx(procrustes(padded, pictures)[2])
    center = np.eye(30) - 1 / 30
    k, m = (center @ a @ a.T @ center for a in (few, pictures))
    assert linear_cka(few, pictures) == pytest.approx((k * m).sum() / np.sqrt((k * k).sum() * (m * m).sum()))
    assert turn_short(pictures).shape == (30, 30)


def test_unrelated_and_still_ones():
    assert linear_cka(X, DRAW.normal(size=(200, 6))) < 0.2
    assert procrustes_distance(X, DRAW.normal(size=(200, 2))) > 0.5
    assert linear_cka(X, np.ones((200, 2))) is None
    assert procrustes_distance(np.ones((200, 2)), X) is None
    assert shared_neighbors(np.array([[1, 2], [0, 2]]), np.array([[2, 3], [2, 0]])) == 0.75
