"""What the given labels say beforehand: separable data, noise, and a graph that misleads."""

from __future__ import annotations

import numpy as np
import pytest

from selfsup_core.pseudo.gate import HeldOut, hold_out, say_before
from selfsup_core.pseudo.pool_shares import PoolShares

ABOUT = {"neighbors": 7, "alpha": 0.95}


def clouds(rows: int, each: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Three clouds in five dimensions; `each` labels of every class are given."""
    draw = np.random.default_rng(seed)
    truth = np.arange(rows) % 3
    x = draw.normal(size=(rows, 5)) + 3 * np.eye(3, 5)[truth]
    labels = np.full(rows, -1)
    labels[: 3 * each] = truth[: 3 * each]
    return x, labels


def test_where_neighbors_are_right_rows_that_both_name_are_used():
    x, labels = clouds(300, 5)
    found = hold_out(x, labels, 3, **ABOUT)
    assert found.rows == 15
    assert found.neighbors >= 13
    text, use = say_before(found)
    assert use == "used"
    assert f"Of 15 given labels, each hidden in turn, similar rows predict {round(found.neighbors)}" in text


def test_with_shuffled_vectors_nothing_is_used():
    """The graph then ties rows of any classes together, and the classifier learns nothing either."""
    x, labels = clouds(300, 10)
    shuffled = x[np.random.default_rng(1).permutation(300)]
    text, use = say_before(hold_out(shuffled, labels, 3, **ABOUT))
    assert use == "not used"
    assert "guessing would predict about 10" in text


def test_neighbors_that_are_behind_the_classifier_are_not_used():
    text, use = say_before(HeldOut(12, 4.0, 9.0, 2))
    assert use == "not used"
    assert "similar rows predict 4 correctly and the classifier alone 9" in text
    assert say_before(HeldOut(60, 40.0, 45.0, 6))[1] == "used"


@pytest.mark.parametrize(
    ("classifier", "near", "use"),
    [(0.5, 0.75, "not used"), (0.3, 0.55, "used"), (0.7, 0.75, "used"), (0.8, 0.6, "used")],
)
def test_neighbors_that_name_one_class_far_too_often_are_not_used(classifier: float, near: float, use: str):
    """Too often beside both: an uneven pool has the classifier's shares, too."""
    alone, close = (PoolShares(np.array([s, 1 - s]), np.array([0.5, 0.5])) for s in (classifier, near))
    text, found = say_before(HeldOut(10, 9.0, 9.0, 2, alone, close))
    assert found == use
    assert ("one class far more often" in text) == (use == "not used")


def test_in_twenty_dimensions_few_rows_are_neighbors_of_all_and_it_is_noticed():
    """Two overlapping clouds of equal size; held-out labels alone speak for neighbors."""
    skewed = 0
    for seed in range(200, 206):
        draw = np.random.default_rng(seed)
        truth = np.arange(400) % 2
        x = draw.normal(size=(400, 20)) + 2 * np.eye(1, 20) * truth[:, None]
        labels = np.full(400, -1)
        labels[:4] = truth[:4]
        found = hold_out(x, labels, 2, neighbors=7, alpha=0.95)
        if found.is_skewed:
            assert say_before(found)[1] == "not used"
        skewed += found.is_skewed
    assert skewed >= 3


def test_without_the_guard_it_is_said_that_they_are_used_all_the_same():
    for found in (HeldOut(12, 4.0, 9.0, 2), HeldOut(30, 9.0, 9.0, 3)):
        assert say_before(found)[1] == "not used"
        text, use = say_before(found, guard=False)
        assert use == "used"
        assert "used all the same, since the guard is off" in text


def test_a_single_label_of_each_class_tells_nothing():
    x, labels = clouds(60, 1)
    found = hold_out(x, labels, 3, **ABOUT)
    assert found.rows == 0
    assert np.isinf(found.variance), "so that nothing is turned"
    assert say_before(found)[1] == "unknown"


def test_more_labels_tell_the_shares_better():
    few, many = (
        np.mean([hold_out(*clouds(300, each, s), 3, **ABOUT).variance for s in range(4)]) for each in (2, 12)
    )
    assert 0 < many < few / 2


def test_a_class_with_one_label_is_left_out_and_others_count():
    x, labels = clouds(200, 3)
    labels[np.flatnonzero(labels == 2)[1:]] = -1
    assert hold_out(x, labels, 3, **ABOUT).rows == 6


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_the_size_of_the_numbers_does_not_matter(scale):
    x, labels = clouds(200, 4)
    a, b = hold_out(x, labels, 3, **ABOUT), hold_out(scale * x, labels, 3, **ABOUT)
    assert a.classifier == pytest.approx(b.classifier, abs=0.5)
    assert a.neighbors == pytest.approx(b.neighbors, abs=0.5)
