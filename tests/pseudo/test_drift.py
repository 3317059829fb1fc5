"""The drift alarm: it is given where kept labels leave every estimate, and not on healthy uneven sets."""

from __future__ import annotations

import numpy as np
import pytest

from selfsup_core.pseudo.audit import find_collapse
from selfsup_core.pseudo.drift import (
    Estimate,
    by_chance,
    count_shares,
    distance,
    find_drift,
    measure_drift,
    nearest,
)

CLASSES = ("a", "b")


def estimate(*shares: float, rows: int = 0, title: str = "similar rows") -> Estimate:
    return Estimate(title, np.array(shares), rows)


def test_the_difference_by_chance_is_that_of_drawn_samples():
    shares, draw = np.array([0.7, 0.2, 0.1]), np.random.default_rng(0)
    drawn = draw.multinomial(200, shares, size=2000) / 200
    assert by_chance(shares, 200) == pytest.approx(np.abs(drawn - shares).sum(axis=1).mean() / 2, rel=0.03)
    assert by_chance(shares, 0) == 0


def test_kept_labels_that_leave_every_estimate_are_told():
    estimates = [
        estimate(0.5, 0.5, rows=300),
        estimate(0.6, 0.4, rows=300, title="the classifier on the given labels alone"),
    ]
    rounds = [np.array(kept) for kept in ([55, 45], [70, 30], [180, 20])]
    past = [measure_drift(kept, estimates) for kept in rounds[:2]]
    assert past[0] == 0
    found = find_drift(rounds[2], estimates, past, CLASSES)
    assert found["code"] == "drift"
    assert "90% of the kept labels are 'a'" in found["text"]
    assert (
        "50% (similar rows) and 60% (the classifier on the given labels alone) were expected" in found["text"]
    )
    assert found["remedy"].startswith("Keep fewer (objective.last_share), ")
    assert found["remedy"].endswith("or label more rows of b.")


def test_what_one_estimate_grants_is_no_drift():
    past, kept = [0.0], np.array([190, 10])
    assert find_drift(kept, [estimate(0.5, 0.5)], past, CLASSES)
    assert find_drift(kept, [estimate(0.5, 0.5), estimate(0.94, 0.06)], past, CLASSES) is None
    assert nearest(kept, [estimate(0.5, 0.5), estimate(0.94, 0.06)]).shares[0] == 0.94


def test_kept_labels_that_are_far_and_come_nearer_are_no_drift():
    """A threshold is first passed by the easy class."""
    estimates = [estimate(0.3, 0.7, rows=500)]
    assert find_drift(np.array([300, 100]), estimates, [0.6, 0.5], CLASSES) is None
    assert find_drift(np.array([300, 100]), estimates, [None, 0.4], CLASSES) is None


def test_nobody_or_hardly_anything_tells_nothing():
    assert find_drift(np.array([90, 10]), [], [0.0], CLASSES) is None
    assert measure_drift(np.array([9, 1]), [estimate(0.5, 0.5)]) is None
    assert find_drift(np.array([90, 10]), [estimate(0.1, 0.9)], [], CLASSES) is None, "the first round"
    assert count_shares("few", np.array([0, 1, -1, -1]), 2) is None


def test_an_estimate_from_few_rows_counts_for_less():
    kept = np.array([160, 40])
    few, many = (distance(kept, estimate(0.6, 0.4, rows=rows)) for rows in (30, 3000))
    assert few < many < 0.2


@pytest.mark.parametrize("share", [0.5, 0.7, 0.87, 0.95, 0.99])
def test_samples_of_an_uneven_set_give_no_alarm(share: float):
    """Estimates that call up to an eighth of the large class the small one, and rounds that keep more and
    more.
    """
    draw, shares = np.random.default_rng(1), np.array([share, 1 - share])
    for _ in range(50):
        wrong = draw.uniform(0, 0.125)
        estimates = [
            count_shares("similar rows", (draw.random(500) > share * (1 - wrong)).astype(int), 2),
            Estimate("the classifier on the given labels alone", shares, 0),
        ]
        past: list[float | None] = []
        for kept_rows in (20, 80, 200, 500):
            kept = draw.multinomial(kept_rows, shares)
            assert find_drift(kept, estimates, past, CLASSES) is None
            near, least = nearest(kept, estimates), np.min([one.shares for one in estimates], axis=0)
            found = find_collapse(kept, None, CLASSES, near.shares, least=least)
            assert found is None or kept.min() == 0 <= least.min() * kept_rows - 4
            past.append(measure_drift(kept, estimates))


def test_a_class_that_may_have_nearly_all_rows_is_no_collapse():
    kept, expected = np.array([297, 3]), np.array([0.85, 0.15])
    assert find_collapse(kept, None, CLASSES)["code"] == "collapse", "where even shares are aimed at"
    assert find_collapse(kept, None, CLASSES, expected) is None
    assert find_collapse(np.array([300, 0]), None, CLASSES, expected)["code"] == "collapse"
    none_due = np.array([0.85, 0.0])
    assert find_collapse(np.array([300, 0]), None, CLASSES, expected, least=none_due) is None
