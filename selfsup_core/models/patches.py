"""Patch transformer: an image as a sequence of small squares, for the masked objective.

[1] He et al.: Masked autoencoders are scalable vision learners, 2022
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import model_validator

from selfsup_core.errors import SettingError
from selfsup_core.models.registry import MODELS, Network
from selfsup_core.settings import KindConfig, setting
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from torch import nn


class PatchesConfig(KindConfig):
    """Settings of the patch transformer."""

    kind: Literal["patches"] = setting(
        "patches", "A transformer over the patches of an image.", title="Network"
    )
    patch: int = setting(
        4, "Side of a patch in pixels; it must divide the sides of the image.", title="Patch", ge=1, le=64
    )
    size: int = setting(
        64, "Size of the vector of a token, and of the code.", title="Token size", ge=8, le=1024
    )
    depth: int = setting(3, "Encoder layers.", title="Depth", ge=1, le=24)
    heads: int = setting(4, "Attention heads of a layer.", title="Heads", ge=1, le=16)
    decoder_size: int = setting(
        48, "Size of the vector of a token in the decoder.", title="Decoder token size", ge=8, le=1024
    )
    decoder_depth: int = setting(1, "Decoder layers.", title="Decoder depth", ge=1, le=12)

    @model_validator(mode="after")
    def sizes_fit_heads(self) -> PatchesConfig:
        for name in ("size", "decoder_size"):
            value = getattr(self, name)
            if value % self.heads or value % 4:
                raise ValueError(
                    tr("{name} must be a multiple of 4 and of heads = {heads}; found {value}").format(
                        name=name, heads=self.heads, value=value
                    )
                )
        return self


def grid(config: PatchesConfig, item_shape: tuple[int, ...]) -> tuple[int, int, int]:
    """(height, width, channels). Raises SettingError unless the patches fit."""
    if len(item_shape) not in (2, 3):
        raise SettingError(
            tr("The patch transformer takes images; found samples of shape {item_shape}.").format(
                item_shape=item_shape
            ),
            remedy=tr("Use a dense network (model.kind = dense)."),
        )
    height, width = item_shape[:2]
    if height % config.patch or width % config.patch:
        fits = [p for p in range(2, min(height, width) // 2 + 1) if not height % p and not width % p]
        choice = (
            tr("Set the patch size (model.patch) to {map}.").format(map=" or ".join(map(str, fits)))
            if fits
            else tr("Resize the images.")
        )
        raise SettingError(
            tr("A patch size of {patch} does not divide images of {height} × {width}.").format(
                patch=config.patch, height=height, width=width
            ),
            remedy=choice,
        )
    if (height // config.patch) * (width // config.patch) < 2:
        raise SettingError(
            tr("A patch size of {patch} leaves a single patch of {height} × {width}.").format(
                patch=config.patch, height=height, width=width
            ),
            remedy=tr("Use a smaller patch."),
        )
    return height, width, item_shape[2] if len(item_shape) == 3 else 1


def sizes_of(config: PatchesConfig, item_shape: tuple[int, ...]) -> list[int]:
    """[784, 3136, 64, 2352, 784]: the input, its tokens, the code (their mean), the decoder's tokens, the
    output.
    """
    height, width, channels = grid(config, item_shape)
    tokens = (height // config.patch) * (width // config.patch)
    values = height * width * channels
    return [values, tokens * config.size, config.size, tokens * config.decoder_size, values]


def count_parameters(config: PatchesConfig, item_shape: tuple[int, ...]) -> int:
    channels = grid(config, item_shape)[2]
    values, size, small = config.patch**2 * channels, config.size, config.decoder_size

    def block(w: int) -> int:
        return 12 * w * w + 13 * w

    encoder = (values + 1) * size + config.depth * block(size) + 2 * size
    decoder = (size + 1) * small + small + config.decoder_depth * block(small) + 2 * small
    return encoder + decoder + (small + 1) * values


def build(config: PatchesConfig, item_shape: tuple[int, ...]) -> nn.Module:
    from selfsup_core.models.modules.patches import PatchTransformer

    return PatchTransformer(
        *grid(config, item_shape),
        patch=config.patch,
        size=config.size,
        depth=config.depth,
        heads=config.heads,
        decoder_size=config.decoder_size,
        decoder_depth=config.decoder_depth,
    )


MODELS.register("patches")(
    Network(
        config=PatchesConfig,
        build=build,
        code_size=lambda config: config.size,
        shapes=sizes_of,
        parameters=count_parameters,
        can_decode=False,
    )
)
