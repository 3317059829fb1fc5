"""Verdicts, collapse, calibration and the gauge: against direct computation, and in words that can be trusted."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from selfsup_core.pseudo.audit import (
    compare,
    compare_seeds,
    doubt,
    find_collapse,
    fit_temperature,
    gauge,
    mcnemar,
    reliability,
    total_variation,
    verdict,
)


@pytest.mark.parametrize("pair", [(0, 0), (3, 9), (9, 3), (5, 5), (0, 7)])
def test_mcnemar_is_the_binomial_test(pair):
    wanted = 1.0 if sum(pair) == 0 else stats.binomtest(pair[0], sum(pair), 0.5).pvalue
    assert mcnemar(*pair) == pytest.approx(wanted)


def rows(rights: int, total: int) -> np.ndarray:
    return np.arange(total) < rights


@pytest.mark.parametrize(
    ("student", "twin", "outcome"),
    [(90, 60, "helped"), (60, 90, "hurt"), (80, 78, "no difference"), (80, 80, "no difference")],
)
def test_one_seed(student, twin, outcome):
    found = compare(rows(student, 100), rows(twin, 100))
    said = verdict(found, student / 100, twin / 100, 0.95)
    assert said["outcome"] == outcome
    assert found["difference"] == pytest.approx((student - twin) / 100)
    assert found["low"] <= found["difference"] <= found["high"]
    assert f"{student / 100:.1%}" in said["text"]
    assert "95.0% if all labels" in said["text"]


def test_few_test_rows_tell_nothing():
    said = verdict(compare(rows(9, 10), rows(1, 10)), 0.9, 0.1)
    assert said["outcome"] == "unknown"
    assert "Too few test rows with labels (10)" in said["text"]


def test_several_seeds_are_a_paired_t_test():
    student, twin = [0.90, 0.93, 0.91, 0.94, 0.92], [0.80, 0.86, 0.83, 0.81, 0.85]
    found = compare_seeds(student, twin)
    wanted = stats.ttest_rel(student, twin)
    assert found["p"] == pytest.approx(wanted.pvalue)
    low, high = wanted.confidence_interval(0.95)
    assert (found["low"], found["high"]) == pytest.approx((low, high))
    assert verdict(found, 0.92, 0.83)["outcome"] == "helped"
    assert verdict(compare_seeds([0.5, 0.7], [0.6, 0.5]), 0.6, 0.55)["outcome"] == "no difference"


def test_collapse_is_named_and_balance_is_not():
    classes = ("a", "b", "c")
    assert find_collapse(np.array([30, 33, 28]), None, classes) is None
    sign = find_collapse(np.array([90, 5, 5]), np.array([60, 20, 20]), classes)
    assert "90% of the kept labels are 'a', and more each round" in sign["text"]
    assert "no label is kept for 1 of 3" in find_collapse(np.array([50, 50, 0]), None, classes)["text"]  # fmt: skip
    assert find_collapse(np.array([5, 0, 0]), None, classes) is None  # hardly anything kept yet


def test_small_measures():
    assert total_variation(np.array([3, 1]), np.array([0.5, 0.5])) == pytest.approx(0.25)
    assert total_variation(np.zeros(2), np.array([0.5, 0.5])) == 0
    bins = reliability(np.array([0.05, 0.95, 0.97, 1.0]), np.array([0, 1, 1, 0]))
    assert [b["rows"] for b in bins] == [1, 3]
    assert bins[1]["accuracy"] == pytest.approx(2 / 3)


def test_temperature_undoes_what_was_multiplied():
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(4000, 3)) * 2
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    y = np.array([generator.choice(3, p=row) for row in p])
    assert fit_temperature(3 * logits, y) == pytest.approx(3, rel=0.1)
    assert fit_temperature(logits[:0], y[:0]) == 1.0


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
    assert "1 of 4 classes have no label" in one["text"]
    assert math.isclose(gauge(good, y, 3, seed=1)["rows"], 30)


def test_doubt_is_a_binomial_test_of_the_given_labels():
    given = np.repeat([0, 1], 10)
    for right in range(21):
        named = np.where(np.arange(20) < right, given, 1 - given)
        p = stats.binomtest(right, 20, 0.5, alternative="greater").pvalue
        assert bool(doubt(named, given, 2)) == (p > 0.05), right
    assert "12 of 20 given labels rightly, and guessing would name about 10" in doubt(np.where(np.arange(20) < 12, given, 1 - given), given, 2)  # fmt: skip
    few = np.array([0, 0, 1, 1])  # four of four would prove nothing
    assert doubt(1 - few, few, 2) == ""
    assert doubt(np.full(3, -1), np.array([0, 1, 2]), 3) == ""  # one label a class
