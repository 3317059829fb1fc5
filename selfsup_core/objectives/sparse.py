"""Sparse: reconstruct x while only a few dimensions of the code are active at a time.

L1: L = ℓ(x̂, x) + λ · mean_j |h_j|
KL: L = ℓ(x̂, x) + λ · mean_j KL(ρ ‖ ρ̂_j), where ρ̂_j is the mean of unit j over the
batch and KL(ρ ‖ ρ̂) = ρ ln(ρ / ρ̂) + (1 − ρ) ln((1 − ρ) / (1 − ρ̂)).
[1] Ng: Sparse autoencoder, CS294A lecture notes, 2011
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from selfsup_core.errors import SettingError
from selfsup_core.objectives.losses import LossName, loss_setting, reconstruction_loss
from selfsup_core.objectives.registry import OBJECTIVES, Objective
from selfsup_core.settings import KindConfig, setting
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import torch

    from selfsup_core.models.modules.autoencoder import Autoencoder

EDGE = 1e-4


class SparseConfig(KindConfig):
    """Settings of the penalty."""

    kind: Literal["sparse"] = setting(
        "sparse", "Reconstruct the input with few active numbers in the code.", title="Objective"
    )
    loss: LossName = loss_setting()
    penalty: Literal["l1", "kl"] = setting(
        "l1",
        "L1 pulls every number towards 0; KL keeps the mean of each one near the target.",
        title="Penalty",
        titles={"l1": "L1", "kl": "KL"},
        why="L1 works with any code activation; KL needs sigmoid.",
    )
    weight: float = setting(
        0.02,
        "Weight of the penalty relative to the reconstruction.",
        title="Penalty weight",
        ge=0.0,
        le=100.0,
    )
    target: float = setting(
        0.05, "Mean activation that KL aims at.", title="Target activation", gt=0.0, le=0.5
    )


def kl_to_target(mean: torch.Tensor, target: float) -> torch.Tensor:
    """(K,) mean activations in (0, 1) → (K,) KL(ρ ‖ ρ̂_j) in nats; 0 where they are the target."""
    mean = mean.clamp(EDGE, 1 - EDGE)
    return target * (target / mean).log() + (1 - target) * ((1 - target) / (1 - mean)).log()


@OBJECTIVES.register("sparse")
class Sparse(Objective[SparseConfig]):
    """Reconstruction with a penalty on the code."""

    Config = SparseConfig

    @classmethod
    def is_mean_of_rows(cls, config: SparseConfig) -> bool:
        return config.penalty == "l1"  # KL compares the mean of the whole batch with its target

    def equip(self, model: Autoencoder) -> None:
        from torch import nn

        is_bounded = any(isinstance(layer, nn.Sigmoid) for layer in model.head.modules())
        if self.config.penalty == "kl" and not is_bounded:
            raise SettingError(
                tr("The KL penalty needs a code between 0 and 1."),
                remedy=tr(
                    "Set Code activation to Sigmoid (model.code_activation), or Penalty to L1 "
                    "(objective.penalty)."
                ),
            )

    def step(
        self, model: Autoencoder, batch: torch.Tensor, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """batch: (B, D) → {"loss", "reconstruction", "sparsity"}; sparsity is the penalty before its
        weight.
        """
        h = model.encode(batch)
        rebuilt = reconstruction_loss(self.config.loss, model, model.logits(h), batch)
        if self.config.penalty == "kl":
            sparsity = kl_to_target(h.float().mean(dim=0), self.config.target).mean()
        else:
            sparsity = h.float().abs().mean()
        loss = rebuilt + self.config.weight * sparsity
        return {"loss": loss, "reconstruction": rebuilt, "sparsity": sparsity}

    def diagnose(self, model: Autoencoder, batch: torch.Tensor) -> dict[str, float]:
        """active_share: mean share of the code above a tenth of each unit's own largest value."""
        h = model.encode(batch).float().abs()
        return {"active_share": float((h > 0.1 * h.amax(dim=0).clamp(min=1e-8)).float().mean())}
