"""A small vision transformer that encodes images and spectrograms, for learning from views.

[1] Dosovitskiy et al.: An image is worth 16 × 16 words, 2021
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import model_validator

from selfsup_core.models.registry import MODELS, Network
from selfsup_core.models.residual import check_shape
from selfsup_core.settings import KindConfig, setting
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from torch import nn

GRID = 8  # patches along the longer side, where the size of a patch is chosen automatically
LEAST_PATCH = 2


class VitConfig(KindConfig):
    """Settings of the vision transformer."""

    kind: Literal["vit"] = setting("vit", "A small vision transformer.", title="Network")
    patch: int = setting(
        0,
        "Side of a patch in pixels; 0 chooses it so that the longer side has at most eight patches.",
        title="Patch",
        zero="automatic",
        why="4 for images of 28 to 32 pixels, 8 for 64. Smaller patches show more and cost more.",
        ge=0,
        le=64,
    )
    size: int = setting(
        96,
        "Size of the vector of a token, and of the code.",
        title="Token size",
        why="Half of ViT-Tiny's 192: an epoch of 3,500 images takes seconds on a CPU.",
        ge=8,
        le=1024,
    )
    depth: int = setting(4, "Layers.", title="Depth", why="A third of ViT-Tiny's 12.", ge=1, le=24)
    heads: int = setting(3, "Attention heads of a layer.", title="Heads", why="As in ViT-Tiny.", ge=1, le=16)

    @model_validator(mode="after")
    def size_fits_heads(self) -> VitConfig:
        if self.size % self.heads or self.size % 4:
            raise ValueError(
                tr("size must be a multiple of 4 and of heads = {heads}; found {size}").format(
                    heads=self.heads, size=self.size
                )
            )
        return self


def patch_of(config: VitConfig, item_shape: tuple[int, ...]) -> int:
    """Side of a patch: as set, or by the size of the image."""
    return config.patch or max(LEAST_PATCH, -(-max(item_shape[:2]) // GRID))


def layer_sizes(config: VitConfig, item_shape: tuple[int, ...]) -> list[int]:
    """[784, 4704, 96]: the values of an image, its tokens, the code (their mean)."""
    patch = patch_of(config, item_shape)
    tokens = int(np.prod([-(-side // patch) for side in item_shape[:2]]))
    return [int(np.prod(item_shape)), tokens * config.size, config.size]


def count_parameters(config: VitConfig, item_shape: tuple[int, ...]) -> int:
    """Of the encoder, without what an objective adds."""
    channels, size = (item_shape[2] if len(item_shape) == 3 else 1), config.size
    values = patch_of(config, item_shape) ** 2 * channels
    return (values + 1) * size + config.depth * (12 * size * size + 13 * size) + 2 * size


def build(config: VitConfig, item_shape: tuple[int, ...]) -> nn.Module:
    """An `Encoder` of images. Raises SettingError for what is not an image."""
    from selfsup_core.models.modules.encoder import Encoder
    from selfsup_core.models.modules.vision import VisionTransformerBody

    check_shape(item_shape, tr("vision transformer"))
    body = VisionTransformerBody(
        item_shape,
        patch=patch_of(config, item_shape),
        size=config.size,
        depth=config.depth,
        heads=config.heads,
    )
    return Encoder(body, code_size=config.size)


MODELS.register("vit")(
    Network(
        config=VitConfig,
        build=build,
        code_size=lambda config: config.size,
        shapes=layer_sizes,
        parameters=count_parameters,
        can_decode=False,
        task="views",
    )
)
