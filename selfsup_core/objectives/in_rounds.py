"""Base of objectives that learn from few labels in rounds: a first network labels the rest, and what is
kept of that is learned from, beside a twin that learns from the given labels alone.

[1] Xie et al.: Self-training with noisy student improves ImageNet classification, 2020
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from selfsup_core.objectives.registry import Objective
from selfsup_core.settings import KindConfig, setting

if TYPE_CHECKING:
    import torch
    from torch import nn

    from selfsup_core.models.modules.student_and_twin import StudentAndTwin


class InRoundsConfig(KindConfig):
    """When labels are proposed, and how many of them are kept."""

    teacher_epochs: int = setting(
        8,
        "Epochs in which the network learns from the labeled rows alone, before it labels the others.",
        title="Epochs before the first proposals",
        ge=1,
        le=100_000,
    )
    every: int = setting(
        4,
        "Epochs after which the unlabeled rows are labeled anew.",
        title="Epochs of a round",
        ge=1,
        le=100_000,
    )
    keep: float = setting(
        0.5,
        "Share of the proposals that is learned from: the surest ones.",
        title="Share of proposals kept",
        ge=0.0,
        le=1.0,
    )


C = TypeVar("C", bound=InRoundsConfig)


@dataclass(frozen=True)
class Parts:
    """What each network is given in a step; None where it does not learn."""

    student: Any
    twin: Any = None
    helper: Any = None


class InRounds(Objective[C]):
    """What one network learns from its batch is all that a scenario must write (`learn`)."""

    has_reconstruction = False
    settled_from = float("inf")  # no epoch is chosen: the last one is the result

    def learn(self, network: nn.Module, batch: Any, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """{"loss": scalar to minimize, and other named scalar terms} of one network."""
        raise NotImplementedError

    def step(
        self, model: StudentAndTwin, batch: Parts, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """{"loss": the student's own value, whose gradient reaches all networks, "twin_loss",
        "helper_loss"}.
        """
        from selfsup_core.models.modules.beside import Draws

        draws = Draws(generator)
        terms = self.learn(model.student, batch.student, generator)
        after, total = Draws(generator), terms["loss"]
        for name in ("twin", "helper"):
            rows = getattr(batch, name)
            if rows is None:
                continue
            draws.again()  # the same dropout and augmentation as the student's
            own = self.learn(getattr(model, name), rows, generator)["loss"]
            terms[f"{name}_loss"] = own.detach()
            total = total + (own - own.detach())
        after.again()
        return terms | {"loss": total}
