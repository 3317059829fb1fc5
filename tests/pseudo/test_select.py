"""Selectors against slow formulas of their papers, and what must hold of each."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from selfsup_core.pseudo.keepers import KEEPERS as REGISTERED
from selfsup_core.pseudo.keeping import (
    class_share,
    fixed,
    flexmatch,
    flexmatch_step,
    freematch,
    lee_weight,
    low_entropy,
    share_at,
    softmatch,
    top_k,
)
from selfsup_core.pseudo.select import SelectConfig, Selector

KEEPERS = ("top-k", "class-share", "fixed", "entropy", "lee", "flexmatch", "freematch", "softmatch")


def test_all_rules_are_found_the_default_first():
    assert tuple(REGISTERED) == KEEPERS
    assert all(entry.title for _, entry in REGISTERED.items())
    with pytest.raises(ValueError, match="must be one of top-k, class-share"):
        SelectConfig(keep="some")


def proposals(rows: int = 60, classes: int = 4, seed: int = 0, sharp: float = 2.0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    p = (sharp * torch.randn(rows, classes, generator=generator)).softmax(dim=1)
    p[::7] = float("nan")
    return p


def there(p: torch.Tensor) -> list[int]:
    return [i for i, row in enumerate(p) if not torch.isnan(row).any()]


def test_fixed_and_entropy():
    p = proposals()
    for i, row in enumerate(p):
        known = i in there(p)
        assert fixed(p, 0.7)[i] == (known and float(row.max()) >= 0.7)
        entropy = -sum(float(v) * math.log(float(v)) for v in row) / math.log(4) if known else 1
        assert low_entropy(p, 0.5)[i] == (known and entropy <= 0.5)


@pytest.mark.parametrize("prior", [None, torch.tensor([0.7, 0.1, 0.1, 0.1])])
def test_top_k_keeps_the_surest_of_each_class(prior):
    p = proposals()
    kept = top_k(p, 0.4, prior)
    for c in range(4):
        mine = sorted((i for i in there(p) if int(p[i].argmax()) == c), key=lambda i: (-float(p[i].max()), i))
        part = 0.25 if prior is None else float(prior[c])
        size = max(1, math.floor(0.4 * len(there(p)) * part + 1e-9))
        assert {i for i in mine if kept[i] == 1} == set(mine[:size])


def test_unknown_shares_are_those_of_the_proposals():
    p = proposals()
    p[:, 0] *= 5
    p = p / p.sum(dim=1, keepdim=True)
    selector = Selector(SelectConfig(prior="unknown", align=True), torch.ones(4), len(p), torch.ones(4) / 4)
    assert selector.prior(p) == pytest.approx(p[there(p)].mean(dim=0))
    turned = selector.turned(p)
    assert torch.allclose(turned[there(p)], p[there(p)], atol=1e-6), "alignment has nothing to turn"


@pytest.mark.parametrize("share", [0.01, 0.3, 1.0])
def test_class_share_keeps_a_part_of_what_is_proposed_for_each_class(share):
    """However uneven the proposals are: nothing is assumed of how frequent the classes are."""
    p = proposals()
    p[10:, 0] += 2  # most rows are proposed for class 0
    kept = class_share(p, share)
    for c in range(4):
        mine = sorted((i for i in there(p) if int(p[i].argmax()) == c), key=lambda i: (-float(p[i].max()), i))
        assert {i for i in mine if kept[i] == 1} == set(mine[: math.ceil(share * len(mine) - 1e-9)])
    assert not kept[torch.isnan(p).any(dim=1)].any()


@pytest.mark.parametrize(("progress", "weight"), [(0, 0), (0.1, 0), (0.35, 0.5), (0.6, 1), (1, 1)])
def test_lee(progress, weight):
    assert lee_weight(progress, 0.1, 0.6) == pytest.approx(weight)
    assert lee_weight(0.5, 0.5, 0.5) == 1.0


def slow_flexmatch(p: np.ndarray, last: list[int], pool: int, tau: float) -> list[float]:
    """Equations 5, 6, 10 and 11 of Zhang et al., with x / (2 − x)."""
    sigma = [sum(1 for v in last if v == c) for c in range(p.shape[1])]
    unused = pool - sum(sigma)
    top = max(*sigma, unused, 1)
    limits = [tau * (s / top) / (2 - s / top) for s in sigma]
    return [0.0 if np.isnan(row).any() else float(row.max() >= limits[int(row.argmax())]) for row in p]


def test_flexmatch_on_a_pool_and_within_steps():
    p = proposals(sharp=3)
    passed = [int(r.argmax()) if not torch.isnan(r).any() and r.max() >= 0.8 else -1 for r in p]
    wanted = slow_flexmatch(p.numpy(), passed, len(there(p)), 0.8)
    assert flexmatch(p, 0.8).tolist() == wanted
    state: dict = {}
    last = [-1] * 60
    for start in (0, 20, 40, 0):
        rows = torch.arange(start, start + 20)
        weights, state = flexmatch_step(p[rows], state, 0.8, rows, 60)
        assert weights.tolist() == slow_flexmatch(p[rows].numpy(), last, 60, 0.8)
        for i in rows.tolist():
            last[i] = passed[i] if passed[i] >= 0 else last[i]
        assert state["passed"].tolist() == last


def test_freematch():
    state: dict = {}
    tau, mean = 0.25, np.full(4, 0.25)
    for seed in range(3):
        p = proposals(seed=seed)
        known = p[there(p)].double().numpy()
        weights, state = freematch(p, state, 0.9)
        tau = 0.9 * tau + 0.1 * known.max(axis=1).mean()
        mean = 0.9 * mean + 0.1 * known.mean(axis=0)
        assert float(state["tau"]) == pytest.approx(tau, abs=1e-6)
        for i in there(p):
            c = int(p[i].argmax())
            assert weights[i] == (float(p[i].max()) > tau * mean[c] / mean.max())


def test_softmatch():
    p = proposals()
    weights, state = softmatch(p, {}, 0.9)
    known = p[there(p)].max(dim=1).values.double().numpy()
    mu = 0.9 * 0.25 + 0.1 * known.mean()
    variance = 0.9 * 1.0 + 0.1 * known.var(ddof=1)
    wanted = np.where(known < mu, np.exp(-((known - mu) ** 2) / (2 * variance)), 1.0)
    np.testing.assert_allclose(weights[there(p)].numpy(), wanted, rtol=1e-5)
    assert float(state["variance"]) == pytest.approx(variance, rel=1e-5)


def test_of_a_whole_pool_the_means_themselves_are_taken():
    """A round sees every row, so nothing has to be followed slowly from where nobody knows anything."""
    p = proposals(400)
    known, places = p[there(p)].double().numpy(), there(p)
    top, mean = known.max(axis=1), known.mean(axis=0)
    free = top > top.mean() * mean[known.argmax(axis=1)] / mean.max()
    below = np.minimum(top - top.mean(), 0)
    soft = np.exp(-(below**2) / (2 * top.var(ddof=1)))
    for keep, wanted in (("freematch", free), ("softmatch", soft)):
        selector, state = Selector(SelectConfig(keep=keep), torch.tensor([2] * 4), 400), {}
        for progress in (0.0, 0.5, 1.0):
            weights, state = selector(p, state, progress=progress)
            np.testing.assert_allclose(weights[places].numpy(), wanted, atol=1e-5)
            assert state == {}
        assert wanted.mean() < 0.95
        # What steps have remembered goes on being followed, and the look from outside leaves a new state.
        _, within = selector(p[:50], {}, progress=0.5, rows=torch.arange(50))
        _, then = selector(p, within, progress=0.5)
        assert then != {}
        assert not torch.equal(weights, selector(p, within, progress=0.5)[0])


def test_proposals_turned_to_estimated_shares_are_not_estimated_twice():
    generator = torch.Generator().manual_seed(1)
    truth = (torch.rand(2000, generator=generator) > 0.9).long()
    score = torch.where(truth == 1, 0.5, -0.5) + torch.randn(2000, generator=generator)
    likely = torch.sigmoid(score)
    p = torch.stack([1 - likely, likely], dim=1)
    selector = Selector(SelectConfig(prior="estimated", align=True), torch.tensor([5, 5]), 2000)
    assert float(selector.prior(p)[1]) == pytest.approx(0.1, abs=0.05)
    assert float(selector.wanted(selector.turned(p))[1]) == pytest.approx(0.1, abs=0.05)


@pytest.mark.parametrize("keep", KEEPERS)
@pytest.mark.parametrize("is_aligned", [False, True])
def test_weights_are_shares_and_follow_their_rows(keep, is_aligned):
    config = SelectConfig(keep=keep, align=is_aligned, threshold=0.6, momentum=0.5)
    selector, p = Selector(config, torch.tensor([2, 2, 2, 2]), 60), proposals()
    order = torch.randperm(60, generator=torch.Generator().manual_seed(3))
    weights, _ = selector(selector.turned(p), {}, progress=0.5)
    other, _ = selector(selector.turned(p[order]), {}, progress=0.5)
    torch.testing.assert_close(other, weights[order])
    assert ((weights >= 0) & (weights <= 1)).all()
    assert (weights[torch.isnan(p).any(dim=1)] == 0).all()
    assert weights.sum() > 0


@pytest.mark.parametrize("keep", KEEPERS)
@pytest.mark.parametrize(
    "p",
    [
        torch.zeros(0, 3),
        torch.full((5, 3), float("nan")),
        torch.eye(3).repeat(4, 1),
        torch.full((6, 3), 1 / 3),
        torch.ones(4, 1),
        torch.rand(70, 50).softmax(dim=1),
        torch.eye(3)[:1].repeat(9, 1),
    ],
    ids=["no rows", "all abstain", "all sure", "none sure", "one class", "fifty classes", "all one class"],
)
def test_odd_pools(keep, p):
    selector = Selector(SelectConfig(keep=keep), torch.ones(p.shape[1], dtype=torch.long), len(p))
    weights, _ = selector(selector.turned(p), {}, progress=1.0)
    assert weights.shape == (len(p),)
    assert not torch.isnan(weights).any()
    if len(p) and (p.max(dim=1).values == 1).all() and keep not in ("top-k", "class-share"):
        assert (weights == 1).all()  # whoever is sure of everything keeps everything
    if torch.isnan(p).all() or len(p) == 0:
        assert weights.sum() == 0


def test_the_share_grows_to_its_end():
    config = SelectConfig(first_share=0.2, last_share=0.8)
    assert [share_at(config.first_share, config.last_share, t) for t in (0, 0.5, 1, 2)] == pytest.approx(
        [0.2, 0.5, 0.8, 0.8]
    )
