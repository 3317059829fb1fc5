"""Verdicts and collapse: against direct computation, and in words that can be trusted."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from selfsup_core.pseudo.audit import (
    compare,
    compare_seeds,
    doubt,
    find_collapse,
    mcnemar,
    paired_interval,
    round_up,
    rows_needed,
    say_uneven,
    total_variation,
    verdict,
)


@pytest.mark.parametrize("pair", [(0, 0), (3, 9), (9, 3), (5, 5), (0, 7), (9900, 10_100)])
def test_mcnemar_is_the_binomial_test(pair):
    wanted = 1.0 if sum(pair) == 0 else stats.binomtest(pair[0], sum(pair), 0.5).pvalue
    assert mcnemar(*pair) == pytest.approx(wanted)


def rows(rights: int, total: int) -> np.ndarray:
    return np.arange(total) < rights


@pytest.mark.parametrize(
    ("student", "twin", "outcome"),
    [(90, 60, "helped"), (60, 90, "hurt"), (80, 78, "unknown"), (80, 80, "no difference")],
)
def test_one_seed(student, twin, outcome):
    found = compare(rows(student, 100), rows(twin, 100))
    said = verdict(found, student / 100, twin / 100, 0.95)
    assert said["outcome"] == outcome
    assert found["difference"] == pytest.approx((student - twin) / 100)
    assert found["low"] <= found["difference"] <= found["high"]
    assert f"{student / 100:.1%}" in said["text"]
    assert "95.0% if all labels" in said["text"]


def test_no_difference_is_said_only_where_the_test_rows_could_have_shown_one():
    said = verdict(compare(rows(800, 1000), rows(795, 1000)), 0.8, 0.795)
    assert said["outcome"] == "no difference"
    found = compare(rows(80, 100), rows(78, 100))
    said = verdict(found, 0.8, 0.78)
    assert said["outcome"] == "unknown"
    assert (
        f"About {round_up(rows_needed(found))} test rows would show a difference of 3 points." in said["text"]
    )
    # With as many differing rows in a hundred, so many test rows are enough, and not many more than enough.
    times = rows_needed(found) / 100
    wide = compare(rows(round(80 * times), round(100 * times)), rows(round(78 * times), round(100 * times)))
    assert rows_needed(wide) <= wide["rows"] * 1.05
    assert [round_up(n) for n in (7, 99, 101, 1234)] == [7, 99, 110, 1300]


def test_uneven_classes_are_judged_by_more_than_accuracy():
    scores = {"macro-F1": (0.61, 0.58), "balanced accuracy": (None, 0.6)}
    assert say_uneven(np.array([50, 45, 0]), scores) == ""
    said = say_uneven(np.array([90, 10]), scores)
    assert said == " The classes are uneven: macro-F1 61.0% with pseudo-labels, 58.0% without."


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


def test_verdict_and_interval_never_contradict_each_other():
    seen = set()
    for total in (30, 100, 1000):
        for first in range(0, 25):
            for second in range(0, min(25, total - first + 1)):
                low, high = paired_interval(first, second, total)
                is_sure = mcnemar(first, second) < 0.05
                assert is_sure == (low > 0 or high < 0), (first, second, total)
                assert -1 <= low <= (first - second) / total <= high <= 1
                assert paired_interval(second, first, total) == pytest.approx((-high, -low))
                seen.add(is_sure)
    assert seen == {True, False}


@pytest.mark.parametrize(("first", "second"), [(0.05, 0.05), (0.2, 0.02), (0.4, 0.1), (0.01, 0.0)])
def test_the_interval_covers_as_often_as_it_says(first, second):
    """Summed over all tables of 40 rows."""
    total = 40
    tables = [(a, b) for a in range(total + 1) for b in range(total + 1 - a)]
    counts = np.array([(a, b, total - a - b) for a, b in tables])
    chance = stats.multinomial.pmf(counts, total, [first, second, 1 - first - second])
    covered = 0.0
    for (a, b), p in zip(tables, chance, strict=True):
        if p > 1e-9:
            low, high = paired_interval(a, b, total)
            covered += p * (low <= first - second <= high)
    assert covered >= 0.945


def test_seeds_that_gain_the_same_prove_little():
    found = compare_seeds([0.81, 0.81], [0.80, 0.80])
    assert found["p"] == 0.5
    said = verdict(found, 0.81, 0.80)
    assert said["outcome"] == "no difference"
    assert "+1.0 points with each of 2 seeds" in said["text"]
    assert verdict(compare_seeds([0.81] * 6, [0.80] * 6), 0.81, 0.80)["outcome"] == "helped"
    assert compare_seeds([0.8, 0.7], [0.8, 0.7])["p"] == 1


def test_no_test_rows():
    found = compare(np.zeros(0), np.zeros(0))
    assert (found["low"], found["high"], found["p"]) == (-1, 1, 1)
    assert verdict(found, 0.0, 0.0)["outcome"] == "unknown"


def test_a_class_that_is_to_be_large_is_no_collapse():
    classes, expected = ("a", "b", "c"), np.array([0.8, 0.15, 0.05])
    kept = np.array([80, 15, 5])
    assert find_collapse(kept, None, classes)["code"] == "collapse"
    assert find_collapse(kept, None, classes, expected) is None
    assert (
        "100% of the kept labels are 'a', where about 80%"
        in find_collapse(np.array([100, 0, 0]), None, classes, expected)["text"]
    )
    swapped = find_collapse(np.array([5, 15, 80]), None, classes, expected)
    assert "'c', where about 5% were expected" in swapped["text"]
    # Of a class with two rows to be expected none need be kept.
    assert find_collapse(np.array([25, 25, 0]), None, classes, np.array([48, 48, 4])) is None


def test_collapse_is_named_and_balance_is_not():
    classes = ("a", "b", "c")
    assert find_collapse(np.array([30, 33, 28]), None, classes) is None
    sign = find_collapse(np.array([90, 5, 5]), np.array([60, 20, 20]), classes)
    assert "90% of the kept labels are 'a', and more each round" in sign["text"]
    assert "no label is kept for 1 of 3" in find_collapse(np.array([50, 50, 0]), None, classes)["text"]
    assert find_collapse(np.array([5, 0, 0]), None, classes) is None  # hardly anything kept yet


def test_no_remedy_is_named_that_is_in_use():
    kept, classes = np.array([90, 6, 4]), ("a", "b", "c")
    remedy = {
        (keep, aligned): find_collapse(kept, None, classes, keep=keep, is_aligned=aligned)["remedy"]
        for keep in ("top-k", "fixed")
        for aligned in (True, False)
    }
    assert "surest of each class" in remedy["fixed", True]
    assert "surest of each class" not in remedy["top-k", False]
    assert "distribution alignment" in remedy["top-k", False]
    assert "align" not in remedy["top-k", True]
    assert remedy["top-k", True].endswith("or label more rows of the rarest classes (c, b, a).")


def test_total_variation():
    assert total_variation(np.array([3, 1]), np.array([0.5, 0.5])) == pytest.approx(0.25)
    assert total_variation(np.zeros(2), np.array([0.5, 0.5])) == 0


def test_doubt_is_a_binomial_test_of_the_given_labels():
    given = np.repeat([0, 1], 10)
    for right in range(21):
        named = np.where(np.arange(20) < right, given, 1 - given)
        p = stats.binomtest(right, 20, 0.5, alternative="greater").pvalue
        assert bool(doubt(named, given, 2)) == (p > 0.05), right
    assert "12 of 20 given labels correctly, and guessing would predict about 10" in doubt(
        np.where(np.arange(20) < 12, given, 1 - given), given, 2
    )
    few = np.array([0, 0, 1, 1])  # four of four would prove nothing
    assert doubt(1 - few, few, 2) == ""
    assert doubt(np.full(3, -1), np.array([0, 1, 2]), 3) == ""  # one label a class
