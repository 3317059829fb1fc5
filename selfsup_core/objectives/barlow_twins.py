"""Barlow Twins: each dimension agrees between the views, and no two dimensions say the same.

C = cross-correlation (P, P) of the views' embeddings over the batch:
    L = Σ_i (1 − C_ii)² + λ Σ_{i ≠ j} C_ij²
[1] Zbontar et al.: Barlow Twins: self-supervised learning via redundancy reduction, 2021
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from selfsup_core.objectives.registry import OBJECTIVES
from selfsup_core.objectives.two_views import WITHOUT_VIEWS, Break, TwoViews, TwoViewsConfig
from selfsup_core.settings import setting
from selfsup_core.translation import tr_later

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from selfsup_core.models.modules.encoder import Encoder

EPSILON = 1e-5  # of batch norm, by which the paper standardizes


class BarlowTwinsConfig(TwoViewsConfig):
    """Settings of the correlations."""

    kind: Literal["barlow-twins"] = setting(
        "barlow-twins", "Make each dimension agree, and dimensions differ.", title="Objective"
    )
    redundancy: float = setting(
        0.005,
        "Weight of the correlations between different dimensions.",
        title="Redundancy weight",
        why="As in the paper.",
        ge=0.0,
        le=10.0,
    )


def cross_correlation(one: torch.Tensor, two: torch.Tensor) -> torch.Tensor:
    """(B, P), (B, P) → (P, P); each column is standardized over the batch."""

    def standardize(z: torch.Tensor) -> torch.Tensor:
        z = z.float()
        return (z - z.mean(dim=0)) * (z.var(dim=0, correction=0) + EPSILON).rsqrt()

    return standardize(one).T @ standardize(two) / len(one)


@OBJECTIVES.register("barlow-twins")
class BarlowTwins(TwoViews[BarlowTwinsConfig]):
    """Reduce redundancy between dimensions."""

    Config = BarlowTwinsConfig
    breaks: ClassVar[Mapping[str, Break]] = {
        "redundancy": Break(
            tr_later("Without redundancy term"),
            {"redundancy": 0.0},
            "dimensional",
            tr_later("All dimensions may say the same thing, so one direction is enough."),
        ),
        "augmentation": WITHOUT_VIEWS,
    }

    def terms(
        self, model: Encoder, one: torch.Tensor, two: torch.Tensor, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """{"loss", "invariance": Σ (1 − C_ii)², "redundancy": Σ C_ij², before its weight}."""
        c = cross_correlation(*self.both(model, one, two))
        diagonal = c.diagonal()
        invariance = (1 - diagonal).square().sum()
        redundancy = c.square().sum() - diagonal.square().sum()
        loss = invariance + self.config.redundancy * redundancy
        return {"loss": loss, "invariance": invariance, "redundancy": redundancy}
