"""A small U-Net that is told a time and a class: what a generator asks at each step from noise to an image.

[1] Ronneberger, Fischer, Brox: U-Net, 2015
[2] Ho, Jain, Abbeel: Denoising diffusion probabilistic models, 2020 (time and skips within)
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import field_validator

from selfsup_core.errors import SettingError
from selfsup_core.models.modules.unet_sizes import EMBEDDING, TIMES
from selfsup_core.models.registry import MODELS, Network
from selfsup_core.settings import KindConfig, setting
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from torch import nn

LEAST_SIDE = 4


class UNetConfig(KindConfig):
    """Scales of the network."""

    kind: Literal["unet"] = setting("unet", "A U-Net from a noisy image to what is asked.", title="Network")
    channels: tuple[int, ...] = setting(
        (32, 64),
        "Channels at each scale; each scale but the last halves height and width.",
        title="Channels",
        min_length=1,
        max_length=5,
        why="Two CPU cores train it on 4,000 small images in about three minutes.",
    )
    patch: int = setting(
        2,
        "Pixels on a side that become one place of the first scale.",
        title="Patch size",
        why="Twice as many give a quarter of the places, and a step takes about a third of the time.",
        ge=1,
        le=8,
    )
    attention: bool = setting(
        True, "Let the places of the smallest scale look at each other.", title="Attention"
    )

    @field_validator("channels")
    @classmethod
    def channels_are_sensible(cls, channels: tuple[int, ...]) -> tuple[int, ...]:
        if any(not 1 <= size <= 1024 for size in channels):
            raise ValueError(tr("each must be at least 1 and at most 1024"))
        return channels


def image_size(item_shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """(H, W, C, classes) of an image's shape with the number of classes behind it.

    Raises:
        SettingError: it is not an image.
    """
    shape, classes = item_shape[:-1], item_shape[-1]
    if len(shape) not in (2, 3) or min(shape[:2]) < LEAST_SIDE:
        raise SettingError(
            tr(
                "The U-Net needs images of at least {least_side} × {least_side}; found samples of shape "
                "{shape}."
            ).format(least_side=LEAST_SIDE, shape=shape),
            remedy=tr("Choose images."),
        )
    return shape[0], shape[1], shape[2] if len(shape) == 3 else 1, classes


def layer_sizes(config: UNetConfig, item_shape: tuple[int, ...]) -> list[int]:
    """[values of an image, channels …, and back]."""
    size = int(np.prod(item_shape[:-1]))
    return [size, *config.channels, *reversed(config.channels[:-1]), size]


def count_parameters(config: UNetConfig, item_shape: tuple[int, ...]) -> int:
    """Weights and biases, counted as `modules.unet.UNet` has them."""
    _, _, depth, classes = image_size(item_shape)
    size, channels = EMBEDDING, config.channels
    depth *= config.patch**2
    first, last = channels[0], channels[-1]

    def conv(a: int, b: int) -> int:
        return 9 * a * b + b

    def block(a: int, b: int) -> int:
        skip = a * b + b if a != b else 0
        return 2 * a + conv(a, b) + (size + 1) * 2 * b + 2 * b + conv(b, b) + skip

    total = (TIMES + 1) * size + (size + 1) * size + (classes + 1) * size
    total += conv(depth, first) + 2 * first + conv(first, depth)
    total += block(first, first) + sum(conv(a, a) + block(a, b) for a, b in pairwise(channels))
    total += block(last, last) + (2 * last + 4 * (last * last + last) if config.attention else 0)
    total += block(2 * last, last)
    total += sum(conv(b, b) + block(a + b, a) for a, b in pairwise(channels))
    return total


def build(config: UNetConfig, item_shape: tuple[int, ...]) -> nn.Module:
    """A `UNet`; item_shape has the number of classes behind it. Raises SettingError for what is no image."""
    from selfsup_core.models.modules.unet import UNet

    *size, classes = image_size(item_shape)
    return UNet(
        (size[0], size[1], size[2]),
        config.channels,
        classes,
        patch=config.patch,
        attention=config.attention,
    )


MODELS.register("unet")(
    Network(
        config=UNetConfig,
        build=build,
        code_size=lambda config: config.channels[-1],
        shapes=layer_sizes,
        parameters=count_parameters,
        can_decode=False,
        task="generate",
    )
)
