"""BYOL: predict what a slow copy of the network says of the other view; no negatives.

L = mean over both directions of 2 − 2 cos(q(z), z′_teacher), the teacher an exponential mean of the network.
[1] Grill et al.: Bootstrap your own latent, 2020
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from selfsup_core.objectives.registry import OBJECTIVES
from selfsup_core.objectives.two_views import (
    WITHOUT_VIEWS,
    Break,
    TwoViews,
    TwoViewsConfig,
    frozen_teacher,
    similarity,
    teacher_decay,
)
from selfsup_core.settings import setting
from selfsup_core.translation import tr_later

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from selfsup_core.models.modules.encoder import Encoder


class ByolConfig(TwoViewsConfig):
    """Settings of teacher and predictor."""

    kind: Literal["byol"] = setting(
        "byol", "Predict what a slow teacher says of the other view.", title="Objective"
    )
    decay: float = teacher_decay()
    predictor: bool = setting(
        True,
        "Put a small network between the projector and what the teacher says.",
        title="Predictor",
        why="Without it, the network can agree with its teacher by giving every sample one embedding.",
    )
    predictor_width: int = setting(
        256, "Units of the predictor's hidden layer.", title="Predictor width", ge=2, le=8192
    )


def byol_loss(predicted: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """(B, P), (B, P) → scalar: 2 − 2 cos, the squared distance on the unit sphere."""
    return (2 - 2 * similarity(predicted, target)).mean()


@OBJECTIVES.register("byol")
class Byol(TwoViews[ByolConfig]):
    """Follow a slow copy of oneself."""

    Config = ByolConfig
    breaks: ClassVar[Mapping[str, Break]] = {
        "predictor": Break(
            tr_later("Without predictor"),
            {"predictor": False},
            "weaker",
            tr_later(
                "Only batch norm still keeps samples apart: network and teacher agree at "
                "once, and embeddings "
                "move closer together, slowly in a short run."
            ),
        ),
        "teacher": frozen_teacher(),
        "augmentation": WITHOUT_VIEWS,
    }

    def equip(self, model: Encoder) -> None:
        from selfsup_core.models.modules.encoder import make_head

        super().equip(model)
        width = self.config.projector[-1]
        if self.config.predictor:
            model.predictor = make_head((width, self.config.predictor_width, width))

    def begin(self, model: Encoder) -> None:
        self.copy_teacher(model)

    def settle(self, model: Encoder) -> None:
        self.move_teacher(model)

    def terms(
        self, model: Encoder, one: torch.Tensor, two: torch.Tensor, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """{"loss": between 0 and 4, "agreement": mean cosine of the two views before the predictor}."""
        import torch

        a, b = self.both(model, one, two)
        predicted = model.predict(torch.cat([a, b]))
        target = self.taught(model, torch.cat([two, one]))
        return {"loss": byol_loss(predicted, target), "agreement": similarity(a, b).mean()}
