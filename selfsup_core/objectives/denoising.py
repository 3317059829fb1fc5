"""Denoising: rebuild the clean x from a corrupted x̃, so that the code must know what samples look like.

L = ℓ(g(f(x̃)), x),  x̃ ~ q(x̃ | x)
q: Gaussian noise, values set to 0 (masking), or values set to 0 or 1 (salt and pepper).
[1] Vincent et al.: Extracting and composing robust features with denoising autoencoders, 2008
[2] Vincent et al.: Stacked denoising autoencoders, JMLR 2010
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from selfsup_core.objectives.losses import LossName, loss_setting, reconstruction_loss
from selfsup_core.objectives.registry import OBJECTIVES, Objective
from selfsup_core.settings import KindConfig, setting
from selfsup_core.translation import tr_later

if TYPE_CHECKING:
    import torch

    from selfsup_core.models.modules.autoencoder import Autoencoder

Noise = Literal["gaussian", "masking", "salt-and-pepper"]
NOISES = {
    "gaussian": tr_later("Gaussian"),
    "masking": tr_later("Masking"),
    "salt-and-pepper": tr_later("Salt and pepper"),
}


class DenoisingConfig(KindConfig):
    """Settings of the noise."""

    kind: Literal["denoising"] = setting(
        "denoising", "Reconstruct the clean input from a corrupted one.", title="Objective"
    )
    loss: LossName = loss_setting()
    noise: Noise = setting("masking", "How the input is corrupted.", title="Noise", titles=NOISES)
    amount: float = setting(
        0.4,
        "Standard deviation of Gaussian noise; otherwise the share of the values that are changed.",
        title="Amount of noise",
        why="Strong enough that copying the input does not help.",
        ge=0.0,
        le=1.0,
    )


def corrupt(x: torch.Tensor, noise: str, amount: float, generator: torch.Generator) -> torch.Tensor:
    """(B, D) in [0, 1] → the same with noise, still in [0, 1]."""
    import torch

    if noise == "gaussian":
        added = torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)
        return (x + amount * added).clamp(0, 1)
    chance = torch.rand(x.shape, generator=generator, device=x.device, dtype=x.dtype)
    if noise == "masking":
        return x * (chance >= amount)
    # The lower half of the hit values becomes pepper (0), the upper half salt (1).
    return x.where(chance >= amount, (chance >= amount / 2).to(x.dtype))


@OBJECTIVES.register("denoising")
class Denoising(Objective[DenoisingConfig]):
    """Corrupts every batch again."""

    Config = DenoisingConfig

    @classmethod
    def is_mean_of_rows(cls, config: DenoisingConfig) -> bool:
        return True

    def corrupt(self, batch: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        return corrupt(batch, self.config.noise, self.config.amount, generator)

    def step(
        self, model: Autoencoder, batch: torch.Tensor, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """batch: (B, D) in [0, 1] → {"loss": of the clean batch}."""
        logits = model(self.corrupt(batch, generator))
        return {"loss": reconstruction_loss(self.config.loss, model, logits, batch)}

    def show(
        self, model: Autoencoder, batch: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(corrupted, restored), both (B, D)."""
        corrupted = self.corrupt(batch, generator)
        return corrupted, model.decode(model.encode(corrupted))
