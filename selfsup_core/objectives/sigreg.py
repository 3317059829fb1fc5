"""LeJEPA: views agree, and embeddings are an isotropic Gaussian in every direction (SIGReg).

    L = (1 − λ) · mean ‖z_v − z̄‖² + λ · SIGReg(z),  z̄ the mean of a sample's views
SIGReg is the mean over random unit directions a of the Epps–Pulley statistic of aᵀz against N(0, 1):
    N ∫ |φ̂(t) − e^(−t²/2)|² e^(−t²/2) dt,  φ̂ the empirical characteristic function
[1] Balestriero, LeCun: LeJEPA: provable and scalable self-supervised learning without the heuristics, 2025
[2] Epps, Pulley: A test for normality based on the empirical characteristic function, 1983
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

FARTHEST, KNOTS = 3.0, 17  # of the integral; the integrand is even, so half of it is computed


class SigregConfig(TwoViewsConfig):
    """Settings of the regularizer."""

    kind: Literal["sigreg"] = setting(
        "sigreg", "Views agree, and embeddings are Gaussian in every direction.", title="Objective"
    )
    weight: float = setting(
        0.02,
        "Weight λ of the Gaussian shape; 1 − λ is that of the agreement.",
        title="SIGReg weight",
        why="As in the paper: the one setting of this method.",
        ge=0.0,
        le=1.0,
    )
    directions: int = setting(
        256,
        "Random directions that are looked along in each step.",
        title="Directions",
        why="As in the paper's code.",
        ge=1,
        le=16_384,
    )


def epps_pulley(x: torch.Tensor) -> torch.Tensor:
    """(N, S) numbers in S columns → (S,) statistics against N(0, 1), by the trapezoid rule on [−3, 3]."""
    import torch

    t = torch.linspace(0, FARTHEST, KNOTS, device=x.device)
    weights = torch.full_like(t, 2 * FARTHEST / (KNOTS - 1))
    weights[[0, -1]] /= 2
    gauss = (-t.square() / 2).exp()
    at = x.float()[:, :, None] * t  # (N, S, knots)
    error = (at.cos().mean(dim=0) - gauss).square() + at.sin().mean(dim=0).square()
    return (error @ (weights * gauss)) * len(x)


def sigreg(z: torch.Tensor, directions: torch.Tensor) -> torch.Tensor:
    """(N, P) embeddings, (P, S) directions of any length → scalar."""
    from torch.nn import functional

    return epps_pulley(z.float() @ functional.normalize(directions, dim=0)).mean()


@OBJECTIVES.register("sigreg")
class Sigreg(TwoViews[SigregConfig]):
    """One term that rules out every collapse."""

    Config = SigregConfig
    sees_scale = True
    breaks: ClassVar[Mapping[str, Break]] = {
        "gaussian": Break(
            tr_later("Without SIGReg"),
            {"weight": 0.0},
            "complete",
            tr_later("Only the agreement of the views is left, and one point agrees perfectly."),
        ),
        "augmentation": WITHOUT_VIEWS,
    }

    def terms(
        self, model: Encoder, one: torch.Tensor, two: torch.Tensor, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """{"loss", "invariance": mean squared distance from the mean of the views, "gaussian": SIGReg}."""
        import torch

        a, b = self.both(model, one, two)
        drawn = torch.randn(a.shape[1], self.config.directions, generator=generator, device=generator.device)
        middle = (a + b) / 2
        invariance = torch.stack([a - middle, b - middle]).float().square().mean()
        gaussian = (sigreg(a, drawn) + sigreg(b, drawn)) / 2
        loss = (1 - self.config.weight) * invariance + self.config.weight * gaussian
        return {"loss": loss, "invariance": invariance, "gaussian": gaussian}
