"""How good first proposals are likely to be: known, unknown, and said with its uncertainty."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from selfsup_core.pseudo.expected import gauge


def test_the_gauge_knows_good_labels_from_noise_and_says_what_it_cannot_know():
    generator = np.random.default_rng(0)
    y = np.arange(30) % 3
    good = generator.normal(size=(30, 5)) + 4 * np.eye(3, 5)[y]
    found = gauge(good, y, 3)
    assert found["tone"] == "good"
    assert found["accuracy"] > 0.9
    noise = gauge(generator.normal(size=(30, 5)), y, 3)
    assert noise["tone"] == "bad"
    assert "close to guessing" in noise["text"]
    one = gauge(good[:3], y[:3], 4)
    assert one["accuracy"] is None
    assert "With one label per class" in one["text"]
    assert "1 of 4 classes has no label" in one["text"]
    assert math.isclose(gauge(good, y, 3, seed=1)["rows"], 30)


@pytest.mark.parametrize(
    ("y", "said"),
    [
        ([], "There are no labels"),
        ([0] * 10, "Only one class has labels (10)"),
        ([0, 1, 2], "With one label per class"),
        ([0, 0, 0, 1], "With two or more labels for only one class"),
        ([2], "Only one class has labels (1)"),
    ],
)
def test_the_gauge_says_what_it_has_not(y, said):
    found = gauge(np.random.default_rng(0).normal(size=(len(y), 4)), np.array(y, int), 3)
    assert found["accuracy"] is None
    assert found["text"].startswith(said)


def test_the_gauge_leaves_out_single_labels_and_says_how_sure_it_is():
    y = np.array([0] * 12 + [1] * 12 + [2])
    x = np.random.default_rng(0).normal(size=(25, 4)) + 5 * np.eye(3, 4)[y]
    found = gauge(x, y, 3)
    assert found["accuracy"] > 0.9
    assert found["rows"] == 25
    assert "your 24 labels" in found["text"]
    assert "1 class has a single label" in found["text"]
    assert "unbalanced" in found["text"]
    wilson = stats.binomtest(round(24 * found["accuracy"]), 24).proportion_ci(method="wilson")
    assert (found["low"], found["high"]) == pytest.approx((wilson.low, wilson.high), abs=1e-6)
    few = gauge(x[[0, 1, 12, 13]], y[[0, 1, 12, 13]], 2)
    assert few["high"] - few["low"] > 0.4
