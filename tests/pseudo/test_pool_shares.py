"""Labels that hold under the shares of the pool: against a slow version, on clouds from 50:50 to 99:1, and on
even classes of many columns.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup_core.pseudo.gate import ask_classifier, hold_out
from selfsup_core.pseudo.pool_shares import PoolShares, average_pool, count_pool, jackknife
from selfsup_core.pseudo.propagation import propagate
from selfsup_core.pseudo.vote import named

CLASSES = ("large", "small")


def slow(p: np.ndarray, label: list[int], labels: list[int], classes: int, variance: float) -> list[bool]:
    """Row by row, from the formulas."""
    learned = [sum(one == c for one in labels) / len(labels) for c in range(classes)]
    rows = [row for row in p.tolist() if not any(math.isnan(v) for v in row)]
    agreed = learned
    if rows:
        means = [sum(row[c] for row in rows) / len(rows) for c in range(classes)]
        length = sum((m - g) ** 2 for m, g in zip(means, learned, strict=True))
        trust = max(0.0, 1 - variance / length) if length else 0.0
        agreed = [g + trust * (m - g) for m, g in zip(means, learned, strict=True)]
    found = []
    for row, one in zip(p, label, strict=True):
        if one < 0 or np.isnan(row).any():
            found.append(False)
            continue
        turned = [float(row[c]) * agreed[c] / learned[c] for c in range(classes)]
        found.append(turned.index(max(turned)) == one)
    return found


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(0, 30),
    classes=st.integers(2, 4),
    each=st.integers(1, 5),
    variance=st.sampled_from([0.0, 0.001, 0.02, 0.5, math.inf]),
    seed=st.integers(0, 2**16),
)
def test_as_the_slow_version(rows, classes, each, variance, seed):
    draw = np.random.default_rng(seed)
    p = draw.dirichlet(np.ones(classes), rows)
    label = np.where(draw.random(rows) < 0.2, -1, p.argmax(axis=1))
    p[draw.random(rows) < 0.1] = np.nan
    labels = np.concatenate([np.repeat(np.arange(classes), each), draw.integers(0, classes, 3)])
    found = average_pool(p, labels, variance).holds(p, label)
    assert found.tolist() == slow(p, label.tolist(), labels.tolist(), classes, variance)
    if math.isinf(variance):  # what p itself names, row for row
        assert found.tolist() == ((label >= 0) & (label == named(p))).tolist()


@settings(max_examples=60, deadline=None)
@given(parts=st.integers(2, 12), seed=st.integers(0, 2**16))
def test_the_jackknife_of_a_mean_is_its_variance(parts, seed):
    """Without one of n numbers each: exactly s² / n, here of two columns together."""
    x = np.random.default_rng(seed).normal(size=(parts, 2))
    without = np.stack([np.delete(x, i, axis=0).mean(axis=0) for i in range(parts)])
    np.testing.assert_allclose(jackknife(without), x.var(axis=0, ddof=1).sum() / parts)


@settings(max_examples=60, deadline=None)
@given(variances=st.tuples(st.floats(0, 0.3), st.floats(0, 0.3)), seed=st.integers(0, 2**16))
def test_the_more_chance_there_is_the_less_is_turned(variances, seed):
    p = np.random.default_rng(seed).dirichlet([3, 1, 1], 40)
    sure, unsure = (average_pool(p, np.arange(3), v) for v in sorted(variances))
    mean = average_pool(p, np.arange(3), 0.0)
    np.testing.assert_allclose(mean.pool, p.mean(axis=0))
    np.testing.assert_allclose(sure.pool.sum(), 1)
    far, near = (np.abs(one.pool - one.given).sum() for one in (sure, unsure))
    assert near <= far + 1e-12
    assert far <= np.abs(mean.pool - mean.given).sum() + 1e-12


def test_turned_rows_are_those_of_saerens():
    """p(1 | x) = .6 under even shares is .6 · .1 / (.6 · .1 + .4 · .9) where class 1 has a tenth."""
    shares = PoolShares(np.array([0.9, 0.1]), np.array([0.5, 0.5]))
    np.testing.assert_allclose(shares.turn(np.array([[0.4, 0.6]]))[0, 1], 0.06 / 0.42)
    np.testing.assert_array_equal(
        shares.holds(np.array([[0.4, 0.6], [0.05, 0.95]]), np.array([1, 1])), [False, True]
    )


def test_nothing_turns_where_given_labels_have_the_shares_of_the_pool():
    p = np.random.default_rng(0).dirichlet([1, 1], 200)
    p = 0.2 * p + 0.8 * np.array([1.0, 0.0])  # of mean (.9, .1)
    shares = average_pool(p, np.repeat([0, 1], [9, 1]), 0.0)
    assert not shares.is_uneven
    np.testing.assert_allclose(shares.turn(p), p, atol=0.02)
    assert shares.describe(CLASSES) == ""


def test_a_class_without_a_label_counts_as_an_average_one():
    labels = np.array([0, 0, 1, 1])
    for found in (count_pool(np.array([0, 1]), labels, 3), average_pool(np.eye(3), labels, 0.0)):
        np.testing.assert_allclose(found.given, [1 / 3] * 3)


def test_what_is_said():
    text = average_pool(np.repeat([[0.9, 0.1], [0.7, 0.3]], 50, axis=0), np.array([0, 1]), 0.0).describe(
        CLASSES
    )
    assert "80% of them are 'large' and 20% are 'small' (given labels: 50% and 50%)" in text


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
    assert found.mean_shares is not None
    assert found.mean_shares.is_uneven == (share >= 0.8)
    likely = 1 / (1 + np.exp(-2.5 * (x[:, 1] - x[:, 0])))  # Bayes' rule for even classes
    p = np.stack([1 - likely, likely], axis=1)
    label = p.argmax(axis=1)
    kept = average_pool(p, labels[given], found.variance).holds(p, label)
    rare = label == 1
    if share > 0.5:
        assert (truth == 1)[rare & kept].mean() > (truth == 1)[rare].mean() + 0.02
    assert (label == truth)[kept].mean() >= (label == truth).mean()


@pytest.mark.parametrize("each", [2, 5])
def test_of_even_classes_in_many_dimensions_few_labels_are_left_out(each):
    """By counts of the named classes many are, which cost texts up to 35 points."""
    kept_of = {"counts": [], "means": []}
    for seed in range(3):
        draw = np.random.default_rng(40 + seed)
        truth = np.arange(300) % 6
        x = draw.normal(size=(300, 200)) + 5 * np.eye(6, 200)[truth]
        labels = np.where(np.arange(300) < 6 * each, truth, -1)
        known = labels[labels >= 0]
        found = hold_out(x, labels, 6, neighbors=7, alpha=0.95, seed=seed)
        p = ask_classifier(x, np.flatnonzero(labels >= 0), labels, 6, np.flatnonzero(labels < 0), 1.0, 0.3)
        near = propagate(x, labels, 6, neighbors=7, alpha=0.95)[len(known) :]
        agreed = np.where(named(near) == named(p), named(p), -1)
        for name, shares in (
            ("counts", count_pool(named(p), known, 6)),
            ("means", average_pool(p, known, found.variance)),
        ):
            kept_of[name].append(shares.holds(p, agreed).sum() / (agreed >= 0).sum())
    assert min(kept_of["means"]) > 0.85
    assert np.mean(kept_of["means"]) > np.mean(kept_of["counts"])
