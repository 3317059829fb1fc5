"""Reconstruction: make x̂ = g(f(x)) like x.

Published: BCE 0.097 nats a pixel for a deep dense autoencoder with a 32-dimensional code on full MNIST [1].
[1] Chollet: Building autoencoders in Keras, 2016
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from selfsup_core.objectives.losses import LossName, loss_setting, reconstruction_loss
from selfsup_core.objectives.registry import OBJECTIVES, Objective
from selfsup_core.settings import KindConfig, setting

if TYPE_CHECKING:
    import torch

    from selfsup_core.models.modules.autoencoder import Autoencoder


class ReconstructionConfig(KindConfig):
    """Settings of plain reconstruction."""

    kind: Literal["reconstruction"] = setting(
        "reconstruction", "Reconstruct the input from its code.", title="Objective"
    )
    loss: LossName = loss_setting()


@OBJECTIVES.register("reconstruction")
class Reconstruction(Objective[ReconstructionConfig]):
    """Plain reconstruction; deterministic, so the generator is not used."""

    Config = ReconstructionConfig

    @classmethod
    def is_mean_of_rows(cls, config: ReconstructionConfig) -> bool:
        return True

    def step(
        self, model: Autoencoder, batch: torch.Tensor, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """batch: (B, D) in [0, 1] → {"loss": nats or squared units a value}."""
        return {"loss": reconstruction_loss(self.config.loss, model, model(batch), batch)}
