"""Margins and comparisons of "Did it help?" against slow formulas, and the verdict in words."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm, t

from selfsup_core.evaluate.benefit import Cell, Method, compare, judge, margin_of
from selfsup_core.evaluate.words.benefit import judge_benefit, say_judged, say_labels


def cell(labels: int, draw: int, method: Method, right: str, validation: float = 0.5) -> Cell:
    return {
        "labels": labels,
        "draw": draw,
        "method": method,
        "setting": 1.0,
        "validation": validation,
        "right": right,
    }


def test_a_margin_is_that_of_draws_and_rows_added_as_variances():
    values = np.random.default_rng(0).random((4, 30))
    rows = [*values.mean(axis=0), 0.0, 1.0]
    of_rows = norm.ppf(0.975) ** 2 * np.var(rows, ddof=1) / len(rows)
    of_draws = t.ppf(0.975, 3) ** 2 * np.var(values.mean(axis=1), ddof=1) / 4
    assert margin_of(values, (0.0, 1.0)) == pytest.approx((of_rows + of_draws) ** 0.5)
    assert margin_of(values[:1], (0.0, 1.0)) > 0


def test_a_difference_is_paired_and_all_right_is_not_certain():
    rng = np.random.default_rng(1)
    hard = rng.random((3, 400)) < 0.5  # the same rows are hard for both
    one, other = hard.astype(float), hard.astype(float)
    one[:, :40] = 1.0
    other[:, :40] = 0.0
    found = compare(one, other)
    assert found["difference"] == pytest.approx(0.1)
    assert found["outcome"] == "gain"
    assert compare(other, one)["outcome"] == "loss"
    assert found["margin"] < margin_of(one, (0.0, 0.0, 1.0, 1.0))
    certain = np.ones((3, 18))
    assert margin_of(certain, (0.0, 0.0, 1.0, 1.0)) > 0.05
    assert compare(certain, certain)["outcome"] == "none"


def test_either_side_is_chosen_on_validation_rows_and_not_on_test_rows():
    good, bad = "1" * 60, "01" * 30
    cells = [
        one
        for draw in (0, 1)
        for one in (
            cell(1, draw, "probe", bad, validation=0.9),
            cell(1, draw, "finetuned", good, validation=0.8),
            cell(1, draw, "scratch", bad, validation=0.7),
            cell(1, draw, "raw", good, validation=0.2),
            cell(0, draw, "probe", good),
            cell(0, draw, "scratch", bad),
        )
    ]
    points, (few, every) = judge(cells)
    assert (few["labels"], every["labels"]) == (1, 0)  # all labels are the last
    assert (few["learned"], few["rival"]) == ("probe", "scratch")
    assert few["against"]["outcome"] == "none"
    assert every["against"] == every["twin"]
    assert every["against"]["outcome"] == "gain"
    verdict = judge_benefit([few, every])
    assert verdict["outcome"] == "helped"
    assert "ahead with all labels, no clear difference with 1 label per class" in verdict["text"]
    said = say_judged(few, points)
    assert "With 1 label per class the learned encoder (linear probe) classifies 50.0% ±" in said
    assert said.endswith("no clear difference (+0.0 points ± 4.5).")


@pytest.mark.parametrize(
    ("right", "twin", "outcome", "words"),
    [
        ("01" * 50, "1" * 100, "hurt", "No, it did not help"),
        ("1" * 100, "1" * 100, "no difference", "No gain"),
    ],
)
def test_no_is_an_answer(right, twin, outcome, words):
    cells = [cell(5, draw, m, r) for draw in (0, 1) for m, r in (("probe", right), ("scratch", twin))]
    verdict = judge_benefit(judge(cells)[1])
    assert verdict["outcome"] == outcome
    assert verdict["text"].startswith(words)


def test_numbers_of_labels_in_words():
    assert say_labels([1]) == "1 label per class"
    assert say_labels([1, 2, 50, 0]) == "1, 2 and 50 labels per class and all labels"
    assert say_labels([0]) == "all labels"
