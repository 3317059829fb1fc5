"""k-NN accuracy against scikit-learn's classifier."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits, load_wine
from sklearn.neighbors import KNeighborsClassifier

from selfsup_core.evaluate.neighbors import knn_accuracy


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("loader", [load_digits, load_wine])
def test_same_as_scikit_learn(loader, k):
    x, y = loader(return_X_y=True)
    order = np.random.default_rng(k).permutation(len(x))
    x, y = x[order], y[order]
    half = len(x) // 2
    found = knn_accuracy(
        torch.from_numpy(x[half:]),
        torch.from_numpy(y[half:]),
        torch.from_numpy(x[:half]),
        torch.from_numpy(y[:half]),
        k=k,
    )
    model = KNeighborsClassifier(k).fit(x[:half], y[:half])
    votes = y[:half][model.kneighbors(x[half:], return_distance=False)]
    counts = np.sort(np.eye(10, dtype=int)[votes].sum(axis=1), axis=1)
    # Only ties of votes may be decided otherwise.
    ties = np.mean(counts[:, -1] == counts[:, -2])
    assert found == pytest.approx(model.score(x[half:], y[half:]), abs=ties + 1e-6)
    assert ties < 0.15
    assert found > 0.6


def one(query: list[float], references: list[list[float]], labels: list[int], truth: int) -> float:
    return knn_accuracy(
        torch.tensor([query]), torch.tensor([truth]), torch.tensor(references), torch.tensor(labels)
    )


def test_majority_wins_over_the_nearest():
    references = [[0.1], [1.0], [1.1], [1.2], [9.0]]
    assert one([0.0], references, [0, 1, 1, 1, 0], 1) == 1
    assert one([0.0], references, [0, 1, 1, 1, 0], 0) == 0


def test_tie_goes_to_the_nearer_voters():
    references = [[0.1], [1.0], [1.1], [1.2], [9.0]]
    assert one([0.0], references, [1, 0, 0, 1, 2], 1) == 1
    assert one([0.0], references, [0, 1, 1, 0, 2], 0) == 1


def test_fewer_references_than_neighbors_all_vote():
    assert one([0.0], [[1.0], [2.0]], [3, 3], 3) == 1


def test_nothing_to_compare_is_none():
    empty = torch.zeros(0, 2)
    some, labels = torch.zeros(2, 2), torch.tensor([0, 1])
    assert knn_accuracy(empty, labels[:0], some, labels) is None
    assert knn_accuracy(some, labels, empty, labels[:0]) is None
