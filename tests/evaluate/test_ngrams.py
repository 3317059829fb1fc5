"""Counting baselines against slow formulas."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from selfsup_core.evaluate.language import windows
from selfsup_core.evaluate.ngrams import bigram_loss, ngram_baseline, unigram


def test_against_a_loop():
    draw = np.random.default_rng(0)
    train, other = draw.integers(0, 5, 300), draw.integers(0, 5, 80)
    single = unigram(train, 5)
    assert single.sum() == pytest.approx(1)
    nats = []
    for a, b in pairwise(other):
        pairs = sum(x == a and y == b for x, y in pairwise(train))
        p = (pairs + 25 * single[b]) / ((train[:-1] == a).sum() + 25)
        nats.append(-math.log(p))
    assert bigram_loss(train, other, 5, 25.0) == pytest.approx(np.mean(nats))


def test_pairs_help_where_one_token_predicts_the_next():
    text = np.tile(np.arange(8), 100)
    found = ngram_baseline(text, text[:200], 8)
    assert found["uniform_loss"] == pytest.approx(math.log(8))
    assert found["unigram_loss"] == pytest.approx(math.log(8), abs=0.01)
    assert found["bigram_loss"] < 0.2


def test_a_pair_that_was_never_seen_is_not_impossible():
    found = ngram_baseline(np.array([0, 1] * 20), np.array([2, 3, 2]), 4)
    assert all(math.isfinite(v) for v in found.values())


@pytest.mark.parametrize(
    ("length", "span", "most"), [(100, 9, 50), (9, 9, 100), (1000, 65, 10_000), (66, 65, 1)]
)
def test_windows_stay_inside_and_within_bounds(length: int, span: int, most: int):
    starts = windows(length, span, most)
    assert starts.min() >= 0
    assert starts.max() + span <= length
    assert len(starts) * span <= max(most, span)
    assert len(set(starts.tolist())) == len(starts)
