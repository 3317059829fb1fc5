"""The agreement keeper (vote: agree, keep: class-share) against a version that goes through the rows one by
one.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup_core.pseudo.select import SelectConfig, Selector
from selfsup_core.pseudo.vote import vote


def slow(proposals: list[np.ndarray], share: float) -> dict[int, int]:
    """Row → class of the rows that are kept."""
    agreed: dict[int, list[tuple[float, int]]] = {}
    for row in range(len(proposals[0])):
        said = [p[row] for p in proposals if not np.isnan(p[row]).any()]
        classes = {int(p.argmax()) for p in said}
        if len(said) < 2 or len(classes) > 1:
            continue
        mean = np.float32(sum(p.astype(np.float64) for p in said) / len(said))
        agreed.setdefault(int(mean.argmax()), []).append((float(mean.max()), row))
    kept = {}
    for label, rows in agreed.items():
        surest = sorted(rows, key=lambda one: (-one[0], one[1]))
        kept |= {row: label for _, row in surest[: math.ceil(share * len(rows) - 1e-9)]}
    return kept


def fast(proposals: list[np.ndarray], share: float) -> dict[int, int]:
    p = torch.from_numpy(vote(proposals, "agree").probabilities)
    config = SelectConfig(keep="class-share", first_share=share, last_share=share, prior="unknown")
    weights, _ = Selector(config, torch.ones(p.shape[1]), len(p))(p, {}, progress=0.5)
    rows = np.flatnonzero(weights.numpy())
    assert set(weights.tolist()) <= {0.0, 1.0}
    return {int(row): int(p[row].argmax()) for row in rows}


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(1, 40),
    classes=st.integers(2, 5),
    proposers=st.integers(2, 3),
    share=st.sampled_from([0.1, 0.3, 0.5, 1.0]),
    skew=st.sampled_from([1.0, 5.0, 99.0]),
    seed=st.integers(0, 2**16),
)
def test_as_the_slow_version(rows, classes, proposers, share, skew, seed):
    draw = np.random.default_rng(seed)
    alpha = np.r_[skew, np.ones(classes - 1)]
    proposals = []
    for _ in range(proposers):
        p = draw.dirichlet(alpha, rows).astype(np.float32)
        p[draw.random(rows) < 0.2] = np.nan
        proposals.append(p)
    assert fast(proposals, share) == slow(proposals, share)


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_where_one_of_two_abstains_everywhere_nothing_is_kept(share: float):
    p = np.random.default_rng(0).dirichlet([1, 1, 1], 30).astype(np.float32)
    nothing = np.full_like(p, np.nan)
    assert fast([p, nothing], share) == fast([nothing, p], share) == {}


@pytest.mark.parametrize("large", [0.5, 0.8, 0.95, 0.99])
def test_kept_shares_are_those_of_the_agreed_rows_whatever_they_are(large: float):
    """No class is topped up or cut, from 50:50 to 99:1."""
    draw = np.random.default_rng(3)
    truth = (draw.random(2000) >= large).astype(int)
    sure = draw.uniform(0.6, 0.99, 2000).astype(np.float32)
    p = np.stack([np.where(truth == 0, sure, 1 - sure), np.where(truth == 1, sure, 1 - sure)], axis=1)
    kept = np.array(list(fast([p, p], 0.5).values()))
    assert (kept == 0).mean() == pytest.approx((truth == 0).mean(), abs=1e-3)
