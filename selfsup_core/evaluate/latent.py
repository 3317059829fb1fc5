"""Paths in a latent space: from a map back to codes, lines, arcs, class directions, a fitted Gaussian.

All functions take and give tensors of codes; none knows a network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from selfsup_core.errors import SettingError
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import torch

SHRINKAGE = 0.02


def code_to_map(codes: torch.Tensor, mean: torch.Tensor, axes: torch.Tensor) -> torch.Tensor:
    """(N, K) → (N, 2): (h − mean) axesᵀ, for axes (2, K)."""
    return (codes - mean) @ axes.T


def map_to_code(
    points: torch.Tensor, mean: torch.Tensor, axes: torch.Tensor, residual: torch.Tensor | None = None
) -> torch.Tensor:
    """(N, 2) → (N, K): mean + p axes, the code nearest to `mean` that the map shows there.

    Args:
        axes: (2, K) with orthonormal rows.
        residual: (K,) what is added across the map's plane, as in a chosen sample.
    """
    codes = mean + points @ axes
    return codes if residual is None else codes + residual


def lerp(a: torch.Tensor, b: torch.Tensor, t: float) -> torch.Tensor:
    """The point at share `t` of the straight line from a to b."""
    return a + t * (b - a)


def slerp(a: torch.Tensor, b: torch.Tensor, t: float) -> torch.Tensor:
    """The point at share `t` of the arc from a to b; the length goes evenly from ‖a‖ to ‖b‖.

    A Gaussian in many dimensions lies near a sphere, so an arc stays where codes are. Codes that are zero or
    (anti)parallel
    span no arc: these go straight.
    [1] Shoemake: Animating rotation with quaternion curves, 1985
    """
    import torch

    lengths = a.double().norm(), b.double().norm()
    if min(lengths) < 1e-8:
        return lerp(a, b, t)
    u, v = a.double() / lengths[0], b.double() / lengths[1]
    # Near 0 and π, acos loses half the digits, and the arc would lose its length.
    angle = 2 * torch.atan2((u - v).norm(), (u + v).norm())
    if torch.sin(angle) < 1e-6:
        return lerp(a, b, t)
    direction = (torch.sin((1 - t) * angle) * u + torch.sin(t * angle) * v) / torch.sin(angle)
    found: torch.Tensor = (direction * ((1 - t) * lengths[0] + t * lengths[1])).to(a.dtype)
    return found


def rank_dimensions(importance: torch.Tensor) -> np.ndarray:
    """(K,) → dimensions, most used first; equal ones in their order."""
    return np.argsort(-importance.detach().cpu().double().numpy(), kind="stable")


def traverse(
    code: torch.Tensor, dimensions: torch.Tensor, offsets: torch.Tensor, scale: torch.Tensor
) -> torch.Tensor:
    """(d · s, K) copies of a code (K,): in copy i · s + j dimension i has moved by offset j times its scale.

    Args:
        dimensions: (d,), offsets: (s,) in units of `scale` (K,), mostly standard deviations.
    """
    import torch

    codes = code.repeat(len(dimensions), len(offsets), 1)
    index = torch.arange(len(dimensions))
    codes[index, :, dimensions] += offsets * scale[dimensions][:, None]
    return codes.flatten(0, 1)


def class_direction(codes: torch.Tensor, labels: torch.Tensor, plus: int, minus: int) -> torch.Tensor:
    """(K,) mean code of class `plus` − mean code of class `minus`.

    Raises:
        SettingError: one of them has no sample here.
    """
    for name, index in (("plus", plus), ("minus", minus)):
        if not bool((labels == index).any()):
            raise SettingError(
                tr("{name}: no sample of the map has class {index}.").format(name=name, index=index)
            )
    return codes[labels == plus].mean(dim=0) - codes[labels == minus].mean(dim=0)


@dataclass(frozen=True)
class FittedGaussian:
    """mean: (K,), factor: (K, K) with covariance = factor factorᵀ."""

    mean: torch.Tensor
    factor: torch.Tensor

    @classmethod
    def fit(cls, codes: torch.Tensor) -> FittedGaussian:
        """Mean and covariance of (N, K) codes; the covariance is mixed with 2% of its own diagonal, which
        makes it positive definite even where codes lie in a plane.
        """
        import torch

        codes = codes.double()
        mean = codes.mean(dim=0)
        centered = codes - mean
        covariance = centered.T @ centered / max(1, len(codes) - 1)
        spread = torch.diag(covariance)
        floor = 1e-9 + 1e-6 * spread.mean()  # a dimension that never varies
        covariance = (1 - SHRINKAGE) * covariance + torch.diag(SHRINKAGE * spread + floor)
        return cls(mean.float(), torch.linalg.cholesky(covariance).float())

    def sample(self, count: int, generator: torch.Generator) -> torch.Tensor:
        """(count, K) draws."""
        import torch

        noise = torch.randn(count, len(self.mean), generator=generator)
        return self.mean + noise @ self.factor.T


def posterior_ellipse(
    mean: torch.Tensor, variance: torch.Tensor, map_mean: torch.Tensor, axes: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """A Gaussian with mean (K,) and variances (K,) as it lies on the map: its mean (2,) and covariance (2,
    2).
    """
    return code_to_map(mean[None], map_mean, axes)[0], (axes * variance) @ axes.T
