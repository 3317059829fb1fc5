"""Gauges of a representation that need no labels, and what tells that it has collapsed.

All take embeddings z (N, D), one row a sample, and give a number.
[1] Garrido et al.: RankMe, 2022 (arXiv 2210.02885)
[2] Agrawal et al.: α-ReQ: assessing representation quality in self-supervised learning, 2022
[3] Thilak et al.: LiDAR, 2023 (arXiv 2312.04000)
[4] Chen, He: Exploring simple Siamese representation learning, 2020
[5] Bardes, Ponce, LeCun: VICReg, 2021
[6] Wang, Isola: Understanding contrastive representation learning through alignment and uniformity, 2020
[7] Jing et al.: Understanding dimensional collapse in contrastive self-supervised learning, 2021
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from selfsup_core.translation import tr, tr_later

if TYPE_CHECKING:
    import torch

EPSILON = 1e-7  # of RankMe's shares
RIDGE = 1e-4  # LiDAR adds it to the covariance within samples
LEAST_SPREAD = 0.1  # of 1/√D: below, all samples have one direction
LEAST_DEVIATION = (
    0.15  # of a dimension, where the objective wants 1; sound runs pass 0.25 in their first epoch
)
LEAST_RANK = 1.5  # a line has 1, a disc has 2
# Fewest directions, of as many as there could be: a fifth of few, 6 to 8 of many. Sound embeddings of 32
# numbers had 9 or more, of 128 numbers 12 or more, broken ones 2 to 7 (digits and Fashion-MNIST).
FEW_SHARE, FEW = 1 / 5, 6
MANY_SHARE, MANY = 1 / 16, 8

Kind = Literal["complete", "dimensional"]


@dataclass(frozen=True)
class Finding:
    """A collapse. kind: "complete" (all samples are one point) or "dimensional" (they differ in a few
    directions only); text: what was observed; remedy: what may help.
    """

    kind: Kind
    text: str
    remedy: str


REMEDIES: dict[Kind, str] = {
    "complete": tr_later(
        "Something must keep samples apart: negatives, a predictor with stop-gradient, a variance "
        "term or a slow teacher."
    ),
    "dimensional": tr_later(
        "Use a larger batch, a covariance term, a wider projector or stronger augmentation."
    ),
}


def singular_values(z: torch.Tensor) -> torch.Tensor:
    """(N, D) → (min(N, D),) singular values, largest first, in double precision."""
    import torch

    found: torch.Tensor = torch.linalg.svdvals(on_cpu(z))
    return found


def on_cpu(z: torch.Tensor) -> torch.Tensor:
    """In double precision, where every device has the decompositions."""
    return z.detach().cpu().double()


def entropy_rank(weights: torch.Tensor) -> float:
    """exp(H(p)) of non-negative weights p · const: how many of them count; 0 when all are 0."""
    total = float(weights.sum())
    if total <= 0:
        return 0.0
    p = weights / total + EPSILON
    return math.exp(-float((p * p.log()).sum()))


def rankme(z: torch.Tensor) -> float:
    """exp(−Σ p_k ln p_k), p_k = σ_k / ‖σ‖₁ + ε, of the singular values of z [1]: between 1 and min(N, D)."""
    return entropy_rank(singular_values(z))


def effective_rank(z: torch.Tensor) -> float:
    """RankMe of centered embeddings: in how many directions samples differ; 0 when they do not."""
    return entropy_rank(singular_values(on_cpu(z) - on_cpu(z).mean(dim=0)))


def alpha_req(z: torch.Tensor) -> float | None:
    """Decay α of the covariance's eigenvalues, λ_i ∝ i^−α, by least squares on both logarithms [2].

    Near 1 is good; larger means fewer directions. Eigenvalues below 1e-10 of the largest do not count; None
    when fewer than two are left.
    """
    import torch

    centered = on_cpu(z) - on_cpu(z).mean(dim=0)
    values = torch.linalg.svdvals(centered).square()
    values = values[values > 1e-10 * values.max()] if len(values) else values
    if len(values) < 2:
        return None
    x = torch.arange(1, len(values) + 1, dtype=torch.float64).log()
    y = values.log()
    x, y = x - x.mean(), y - y.mean()
    return -float((x * y).sum() / x.square().sum())


def lidar(views: torch.Tensor) -> float:
    """Effective rank of how samples differ, against how views of one sample differ [3].

    exp(H(p)) of the eigenvalues of Σ_w^(−1/2) Σ_b Σ_w^(−1/2): covariance of the samples' means Σ_b, and of
    views around them Σ_w + 1e-4 I.

    Args:
        views: (N, Q, D) embeddings of Q ≥ 2 views of each of N ≥ 2 samples.
    """
    import torch

    z = on_cpu(views)
    n, q, d = z.shape
    means = z.mean(dim=1)
    between = means - means.mean(dim=0)
    within = (z - means[:, None]).reshape(n * q, d)
    sigma_b = between.T @ between / (n - 1)
    sigma_w = within.T @ within / (n * (q - 1)) + RIDGE * torch.eye(d, dtype=torch.float64)
    values, vectors = torch.linalg.eigh(sigma_w)
    whiten = vectors @ torch.diag(values.rsqrt()) @ vectors.T
    found = torch.linalg.eigvalsh(whiten @ sigma_b @ whiten)
    return entropy_rank(found.clamp(min=0))


def spread(z: torch.Tensor) -> float:
    """Mean over dimensions of the deviation of z/‖z‖, times √D [4]: near 1 on an even sphere, 0 when all
    samples have one direction.
    """
    import torch

    unit = torch.nn.functional.normalize(on_cpu(z), dim=1)
    return float(unit.std(dim=0, correction=0).mean()) * math.sqrt(z.shape[1])


def deviation(z: torch.Tensor) -> float:
    """Mean over dimensions of the standard deviation of z itself."""
    return float(on_cpu(z).std(dim=0, correction=0).mean())


def variance_term(z: torch.Tensor, target: float = 1.0, epsilon: float = 1e-4) -> float:
    """Mean over dimensions of max(0, target − √(Var + ε)) [5]: 0 when all vary enough."""
    deviation = (on_cpu(z).var(dim=0) + epsilon).sqrt()
    return float((target - deviation).clamp(min=0).mean())


def covariance_term(z: torch.Tensor) -> float:
    """Sum of the squared covariances of different dimensions over D [5]: 0 when they are uncorrelated."""
    centered = on_cpu(z) - on_cpu(z).mean(dim=0)
    covariance = centered.T @ centered / max(1, len(z) - 1)
    apart = covariance.square().sum() - covariance.diagonal().square().sum()
    return float(apart / z.shape[1])


def alignment(one: torch.Tensor, two: torch.Tensor) -> float:
    """Mean squared distance on the unit sphere of two views of each sample, (N, D) both [6]: 0 is best."""
    import torch

    a, b = (torch.nn.functional.normalize(on_cpu(z), dim=1) for z in (one, two))
    return float((a - b).square().sum(dim=1).mean())


def uniformity(z: torch.Tensor, t: float = 2.0) -> float | None:
    """ln of the mean of exp(−t ‖a − b‖²) over all pairs on the unit sphere [6]: lower is more even, 0 is one
    point. None for less than two samples.
    """
    import torch

    if len(z) < 2:
        return None
    squares = torch.pdist(torch.nn.functional.normalize(on_cpu(z), dim=1)).square()
    return float((-t * squares).exp().mean().log())


def least_rank(most: int) -> float:
    """Effective rank below which embeddings have collapsed, where it could be `most`."""
    return max(LEAST_RANK, min(FEW, FEW_SHARE * most), min(MANY, MANY_SHARE * most))


def find_collapse(
    z: torch.Tensor, remedies: Mapping[Kind, str] | None = None, *, sees_scale: bool = False
) -> Finding | None:
    """Whether embeddings (N, D) have collapsed; None when they have not, or hold what is not a number.

    Args:
        sees_scale: the objective compares embeddings as they are, not by their direction, and wants a
            deviation of 1: then shrinking to a point is a collapse too.
        remedies: what helps against each kind; general advice where nothing is given.
    """
    import torch

    if len(z) < 3 or not bool(torch.isfinite(z).all()):
        return None
    most = min(len(z) - 1, z.shape[1])
    found = deviation(z) if sees_scale else None
    return judge_collapse(spread(z), effective_rank(z), most, remedies, deviation=found)


def judge_collapse(
    spread: float,
    rank: float,
    most: int,
    remedies: Mapping[Kind, str] | None = None,
    *,
    deviation: float | None = None,
) -> Finding | None:
    """As `find_collapse`, from numbers.

    Args:
        spread, rank, deviation: of the functions `spread`, `effective_rank` and `deviation`; None where the
            objective does not see the scale.
        most: the largest rank that there could be.
    """
    said = REMEDIES | dict(remedies or {})
    if deviation is not None and deviation < LEAST_DEVIATION:
        text = tr(
            "Complete collapse: all samples get nearly the same embedding z (standard deviation "
            "{deviation:.2f}, where this objective wants 1)."
        ).format(deviation=deviation)
        return Finding("complete", text, said["complete"])
    if spread < LEAST_SPREAD:
        text = tr(
            "Complete collapse: all samples get nearly the same embedding z (standard deviation "
            "{spread:.2f}, where samples spread evenly over a sphere have 1)."
        ).format(spread=spread)
        return Finding("complete", text, said["complete"])
    if most > 1 and rank < least_rank(most):
        text = tr(
            "Dimensional collapse: samples still get different embeddings z, but these differ in about "
            "{rank:.1f} of {most} possible directions only (effective rank of z)."
        ).format(rank=rank, most=most)
        return Finding("dimensional", text, said["dimensional"])
    return None
