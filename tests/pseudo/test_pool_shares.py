"""Labels that hold under the shares of the pool: against a slow version, and on clouds from 50:50 to 99:1."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup_core.pseudo.gate import hold_out
from selfsup_core.pseudo.pool_shares import PoolShares, count_pool

CLASSES = ("large", "small")


def slow(p: np.ndarray, label: list[int], labels: list[int], classes: int) -> list[bool]:
    """Row by row, from the formula."""
    agreed = [1 + sum(one == c for one in label) for c in range(classes)]
    learned = [sum(one == c for one in labels) for c in range(classes)]
    found = []
    for row, one in zip(p, label, strict=True):
        if one < 0 or np.isnan(row).any():
            found.append(False)
            continue
        turned = [float(row[c]) * agreed[c] / learned[c] for c in range(classes)]
        found.append(turned.index(max(turned)) == one)
    return found


@settings(max_examples=60, deadline=None)
@given(rows=st.integers(0, 30), classes=st.integers(2, 4), each=st.integers(1, 5), seed=st.integers(0, 2**16))
def test_as_the_slow_version(rows, classes, each, seed):
    draw = np.random.default_rng(seed)
    p = draw.dirichlet(np.ones(classes), rows)
    label = np.where(draw.random(rows) < 0.2, -1, p.argmax(axis=1))
    p[draw.random(rows) < 0.1] = np.nan
    labels = np.concatenate([np.repeat(np.arange(classes), each), draw.integers(0, classes, 3)])
    found = count_pool(label, labels, classes).holds(p, label)
    assert found.tolist() == slow(p, label.tolist(), labels.tolist(), classes)


def test_turned_rows_are_those_of_saerens():
    """p(1 | x) = .6 under even shares is .6 · .1 / (.6 · .1 + .4 · .9) where class 1 has a tenth."""
    shares = PoolShares(np.array([0.9, 0.1]), np.array([0.5, 0.5]))
    np.testing.assert_allclose(shares.turn(np.array([[0.4, 0.6]]))[0, 1], 0.06 / 0.42)
    np.testing.assert_array_equal(
        shares.holds(np.array([[0.4, 0.6], [0.05, 0.95]]), np.array([1, 1])), [False, True]
    )


def test_nothing_turns_where_given_labels_have_the_shares_of_the_pool():
    p = np.random.default_rng(0).dirichlet([1, 1], 200)
    label = np.repeat([0, 1], [180, 20])
    shares = count_pool(label, np.repeat([0, 1], [9, 1]), 2)
    assert not shares.is_uneven
    np.testing.assert_allclose(shares.turn(p), p, atol=0.02)
    assert shares.describe(CLASSES) == ""


def test_a_class_without_a_label_counts_as_an_average_one():
    np.testing.assert_allclose(count_pool(np.array([0, 1]), np.array([0, 0, 1, 1]), 3).given, [1 / 3] * 3)


def test_what_is_said():
    text = count_pool(np.repeat([0, 1], [79, 19]), np.array([0, 1]), 2).describe(CLASSES)
    assert "predicts 'large' for 80% and 'small' for 20% of them (given labels: 50% and 50%)" in text


@pytest.mark.parametrize("share", [0.5, 0.8, 0.95, 0.99])
def test_what_is_kept_of_overlapping_clouds_is_no_less_precise(share):
    """Precision of the rare class's labels, and what is said before the start."""
    draw = np.random.default_rng(101)
    truth = (draw.random(1500) >= share).astype(int)
    x = draw.normal(size=(1500, 2)) + 2.5 * np.eye(2)[truth]
    given = np.concatenate([np.flatnonzero(truth == c)[:8] for c in (0, 1)])
    labels = np.full(1500, -1)
    labels[given] = truth[given]
    found = hold_out(x, labels, 2, neighbors=7, alpha=0.95)
    assert found.shares is not None
    assert found.shares.is_uneven == (share >= 0.8)
    likely = 1 / (1 + np.exp(-2.5 * (x[:, 1] - x[:, 0])))  # Bayes' rule for even classes
    p = np.stack([1 - likely, likely], axis=1)
    named = p.argmax(axis=1)
    kept = count_pool(named, labels[given], 2).holds(p, named)
    rare = named == 1
    if share > 0.5:
        assert (truth == 1)[rare & kept].mean() > (truth == 1)[rare].mean() + 0.02
    assert (named == truth)[kept].mean() >= (named == truth).mean()
