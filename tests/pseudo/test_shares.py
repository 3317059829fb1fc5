"""Class shares: estimated ones against a slow loop and simulated pools, alignment against its formula."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from selfsup_core.pseudo.select import SelectConfig, Selector
from selfsup_core.pseudo.shares import align, align_step, estimate_prior, prior_error

NAN = float("nan")


def pool(seed: int, rows: int = 600, share: float = 0.1) -> torch.Tensor:
    """Proposals of class 1 of 2 as Bayes' rule gives them for even shares; class 1 has `share` of the
    rows.
    """
    generator = torch.Generator().manual_seed(seed)
    truth = torch.rand(rows, generator=generator) < share
    score = torch.where(truth, 1.0, -1.0) + torch.randn(rows, generator=generator)
    likely = torch.sigmoid(2 * score)
    return torch.stack([1 - likely, likely], dim=1)


def slow_prior(p: list[list[float]], old: list[float], rounds: int) -> list[float]:
    """Equations 2.7 to 2.9 of Saerens et al., with one imagined row of each class."""
    new, classes = list(old), len(old)
    for _ in range(rounds):
        counts = [1.0] * classes
        for row in p:
            turned = [new[c] / old[c] * row[c] for c in range(classes)]
            for c in range(classes):
                counts[c] += turned[c] / sum(turned)
        new = [count / (len(p) + classes) for count in counts]
    return new


def test_estimated_shares_are_the_papers():
    p = torch.randn(40, 3, generator=torch.Generator().manual_seed(0)).softmax(dim=1).double()
    wanted = slow_prior(p.tolist(), [0.5, 0.3, 0.2], 7)
    with_gaps = torch.cat([p, torch.full((3, 3), NAN)])
    found = estimate_prior(with_gaps, torch.tensor([5, 3, 2]), rounds=7)
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-5)


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_the_error_of_the_shares_is_their_spread_over_pools(share):
    given = torch.tensor([5, 5])
    found = torch.stack([estimate_prior(pool(seed, share=share), given, 200) for seed in range(60)])
    assert float(found[:, 1].mean()) == pytest.approx(share, abs=0.01)
    p = pool(99, share=share)
    error = prior_error(p, given, estimate_prior(p, given, 200))
    assert float(error[0]) == pytest.approx(float(error[1]), rel=1e-4)
    assert float(error[1]) == pytest.approx(float(found[:, 1].std()), rel=0.35)


def test_what_is_not_known_is_said_to_be_unsure():
    given = torch.tensor([2, 2, 2])
    none = torch.zeros(0, 3)
    assert estimate_prior(none, given).tolist() == pytest.approx([1 / 3] * 3)
    assert (prior_error(none, given, estimate_prior(none, given)) > 0.15).all()
    assert prior_error(torch.ones(4, 1), torch.tensor([3]), torch.ones(1)).tolist() == [0]
    vague = torch.full((200, 3), 1 / 3)  # proposals that tell no class from another
    assert (prior_error(vague, given, torch.full((3,), 1 / 3)) > 0.15).all()
    sure = torch.eye(3).repeat(200, 1)
    assert (prior_error(sure, given, torch.full((3,), 1 / 3)) < 0.03).all()


@pytest.mark.parametrize("given", [[3, 3, 3, 0], [0, 0, 0, 0], [9, 1, 0, 0]])
def test_a_class_without_labels_does_not_swallow_the_pool(given):
    logits = 2 * torch.randn(500, 4, generator=torch.Generator().manual_seed(0))
    logits[:, 3] -= 6  # hardly ever proposed
    found = estimate_prior(logits.softmax(dim=1), torch.tensor(given))
    assert float(found.sum()) == pytest.approx(1)
    assert 0 < float(found[3]) < 0.02


def test_alignment():
    p = torch.randn(6, 4, generator=torch.Generator().manual_seed(0)).softmax(dim=1)
    p[2] = NAN
    mean, prior = torch.tensor([0.4, 0.3, 0.2, 0.1]), torch.full((4,), 0.25)
    turned = p.numpy() * (prior.numpy() / mean.numpy())
    wanted = turned / turned.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(align(p, mean, prior).numpy(), wanted, rtol=1e-5)
    assert torch.isnan(align(p, mean, prior)[2]).all()


def test_alignment_within_steps_follows_the_batches():
    generator = torch.Generator().manual_seed(0)
    prior, state, mean = torch.tensor([0.6, 0.3, 0.1]), {}, None
    for _ in range(4):
        p = torch.randn(8, 3, generator=generator).softmax(dim=1)
        p[0] = NAN
        now = p[1:].double().numpy().mean(axis=0)
        mean = now if mean is None else 0.8 * mean + 0.2 * now
        turned, state = align_step(p, state, prior, 0.8)
        wanted = p[1:].numpy() * prior.numpy() / mean
        np.testing.assert_allclose(turned[1:].numpy(), wanted / wanted.sum(axis=1, keepdims=True), rtol=1e-4)
    same, then = align_step(torch.full((2, 3), NAN), state, prior, 0.8)
    assert torch.isnan(same).all()
    assert then is state


@pytest.mark.parametrize(("prior", "is_turned"), [("even", True), ("estimated", False)])
def test_a_selector_aligns_within_steps_where_shares_are_known(prior, is_turned):
    given = torch.tensor([2, 2])
    p = pool(0, 32)
    selector = Selector(SelectConfig(align=True, prior=prior, momentum=0.5), given, 32)
    turned, state = selector.turned_within(p, {})
    assert bool(state) == is_turned
    assert (float(turned[:, 1].mean()) > float(p[:, 1].mean()) + 0.1) == is_turned
    off = Selector(SelectConfig(prior=prior), given, 32).turned_within(p, {})
    assert off[0] is p
    assert off[1] == {}
