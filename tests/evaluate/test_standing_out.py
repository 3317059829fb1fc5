"""What sets a selection apart: the measures against their definitions, the ranking, the typical and the
odd.
"""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from selfsup_core.evaluate.standing_out import (
    auc,
    of_category,
    of_number,
    of_words,
    rank,
    typical_and_odd,
)

DRAW = np.random.default_rng(0)


def test_auc_is_scikit_learns_with_ties_too():
    inside, outside = DRAW.integers(0, 6, 40), DRAW.integers(2, 9, 60)
    truth = np.repeat([1, 0], [40, 60])
    assert auc(inside, outside) == pytest.approx(roc_auc_score(truth, np.concatenate([inside, outside])))


def test_numbers_and_shares_are_ranked_together():
    chosen = np.arange(100) < 30
    low = np.where(chosen, -5.0, 5.0) + DRAW.normal(size=100)
    low[3] = np.nan
    found = [
        of_number("depth", low, chosen),
        of_number("noise", DRAW.normal(size=100), chosen),
        *of_category("class", np.where(np.arange(100) < 36, 0, 1), ["a", "b"], chosen),
        of_number("empty", np.full(100, np.nan), chosen),
    ]
    first, *rest = rank(found)
    assert (first.what, first.effect) == ("depth", 1.0)
    assert first.text.startswith("lower")
    assert {d.what for d in rest[:2]} == {"class: a", "class: b"}
    assert rest[0].effect == pytest.approx(1 - 6 / 70)
    assert "empty" not in {d.what for d in rank(found, least=0)}


def test_words_that_stand_out():
    texts = ["the rocket flies high"] * 20 + ["the goalie stops it"] * 30
    words = of_words(texts, np.arange(50) < 20)
    assert {w.what for w in words} == {"rocket", "flies", "high"}
    assert all(w.inside == 1 and w.outside == 0 for w in words)
    assert of_words(texts, np.zeros(50, bool)) == []


def test_typical_and_odd():
    x = np.array([[0.0], [1], [2], [3], [50], [-100]])
    typical, odd = typical_and_odd(x, np.array([True, True, True, True, True, False]))
    assert typical[0] == 3  # the mean is 11.2
    assert odd.tolist() == [4, 0]
    typical, odd = typical_and_odd(x, np.array([True, False, False, False, False, False]))
    assert (typical.tolist(), odd.tolist()) == ([0], [])
