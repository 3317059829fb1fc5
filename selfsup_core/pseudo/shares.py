"""Shares of the classes in the pool: estimated from proposals, and proposals turned towards shares that are
aimed at.

[1] Saerens et al.: Adjusting the outputs of a classifier to new a priori probabilities, 2002
[2] Berthelot et al.: ReMixMatch, 2020 (distribution alignment)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

LEAST = 1e-6  # of a mean or a share that something is divided by


def align(p: torch.Tensor, mean: torch.Tensor, prior: torch.Tensor) -> torch.Tensor:
    """Normalize(p · prior / mean) [2]; p: (B, C), mean of the proposals and prior (C,). Rows of NaN stay."""
    turned = p * (prior / mean.clamp(min=LEAST))
    return turned / turned.sum(dim=1, keepdim=True).clamp(min=1e-12)


def align_step(
    p: torch.Tensor, state: dict[str, torch.Tensor], prior: torch.Tensor, momentum: float
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """`align` within steps: `state["proposed_mean"]` (C,) follows the batches' means, and begins as the first
    one.
    """
    there = ~p.isnan().any(dim=1)
    if not there.any():
        return p, state
    mean = p[there].mean(dim=0)
    if "proposed_mean" in state:
        mean = momentum * state["proposed_mean"].to(p.device) + (1 - momentum) * mean
    return align(p, mean, prior), state | {"proposed_mean": mean}


def learned_shares(given: torch.Tensor) -> torch.Tensor:
    """(C,) labels per class → shares under which a proposer learned; a class without a label counts as an
    average one.

    A share near 0 would make expectation–maximization take every faint proposal of that class for a sure one.
    """
    import torch

    counts = given.double()
    seen = counts > 0
    middle = counts[seen].mean() if seen.any() else torch.ones((), dtype=counts.dtype)
    counts = torch.where(seen, counts, middle.to(counts.device))
    return counts / counts.sum()


def estimate_prior(p: torch.Tensor, given: torch.Tensor, rounds: int = 50) -> torch.Tensor:
    """(C,) class shares of the pool by expectation–maximization [1], from proposals p (B, C) made under the
    shares of `given`.

    Args:
        given: (C,) labels per class by which the proposer was trained. One imagined row of each class keeps
        shares above 0.
    """
    import torch

    there = ~torch.isnan(p).any(dim=1)
    p, classes = p[there].double(), p.shape[1]
    if len(p) == 0:
        return torch.full((classes,), 1.0 / classes, device=p.device)
    old = learned_shares(given).to(p.device)
    new = old.clone()
    for _ in range(rounds):
        turned = p * (new / old)
        turned = turned / turned.sum(dim=1, keepdim=True).clamp(min=1e-12)
        new = (turned.sum(dim=0) + 1.0) / (len(p) + classes)
    return new.float()


def prior_error(p: torch.Tensor, given: torch.Tensor, prior: torch.Tensor) -> torch.Tensor:
    """How sure `estimate_prior` is: (C,) standard errors of its shares, from the curvature of the likelihood
    there.

    log L(π) = Σ_i ln Σ_c π_c p_ic / old_c, with one imagined row of each class; its curvature is taken within
    Σ π = 1. They hold for proposals whose probabilities can be trusted; where these are too sure, the shares
    are less so.

    Args:
        p: (B, C) proposals, given: (C,) labels per class, prior: (C,) of `estimate_prior`.
    """
    import torch

    there = ~torch.isnan(p).any(dim=1)
    p, classes = p[there].double(), p.shape[1]
    shares = prior.double().to(p.device).clamp(min=1e-12)
    if classes < 2:
        return torch.zeros(classes)
    ratio = p / learned_shares(given).to(p.device)
    ratio = ratio / (ratio @ shares).clamp(min=1e-12)[:, None]
    curve = ratio.T @ ratio + torch.diag(shares**-2)
    # A basis of what leaves the sum at 1: each class against the last one.
    basis = torch.eye(classes, dtype=p.dtype, device=p.device)[:, :-1].clone()
    basis[-1] = -1
    covariance = basis @ torch.linalg.inv(basis.T @ curve @ basis) @ basis.T
    found: torch.Tensor = covariance.diagonal().clamp(min=0).sqrt().float()
    return found
