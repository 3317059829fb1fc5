"""VICReg: views agree (invariance), dimensions vary (variance) and are not correlated (covariance).

L = λ · mean ‖z − z′‖² / P + μ · ½ Σ_views mean_j max(0, 1 − √(Var z_j + ε)) + ν · Σ_views Σ_{i ≠ j} C_ij² / P
[1] Bardes, Ponce, LeCun: VICReg: variance-invariance-covariance regularization, 2021 (λ, μ, ν = 25, 25, 1)
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

EPSILON = 1e-4


class VicregConfig(TwoViewsConfig):
    """Weights of the three terms."""

    kind: Literal["vicreg"] = setting(
        "vicreg", "Views agree, dimensions vary and are not correlated.", title="Objective"
    )
    invariance: float = setting(
        25.0,
        "Weight of the distance between the two views.",
        title="Invariance weight",
        why="As in the paper.",
        ge=0.0,
        le=1000.0,
    )
    variance: float = setting(
        25.0,
        "Weight of the variance term, which keeps samples apart.",
        title="Variance weight",
        why="As in the paper.",
        ge=0.0,
        le=1000.0,
    )
    covariance: float = setting(
        1.0,
        "Weight of the covariance term, which keeps dimensions apart.",
        title="Covariance weight",
        why="As in the paper.",
        ge=0.0,
        le=1000.0,
    )


def variance_hinge(z: torch.Tensor) -> torch.Tensor:
    """(B, P) → scalar: mean over dimensions of max(0, 1 − √(Var + ε))."""
    z = z.float()
    variance = (z - z.mean(dim=0)).square().sum(dim=0) / max(1, len(z) - 1)
    return (1 - (variance + EPSILON).sqrt()).clamp(min=0).mean()


def covariance_penalty(z: torch.Tensor) -> torch.Tensor:
    """(B, P) → scalar: squared covariances of different dimensions, over P."""
    z = z.float() - z.float().mean(dim=0)
    c = z.T @ z / max(1, len(z) - 1)
    return (c.square().sum() - c.diagonal().square().sum()) / z.shape[1]


@OBJECTIVES.register("vicreg")
class Vicreg(TwoViews[VicregConfig]):
    """Three terms, each against one way to fail."""

    Config = VicregConfig
    sees_scale = True
    breaks: ClassVar[Mapping[str, Break]] = {
        "variance": Break(
            tr_later("Without variance term"),
            {"variance": 0.0},
            "complete",
            tr_later("Nothing keeps samples apart: one point has neither distance nor covariance."),
        ),
        "covariance": Break(
            tr_later("Without covariance term"),
            {"covariance": 0.0},
            "dimensional",
            tr_later("All dimensions may vary together, so one direction is enough."),
        ),
        "augmentation": WITHOUT_VIEWS,
    }

    def terms(
        self, model: Encoder, one: torch.Tensor, two: torch.Tensor, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """{"loss", "invariance", "variance", "covariance": before their weights}."""
        a, b = self.both(model, one, two)
        invariance = (a.float() - b.float()).square().mean()
        variance = (variance_hinge(a) + variance_hinge(b)) / 2
        covariance = covariance_penalty(a) + covariance_penalty(b)
        config = self.config
        loss = config.invariance * invariance + config.variance * variance + config.covariance * covariance
        return {"loss": loss, "invariance": invariance, "variance": variance, "covariance": covariance}
