"""Masked autoencoder: hide most patches and fill them in from the rest.

L = mean over hidden patches of ℓ(x̂_p, x_p); the encoder sees the visible patches only, the decoder adds a
learned token for each hidden one. Of N patches exactly round(ratio · N) are hidden, drawn again for every
sample.
[1] He et al.: Masked autoencoders are scalable vision learners, 2022
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from selfsup_core.objectives.losses import LOSSES, LossName, loss_setting
from selfsup_core.objectives.registry import OBJECTIVES, Objective
from selfsup_core.settings import KindConfig, setting

if TYPE_CHECKING:
    import torch

    from selfsup_core.models.modules.patches import PatchTransformer

GRAY = 0.5


class MaskedConfig(KindConfig):
    """Settings of the holes."""

    kind: Literal["masked"] = setting(
        "masked", "Fill in hidden patches from the visible ones.", title="Objective"
    )
    loss: LossName = loss_setting("mse")
    ratio: float = setting(
        0.6,
        "Share of the patches that are hidden.",
        title="Hidden share",
        why="High enough that copying neighbors is not enough; the paper uses 0.75 for large photographs.",
        gt=0.0,
        le=0.95,
    )


def random_keep(batch: int, tokens: int, ratio: float, generator: torch.Generator) -> torch.Tensor:
    """(batch, V) numbers of the visible patches, ascending, V = tokens − round(ratio · tokens), at least one
    hidden and one not.
    """
    import torch

    hidden = min(max(round(ratio * tokens), 1), tokens - 1)
    chance = torch.rand(batch, tokens, generator=generator, device=generator.device)
    return chance.argsort(dim=1)[:, hidden:].sort(dim=1).values


def is_hidden(keep: torch.Tensor, tokens: int) -> torch.Tensor:
    """(B, V) visible patches → (B, tokens) booleans."""
    import torch

    hidden = torch.ones(len(keep), tokens, dtype=torch.bool, device=keep.device)
    return hidden.scatter(1, keep, False)


@OBJECTIVES.register("masked")
class Masked(Objective[MaskedConfig]):
    """Only hidden patches count."""

    Config = MaskedConfig
    has_reconstruction = False
    networks = ("patches",)

    @classmethod
    def is_mean_of_rows(cls, config: MaskedConfig) -> bool:
        return True

    def step(
        self, model: PatchTransformer, batch: torch.Tensor, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """batch: (B, D) → {"loss": over hidden patches, a value}."""
        keep = random_keep(len(batch), model.tokens, self.config.ratio, generator)
        hidden = is_hidden(keep, model.tokens)
        logits = model.masked_forward(batch, keep)
        loss = LOSSES[self.config.loss](logits[hidden], model.patches(batch)[hidden])
        return {"loss": loss}

    def show(
        self, model: PatchTransformer, batch: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(input with gray holes, the same with the holes filled), both (B, D)."""
        keep = random_keep(len(batch), model.tokens, self.config.ratio, generator)
        hidden = is_hidden(keep, model.tokens)[:, :, None]
        patches = model.patches(batch)
        filled = model.masked_forward(batch, keep).float().sigmoid()
        return (
            model.unpatch(patches.masked_fill(hidden, GRAY)),
            model.unpatch(filled.where(hidden, patches)),
        )
