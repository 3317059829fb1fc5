"""A small convolutional network that names the class of an image or a spectrogram."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from pydantic import field_validator

from selfsup_core.errors import SettingError
from selfsup_core.models.registry import MODELS, Network
from selfsup_core.settings import KindConfig, setting
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from torch import nn

LEAST_SIDE = 4


class ConvClassifierConfig(KindConfig):
    """Blocks between image and classes."""

    kind: Literal["conv-classifier"] = setting(
        "conv-classifier", "Convolutions that classify an image.", title="Network"
    )
    channels: tuple[int, ...] = setting(
        (16, 32, 64),
        "Channels of each block; each but the last halves height and width.",
        title="Channels",
        min_length=1,
        max_length=6,
        why="Small enough for two CPU cores: about 24,000 weights.",
    )
    dropout: float = setting(
        0.0,
        "Share of the inputs of the last layer that is dropped at random during training.",
        title="Dropout",
        ge=0.0,
        le=0.9,
    )

    @field_validator("channels")
    @classmethod
    def channels_are_sensible(cls, channels: tuple[int, ...]) -> tuple[int, ...]:
        if any(not 1 <= size <= 1024 for size in channels):
            raise ValueError(tr("each must be at least 1 and at most 1024"))
        return channels


def check_shape(item_shape: tuple[int, ...]) -> None:
    shape = item_shape[:-1]
    if len(shape) not in (2, 3) or min(shape[:2]) < LEAST_SIDE:
        raise SettingError(
            tr(
                "The convolutional classifier needs images or spectrograms of at least {least_side} × "
                "{least_side}; found samples of shape {shape}."
            ).format(least_side=LEAST_SIDE, shape=shape),
            remedy=tr("Use a classifier on fixed features (model.kind = head)."),
        )


def layer_sizes(config: ConvClassifierConfig, item_shape: tuple[int, ...]) -> list[int]:
    """[values of an image, channels …, classes]."""
    size = 1
    for side in item_shape[:-1]:
        size *= side
    return [size, *config.channels, item_shape[-1]]


def count_parameters(config: ConvClassifierConfig, item_shape: tuple[int, ...]) -> int:
    depth = item_shape[2] if len(item_shape) == 4 else 1
    convolutions = sum(9 * a * b + 2 * b for a, b in pairwise((depth, *config.channels)))
    return convolutions + (config.channels[-1] + 1) * item_shape[-1]


def build(config: ConvClassifierConfig, item_shape: tuple[int, ...]) -> nn.Module:
    """A `ConvClassifier`; item_shape has the number of classes behind it. Raises SettingError for what is not
    an image.
    """
    from selfsup_core.models.modules.conv_classifier import ConvClassifier

    check_shape(item_shape)
    return ConvClassifier(item_shape[:-1], config.channels, item_shape[-1], dropout=config.dropout)


MODELS.register("conv-classifier")(
    Network(
        config=ConvClassifierConfig,
        build=build,
        code_size=lambda config: config.channels[-1],
        shapes=layer_sizes,
        parameters=count_parameters,
        can_decode=False,
        task="classify",
    )
)
