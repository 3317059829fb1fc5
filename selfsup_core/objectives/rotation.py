"""Rotation prediction: turn each image by 0, 90, 180 or 270 degrees, and tell by how much.

L = cross-entropy of four classes that cost nothing to label; all four turns of each image are in the batch.
[1] Gidaris, Singh, Komodakis: Unsupervised representation learning by predicting image rotations, 2018
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from selfsup_core.errors import SettingError
from selfsup_core.objectives.registry import OBJECTIVES
from selfsup_core.objectives.two_views import WITHOUT_VIEWS, Break, TwoViews, TwoViewsConfig
from selfsup_core.settings import setting
from selfsup_core.translation import tr, tr_later

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from selfsup_core.models.modules.encoder import Encoder

TURNS = 4


class RotationConfig(TwoViewsConfig):
    """It has no settings of its own."""

    kind: Literal["rotation"] = setting(
        "rotation", "Tell by how much an image was turned.", title="Objective"
    )


def all_turns(x: torch.Tensor, item: tuple[int, int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """(B, D) square images, item (H, W, C) → (4 · B, D) turned by 0, 90, 180, 270 degrees, and (4 · B,) which
    turn.
    """
    import torch

    images = x.view(len(x), *item)
    turned = [images.rot90(k, dims=(1, 2)).reshape(len(x), -1) for k in range(TURNS)]
    return torch.cat(turned), torch.arange(TURNS, device=x.device).repeat_interleave(len(x))


@OBJECTIVES.register("rotation")
class Rotation(TwoViews[RotationConfig]):
    """A pseudo-label that needs no proposer. Images whose meaning turns with them teach the most."""

    Config = RotationConfig
    networks: tuple[str, ...] = ("residual", "resnet18", "vit")
    has_projector = False
    own_puzzle = tr_later("This run learns from turned pictures, and varies nothing else.")
    breaks: ClassVar[Mapping[str, Break]] = {"augmentation": WITHOUT_VIEWS}

    def equip(self, model: Encoder) -> None:
        """A linear layer from code to turn, and no projector."""
        from torch import nn

        height, width, _ = model.body.item
        if height != width:
            raise SettingError(
                tr("Rotation prediction needs square images; found {height} × {width}.").format(
                    height=height, width=width
                ),
                remedy=tr("Choose another objective."),
            )
        model.predictor = nn.Linear(model.code_size, TURNS)

    def terms(
        self, model: Encoder, one: torch.Tensor, two: torch.Tensor, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """{"loss": nats per image, "accuracy": share of the turns that are told}; of the first view."""
        from torch.nn import functional

        x, turn = all_turns(one, model.body.item)
        logits = model.predict(model(x)).float()
        accuracy = (logits.argmax(dim=1) == turn).float().mean()
        return {"loss": functional.cross_entropy(logits, turn), "accuracy": accuracy}
