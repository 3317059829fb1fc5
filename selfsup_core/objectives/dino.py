"""DINO: say the same of one view, over learned prototypes, as a slow teacher says of the other.

L = mean over both directions of the cross-entropy of softmax(s / τ_s) from softmax((t − c) / τ_t); s, t the
student's and the teacher's cosines with the prototypes, c a running mean of t (centering), τ_t < τ_s
(sharpening). Centering alone would make the teacher say nothing, sharpening alone always the same.
[1] Caron et al.: Emerging properties in self-supervised vision transformers, 2021
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

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


class DinoConfig(TwoViewsConfig):
    """Settings of teacher and prototypes."""

    kind: Literal["dino"] = setting(
        "dino", "Say the same of one view as a slow teacher says of the other.", title="Objective"
    )
    prototypes: int = setting(
        256,
        "Directions that embeddings are compared with.",
        title="Prototypes",
        why="The paper's 65,536 are for a million images.",
        ge=2,
        le=65_536,
    )
    temperature: float = setting(
        0.1, "Of the student.", title="Student temperature", why="As in the paper.", gt=0.0, le=10.0
    )
    teacher_temperature: float = setting(
        0.04,
        "Of the teacher: lower than the student's, so that it decides (sharpening).",
        title="Teacher temperature",
        why="As in the paper.",
        gt=0.0,
        le=10.0,
    )
    decay: float = teacher_decay()
    centering: bool = setting(
        True,
        "Subtract a running mean from what the teacher says.",
        title="Centering",
        why="Without it, the teacher may say the same of every sample.",
    )
    center_decay: float = setting(
        0.9, "How slowly that mean follows.", title="Decay of the center", ge=0.0, lt=1.0
    )


def dino_loss(
    student: torch.Tensor, teacher: torch.Tensor, temperature: float, teacher_temperature: float
) -> torch.Tensor:
    """(N, M) cosines of the student, (N, M) centered ones of the teacher → scalar, nats per view."""
    target = (teacher.float() / teacher_temperature).softmax(dim=1)
    return -(target * (student.float() / temperature).log_softmax(dim=1)).sum(dim=1).mean()


@OBJECTIVES.register("dino")
class Dino(TwoViews[DinoConfig]):
    """Self-distillation without labels.

    Attributes:
        center: (M,) running mean of the teacher's cosines. seen: that of the newest training step.
    """

    Config = DinoConfig
    breaks: ClassVar[Mapping[str, Break]] = {
        "centering": Break(
            tr_later("Without centering"),
            {"centering": False},
            "weaker",
            tr_later(
                "The prototypes that most samples are near to win ever more of them; in long "
                "runs one wins all."
            ),
        ),
        "teacher": frozen_teacher(),
        "augmentation": WITHOUT_VIEWS,
    }

    def __init__(self, config: DinoConfig) -> None:
        super().__init__(config)
        self.center: torch.Tensor | None = None
        self.seen: torch.Tensor | None = None

    def equip(self, model: Encoder) -> None:
        """A projector, and prototypes as the rows of a matrix."""
        from selfsup_core.models.modules.encoder import Prototypes

        super().equip(model)
        model.predictor = Prototypes(self.config.projector[-1], self.config.prototypes)

    def begin(self, model: Encoder) -> None:
        import torch

        self.copy_teacher(model)
        device = next(model.parameters()).device
        self.center = torch.zeros(self.config.prototypes, device=device)

    def settle(self, model: Encoder) -> None:
        self.move_teacher(model)
        if self.seen is not None and self.center is not None:
            self.center = self.center.lerp(self.seen, 1 - self.config.center_decay)
            self.seen = None

    def state(self) -> dict[str, Any]:
        return super().state() | {"center": self.center}

    def load(self, state: dict[str, Any]) -> None:
        super().load(state)
        self.center = state["center"].to(self.center.device) if self.center is not None else None

    def terms(
        self, model: Encoder, one: torch.Tensor, two: torch.Tensor, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """{"loss": nats per view, "entropy": of the teacher's choice, "divergence": the loss beyond it,
        "agreement": mean cosine of the two views' embeddings}.
        """
        import torch

        assert self.teacher is not None, "`begin` has not been called"
        assert self.center is not None, "`begin` has not been called"
        a, b = self.both(model, one, two)
        student = model.predict(torch.cat([a, b]))
        with torch.no_grad():
            said = self.teacher.predict(self.taught(model, torch.cat([two, one]))).float()
        if model.training:
            self.seen = said.mean(dim=0)
        centered = said - self.center if self.config.centering else said
        config = self.config
        loss = dino_loss(student, centered, config.temperature, config.teacher_temperature)
        shares = (centered / config.teacher_temperature).softmax(dim=1)
        entropy = torch.special.entr(shares).sum(dim=1).mean()
        return {
            "loss": loss,
            "entropy": entropy,
            "divergence": loss - entropy,
            "agreement": similarity(a, b).mean(),
        }
