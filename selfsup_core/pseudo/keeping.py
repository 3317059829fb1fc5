"""Which proposals are kept: pure functions from probabilities (B, C) to weights (B,) in [0, 1], and what they
remember.

Rows of NaN mean that no one proposes; they get weight 0 and change nothing that is remembered. A row with ∞
names a class without a probability (`vote.by_name`): it is the least sure of its class, passes no threshold,
and changes nothing that is remembered either.
[1] Lee: Pseudo-label, ICML workshop 2013
[2] Sohn et al.: FixMatch, 2020 (fixed threshold)
[3] Zhang et al.: FlexMatch, 2021
[4] Wang et al.: FreeMatch, 2023
[5] Chen et al.: SoftMatch, 2023
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

State = dict[str, "torch.Tensor"]  # what a rule remembers from step to step, by its own names
LEAST = 1e-6  # of a mean that something is divided by


def proposed(p: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """p: (B, C) → (confidence (B,), 0 where there is none; class (B,); whether someone proposes (B,))."""
    import torch

    there = ~torch.isnan(p).any(dim=1)
    filled = torch.where(there[:, None], p, torch.zeros_like(p))
    confidence, label = filled.max(dim=1) if p.shape[1] else (filled.sum(dim=1), filled.sum(dim=1).long())
    return torch.where(torch.isinf(confidence), 0.0, confidence), label, there


def is_bare(p: torch.Tensor) -> torch.Tensor:
    """p: (B, C) → (B,) whether a class is named without a probability."""
    return p.isinf().any(dim=1)


def counted(p: torch.Tensor) -> torch.Tensor:
    """p: (B, C), with a whole vote where a class is named without a probability: for shares of the classes,
    not for confidence.
    """
    import torch

    return torch.where(is_bare(p)[:, None], p.isinf().to(p.dtype), p)


def fixed(p: torch.Tensor, threshold: float) -> torch.Tensor:
    """1 where max p ≥ τ [2]."""
    confidence, _, there = proposed(p)
    return ((confidence >= threshold) & there).to(p.dtype)


def top_k(p: torch.Tensor, share: float, prior: torch.Tensor | None = None) -> torch.Tensor:
    """1 for the kᶜ most confident rows of each predicted class c, kᶜ = share · N · prior_c, at least 1; prior
    is 1/C if None.

    Of equally confident rows the first ones are kept.
    """
    import torch

    confidence, label, there = proposed(p)
    count, classes = p.shape
    weights = torch.zeros(count, dtype=p.dtype, device=p.device)
    total = int(there.sum())
    for c in range(classes):
        part = 1.0 / classes if prior is None else float(prior[c])
        k = max(1, math.floor(share * total * part + 1e-9))
        rows = torch.nonzero(there & (label == c)).flatten()
        order = torch.argsort(confidence[rows], descending=True, stable=True)
        weights[rows[order[:k]]] = 1.0
    return weights


def class_share(p: torch.Tensor, share: float) -> torch.Tensor:
    """1 for the surest `share` of the rows that are proposed for each class, at least one row of each.

    Unlike `top_k` it assumes nothing of how frequent the classes are: a class keeps as many rows as it is
    proposed for. Of equally confident rows the first ones are kept.
    """
    import torch

    confidence, label, there = proposed(p)
    weights = torch.zeros(len(p), dtype=p.dtype, device=p.device)
    for c in range(p.shape[1]):
        rows = torch.nonzero(there & (label == c)).flatten()
        order = torch.argsort(confidence[rows], descending=True, stable=True)
        weights[rows[order[: math.ceil(share * len(rows) - 1e-9)]]] = 1.0
    return weights


def low_entropy(p: torch.Tensor, most: float) -> torch.Tensor:
    """1 where −Σ p ln p / ln C ≤ most."""
    import torch

    _, _, there = proposed(p)
    filled = torch.where(there[:, None], p, torch.ones_like(p) / p.shape[1])
    entropy = -torch.special.xlogy(filled, filled).sum(dim=1) / max(math.log(p.shape[1]), 1e-12)
    found: torch.Tensor = ((entropy <= most) & there & ~is_bare(p)).to(p.dtype)
    return found


def lee_weight(progress: float, start: float, full: float) -> float:
    """α(t) of [1], between 0 and 1: 0 before `start`, (t − T₁) / (T₂ − T₁) between, 1 from `full` on."""
    if progress < start:
        return 0.0
    return 1.0 if progress >= full or full <= start else (progress - start) / (full - start)


def flexmatch_thresholds(learned: torch.Tensor, unused: int, threshold: float) -> torch.Tensor:
    """(C,) counts σ(c) of rows that passed τ as c → 𝒯(c) = τ · M(β(c)), M(x) = x / (2 − x), with the warm-up
    of [3].

    β(c) = σ(c) / max{max σ, unused}: while most rows have passed for no class, thresholds stay low.
    """
    top = max(float(learned.max()) if len(learned) else 0.0, float(unused), 1.0)
    beta = learned.float() / top
    return threshold * beta / (2 - beta)


def flexmatch(p: torch.Tensor, threshold: float) -> torch.Tensor:
    """FlexMatch on a whole pool: σ is counted on these very proposals, then each class has its own
    threshold.
    """
    import torch

    confidence, label, there = proposed(p)
    there = there & ~is_bare(p)
    passed = there & (confidence >= threshold)
    learned = torch.bincount(label[passed], minlength=p.shape[1])
    wanted = flexmatch_thresholds(learned, int(there.sum() - passed.sum()), threshold)
    return ((confidence >= wanted[label]) & there).to(p.dtype)


def flexmatch_step(
    p: torch.Tensor, state: State, threshold: float, rows: torch.Tensor | None, pool: int
) -> tuple[torch.Tensor, State]:
    """FlexMatch within steps: `state["passed"]` (pool,) holds the class as which each row last passed τ, or
    −1.

    Args:
        rows: (B,) places in the pool of these proposals.
    """
    import torch

    confidence, label, there = proposed(p)
    there = there & ~is_bare(p)
    last = state.get("passed")
    last = (
        torch.full((pool,), -1, dtype=torch.long, device=p.device)
        if last is None
        else last.to(p.device).clone()
    )
    used = last[last >= 0]
    learned = torch.bincount(used, minlength=p.shape[1])
    wanted = flexmatch_thresholds(learned, pool - len(used), threshold)
    passed = there & (confidence >= threshold)
    if rows is not None:
        last[rows[passed]] = label[passed]
    return ((confidence >= wanted[label]) & there).to(p.dtype), state | {"passed": last}


def freematch(p: torch.Tensor, state: State, momentum: float) -> tuple[torch.Tensor, State]:
    """Self-adaptive thresholds [4]: τ ← λτ + (1−λ) mean max p; p̃ ← λp̃ + (1−λ) mean p; kept where max p ≥ τ
    p̃(c) / max p̃.

    The paper writes > and its authors' code ≥, which keeps rows that are all equally sure; the tolerance is
    for rounding.
    """
    import torch

    confidence, label, there = proposed(p)
    there = there & ~is_bare(p)
    classes = p.shape[1]
    tau = state.get("tau", torch.tensor(1.0 / classes, dtype=p.dtype)).to(p.device)
    mean = state.get("mean", torch.full((classes,), 1.0 / classes, dtype=p.dtype)).to(p.device)
    if there.any():
        tau = momentum * tau + (1 - momentum) * confidence[there].mean()
        mean = momentum * mean + (1 - momentum) * p[there].mean(dim=0)
    wanted = tau * mean / mean.max().clamp(min=LEAST)
    is_kept = (confidence >= wanted[label] * (1 - 1e-6)) & there
    return is_kept.to(p.dtype), state | {"tau": tau, "mean": mean}


def softmatch(p: torch.Tensor, state: State, momentum: float) -> tuple[torch.Tensor, State]:
    """Truncated Gaussian weights [5]: exp(−(max p − μ)² / (2 σ²)) below the running mean μ of max p, 1
    above.
    """
    import torch

    confidence, _, there = proposed(p)
    there = there & ~is_bare(p)
    classes = p.shape[1]
    mu = state.get("mu", torch.tensor(1.0 / classes, dtype=p.dtype)).to(p.device)
    variance = state.get("variance", torch.tensor(1.0, dtype=p.dtype)).to(p.device)
    if there.any():
        now = confidence[there]
        spread = now.var(correction=1) if len(now) > 1 else torch.zeros_like(variance)
        mu = momentum * mu + (1 - momentum) * now.mean()
        variance = momentum * variance + (1 - momentum) * spread
    below = torch.clamp(mu - confidence, min=0.0)
    weights = torch.exp(-(below**2) / (2 * variance.clamp(min=1e-12)))
    return torch.where(there, weights, torch.zeros_like(weights)), state | {"mu": mu, "variance": variance}


def share_at(first: float, last: float, progress: float) -> float:
    """From the first share to the last one, evenly over the training."""
    return first + (last - first) * min(1.0, max(0.0, progress))
