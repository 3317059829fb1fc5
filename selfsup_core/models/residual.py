"""A small residual network that encodes images and spectrograms, for learning from views."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import field_validator

from selfsup_core.errors import SettingError
from selfsup_core.models.registry import MODELS, Network
from selfsup_core.settings import KindConfig, setting
from selfsup_core.translation import tr, tr_later

if TYPE_CHECKING:
    from torch import nn

LEAST_SIDE = 4


class ResidualConfig(KindConfig):
    """Blocks between image and code."""

    kind: Literal["residual"] = setting(
        "residual", "Residual convolutions that encode an image.", title="Network"
    )
    channels: tuple[int, ...] = setting(
        (16, 32, 64, 128),
        "Channels of the first convolution and of each block; each block halves height and width, and the "
        "last number is the size of the code.",
        title="Channels",
        min_length=2,
        max_length=6,
        why="A tenth of a ResNet-18's width: an epoch of 3,500 images takes seconds on a CPU.",
    )

    @field_validator("channels")
    @classmethod
    def channels_are_sensible(cls, channels: tuple[int, ...]) -> tuple[int, ...]:
        if any(not 1 <= size <= 1024 for size in channels):
            raise ValueError(tr("each must be at least 1 and at most 1024"))
        return channels


def check_shape(item_shape: tuple[int, ...], network: str = tr_later("residual network")) -> None:
    """Raises SettingError for what is no image that a network can take."""
    if len(item_shape) not in (2, 3) or min(item_shape[:2]) < LEAST_SIDE:
        raise SettingError(
            tr(
                "The {network} needs images or spectrograms of at least {least_side} × {least_side}; "
                "found samples of shape {item_shape}."
            ).format(network=network, least_side=LEAST_SIDE, item_shape=item_shape),
            remedy=tr("Use the dense encoder (model.kind = perceptron)."),
        )


def layer_sizes(config: ResidualConfig, item_shape: tuple[int, ...]) -> list[int]:
    """[values of an image, channels …]."""
    return [int(np.prod(item_shape)), *config.channels]


def count_parameters(config: ResidualConfig, item_shape: tuple[int, ...]) -> int:
    """Of the encoder, without what an objective adds."""
    depth, first = (item_shape[2] if len(item_shape) == 3 else 1), config.channels[0]
    blocks = sum((9 * a + 9 * b + a + 6) * b for a, b in pairwise(config.channels))
    return 9 * depth * first + 2 * first + blocks


def build(config: ResidualConfig, item_shape: tuple[int, ...]) -> nn.Module:
    """An `Encoder` of images. Raises SettingError for what is not an image."""
    from selfsup_core.models.modules.encoder import Encoder, ResidualBody

    check_shape(item_shape)
    return Encoder(ResidualBody(item_shape, config.channels), code_size=config.channels[-1])


MODELS.register("residual")(
    Network(
        config=ResidualConfig,
        build=build,
        code_size=lambda config: config.channels[-1],
        shapes=layer_sizes,
        parameters=count_parameters,
        can_decode=False,
        task="views",
    )
)
