"""Margins and comparisons of "Did it help?" against slow formulas, and the verdict in words."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm, t

from selfsup_core.evaluate.benefit import Benefit, Cell, Method, compare, interval_of, judge, margin_of
from selfsup_core.evaluate.words.benefit import judge_benefit, say_judged, say_labels, say_share
from selfsup_core.figures.benefit import benefit_figure


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
    low, high = interval_of(values, (0.0, 1.0), least=0.0)
    assert (low + high) / 2 == pytest.approx(values.mean())
    assert high - low == pytest.approx(2 * margin_of(values, (0.0, 1.0)))


@pytest.mark.parametrize("right", ["1" * 20, "0" * 20, "1" * 19 + "0"])
def test_a_share_stays_between_0_and_100_percent(right: str):
    draws = [right, "01" * 10, right]
    point, *_ = judge([cell(1, d, m, r) for d, r in enumerate(draws) for m in ("probe", "scratch")])[0]
    low, high = point["interval"]
    assert 0.0 <= low <= point["accuracy"] <= high <= 1.0
    assert high == 1.0 or low == 0.0, "it would go beyond"
    certain = compare(np.ones((3, 4)), np.zeros((3, 4)))
    assert certain["interval"][1] == 1.0


def test_two_draws_are_shown_and_give_neither_interval_nor_verdict():
    """Student's t with one degree of freedom is 12.7: the interval said nothing."""
    rights = {"probe": ("1" * 10, "1" * 8 + "00"), "scratch": ("0" * 10, "1" + "0" * 9)}
    cells = [cell(2, draw, m, r) for m, both in rights.items() for draw, r in enumerate(both)]
    points, (found,) = judge(cells)
    assert points[0]["draws"] == [1.0, 0.8]
    assert points[0]["interval"] is found["against"]["interval"] is found["against"]["outcome"] is None
    assert say_share(points[0]) == "90.0% (100.0 and 80.0)"
    assert say_judged(found, points).endswith("5.0% (0.0 and 10.0): +85.0 points (+100.0 and +70.0).")
    verdict = judge_benefit([found])
    assert verdict["outcome"] == "unknown"
    assert verdict["text"].startswith("An interval, and a verdict, need 3 draws of labels or more.")
    benefit: Benefit = {
        **{"epoch": 1, "rows": 10, "draws": 2, "pool": 10, "notes": []},
        **{"points": points, "judged": [found], "verdict": verdict},
    }
    dots, line, *_ = benefit_figure(benefit).data
    assert (dots.mode, list(dots.x), list(dots.y)) == ("markers", ["2", "2"], [1.0, 0.8])
    assert list(line.y) == [0.9]
    assert not any(trace.fill for trace in benefit_figure(benefit).data)
    cells += [cell(2, 2, m, both[0]) for m, both in rights.items()]
    points, judged = judge(cells)
    banded = benefit_figure({**benefit, "draws": 3, "points": points, "judged": judged}).data[0]
    assert banded.fill == "toself"
    assert 0.0 <= min(banded.y) < max(banded.y) <= 1.0


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
    low, high = found["interval"]
    assert (high - low) / 2 < margin_of(one, (0.0, 0.0, 1.0, 1.0))
    certain = np.ones((3, 18))
    assert margin_of(certain, (0.0, 0.0, 1.0, 1.0)) > 0.05
    assert compare(certain, certain)["outcome"] == "none"


def test_either_side_is_chosen_on_validation_rows_and_not_on_test_rows():
    good, bad = "1" * 60, "01" * 30
    cells = [
        one
        for draw in range(3)
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
    assert "With 1 label per class the learned encoder (linear probe) classifies 50.0% (" in said
    assert said.endswith("no clear difference, +0.0 points (-4.5 to +4.5).")


@pytest.mark.parametrize(
    ("right", "twin", "outcome", "words"),
    [
        ("01" * 50, "1" * 100, "hurt", "No, it did not help"),
        ("1" * 100, "1" * 100, "no difference", "No gain"),
    ],
)
def test_no_is_an_answer(right, twin, outcome, words):
    cells = [cell(5, draw, m, r) for draw in range(3) for m, r in (("probe", right), ("scratch", twin))]
    verdict = judge_benefit(judge(cells)[1])
    assert verdict["outcome"] == outcome
    assert verdict["text"].startswith(words)


def test_numbers_of_labels_in_words():
    assert say_labels([1]) == "1 label per class"
    assert say_labels([1, 2, 50, 0]) == "1, 2 and 50 labels per class and all labels"
    assert say_labels([0]) == "all labels"
