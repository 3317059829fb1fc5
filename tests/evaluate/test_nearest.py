"""Nearest neighbors against scikit-learn, and what a search must never do: name a row as its own neighbor."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from selfsup_core.evaluate import nearest as module
from selfsup_core.evaluate.nearest import exact, nearest, without_self


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_exact_search_is_that_of_scikit_learn(metric, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 64)
    x = np.random.default_rng(0).normal(size=(300, 7)).astype(np.float32) + 1000
    x[:, 0] += np.random.default_rng(1).normal(size=300) * 300  # angles that differ
    rows, distances = nearest(x, 6, metric)
    reference = NearestNeighbors(n_neighbors=7, metric=metric, algorithm="brute").fit(x.astype(np.float64))
    far, near = reference.kneighbors(x.astype(np.float64))
    np.testing.assert_allclose(distances, far[:, 1:], atol=2e-4 * far.max())
    assert (rows == near[:, 1:]).mean() > 0.99
    assert not (rows == np.arange(300)[:, None]).any()


def test_queries_that_are_no_rows():
    x = np.eye(4, dtype=np.float32)
    rows, distances = exact(np.array([[0.9, 0.1, 0, 0]], np.float32), x, 2)
    assert rows.tolist() == [[0, 1]]
    np.testing.assert_allclose(distances[0], [np.hypot(0.1, 0.1), np.hypot(0.9, 0.9)], rtol=1e-5)


def test_the_search_of_many_rows_finds_nearly_all(monkeypatch):
    x = np.random.default_rng(0).normal(size=(4500, 8)).astype(np.float32)
    truth = nearest(x, 10)[0]
    monkeypatch.setattr(module, "EXACT_WORK", 0.0)
    rows, distances = nearest(x, 10)
    kept = np.mean([len(np.intersect1d(a, b)) / 10 for a, b in zip(rows, truth, strict=True)])
    assert kept > 0.95
    assert not (rows == np.arange(4500)[:, None]).any()
    assert (np.diff(distances, axis=1) >= 0).all()


def test_copies_and_few_rows():
    x = np.zeros((5, 3), np.float32)
    rows, distances = nearest(x, 10)
    assert rows.shape == (5, 4)
    assert not distances.any()
    assert nearest(x[:1], 3)[0].shape == (1, 0)
    # Among copies a row may be missing from its own list: then the last one goes.
    rows, _ = without_self(np.array([[0, 1, 2], [2, 0, 3], [2, 1, 0]]), np.zeros((3, 3)), 2)
    assert rows.tolist() == [[1, 2], [2, 0], [1, 0]]
