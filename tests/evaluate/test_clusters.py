"""Groups: found where they are, named by what is typical, compared with labels; odd input."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from selfsup_core.errors import SettingError
from selfsup_core.evaluate import clusters as module
from selfsup_core.evaluate.clusters import (
    ClusterConfig,
    agreement,
    find_clusters,
    typical_labels,
    typical_words,
)


def heaps(sizes=(60, 30, 10), width=2):
    draw = np.random.default_rng(0)
    x = np.concatenate([draw.normal(20 * i, 0.5, size=(n, width)) for i, n in enumerate(sizes)])
    return x, np.repeat(np.arange(len(sizes)), sizes)


@pytest.mark.parametrize("config", [ClusterConfig(least=8), ClusterConfig(method="kmeans", count=3)])
def test_heaps_are_found_largest_first(config):
    x, truth = heaps()
    found = find_clusters(x, config)
    assert adjusted_rand_score(truth, found) == 1
    assert found[[0, 70, 95]].tolist() == [0, 1, 2]


def test_of_many_points_some_are_looked_at_and_the_others_follow(monkeypatch):
    monkeypatch.setattr(module, "MOST_FIT", 40)
    x, truth = heaps((200, 100))
    assert adjusted_rand_score(truth, find_clusters(x, ClusterConfig(least=20))) == 1


def test_odd_input():
    assert find_clusters(np.zeros((3, 2)), ClusterConfig()).tolist() == [-1, -1, -1]
    assert find_clusters(np.zeros((1, 2)), ClusterConfig()).tolist() == [-1]
    with pytest.raises(SettingError, match="3 points cannot form 9 groups"):
        find_clusters(np.zeros((3, 2)), ClusterConfig(method="kmeans", count=9))


def test_agreement_counts_known_rows_only():
    found, labels = np.array([0, 0, 1, 1, -1, 0]), np.array([2, 2, 5, 5, 5, -1])
    assert agreement(found, labels) == {"ari": 1.0, "nmi": 1.0, "rows": 4}
    assert agreement(np.array([-1, 0]), np.array([1, -1])) is None
    assert agreement(np.array([0, 0, 1]), np.array([3, 3, 3])) is None  # every grouping agrees with one class


def test_names():
    texts = [
        "the goalie stops the puck",
        "a puck and a goalie",
        "rocket to the moon",
        "the moon and a rocket",
        "noise",
    ]
    words = typical_words(texts, np.array([0, 0, 1, 1, -1]))
    assert set(words[0]) == {"goalie", "puck"}
    assert set(words[1]) == {"moon", "rocket"}
    named = typical_labels(np.array([1, 1, 0, -1]), np.array([0, 0, 0, 1]), ("one", "two"))
    assert named == ["two (67%)", ""]
