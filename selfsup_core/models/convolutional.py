"""Convolutional autoencoder: halve the image a few times, squeeze it into a short code, and mirror all that.

[1] Masci et al.: Stacked convolutional auto-encoders for hierarchical feature extraction, 2011
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import field_validator

from selfsup_core.errors import SettingError
from selfsup_core.models.registry import ACTIVATION_TITLES, MODELS, Network
from selfsup_core.settings import KindConfig, setting
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from torch import nn

SMALLEST = 4


class ConvolutionalConfig(KindConfig):
    """Settings of the convolutional network."""

    kind: Literal["convolutional"] = setting(
        "convolutional", "Convolutions over neighboring pixels.", title="Network"
    )
    channels: tuple[int, ...] = setting(
        (16, 32),
        "Channels at each halving of the image; small images are halved less often.",
        title="Channels",
        min_length=1,
        max_length=8,
    )
    code: int = setting(32, "Numbers in the code.", title="Code size", ge=1, le=4096)
    residual: bool = setting(
        False, "A residual block at each scale: slower, deeper.", title="Residual blocks"
    )
    activation: Literal["relu", "gelu", "tanh", "sigmoid"] = setting(
        "relu",
        "Activation function of the hidden layers.",
        title="Activation",
        titles=ACTIVATION_TITLES,
    )
    code_activation: Literal["linear", "relu", "tanh", "sigmoid"] = setting(
        "linear",
        "Activation function of the code; linear allows negative values.",
        title="Code activation",
        titles=ACTIVATION_TITLES,
    )

    @field_validator("channels")
    @classmethod
    def channels_are_sensible(cls, channels: tuple[int, ...]) -> tuple[int, ...]:
        if any(not 1 <= count <= 1024 for count in channels):
            raise ValueError(tr("each number of channels must be at least 1 and at most 1024"))
        return channels


def image_size(item_shape: tuple[int, ...]) -> tuple[int, int, int]:
    """(H, W, C). Raises SettingError for what is not an image."""
    if len(item_shape) not in (2, 3) or min(item_shape[:2]) < SMALLEST:
        raise SettingError(
            tr(
                "The convolutional network takes images or spectrograms of at least {smallest} × {smallest}; "
                "found samples of shape {item_shape}."
            ).format(smallest=SMALLEST, item_shape=item_shape),
            remedy=tr("Use a dense network (model.kind = dense)."),
        )
    height, width = item_shape[:2]
    return height, width, item_shape[2] if len(item_shape) == 3 else 1


def sizes_of(config: ConvolutionalConfig, item_shape: tuple[int, ...]) -> list[int]:
    """[784, 3136, 1568, 32, 1568, 3136, 784] for the default on 28 × 28."""
    height, width, channels = image_size(item_shape)
    down = [height * width * channels]
    for count in config.channels:
        if min(height, width) < SMALLEST:
            break
        height, width = -(-height // 2), -(-width // 2)
        down.append(height * width * count)
    return [*down, config.code, *reversed(down)]


def count_parameters(config: ConvolutionalConfig, item_shape: tuple[int, ...]) -> int:
    """Weights and biases of convolutions, blocks and the two dense layers around the code."""
    channels = image_size(item_shape)[2]
    sizes = sizes_of(config, item_shape)
    scales = len(sizes) // 2 - 1
    planes = [channels, *config.channels[:scales]]
    total = 0
    for a, b in pairwise(planes):
        total += 9 * a * b + b + 9 * a * b + a
        if config.residual:
            total += 2 * 2 * (9 * b * b + b)
    features = sizes[scales]
    return total + features * config.code + config.code + config.code * features + features


def build(config: ConvolutionalConfig, item_shape: tuple[int, ...]) -> nn.Module:
    """A convolutional `Autoencoder` for flattened samples, channels last."""
    from torch import nn

    from selfsup_core.models.modules.autoencoder import Autoencoder
    from selfsup_core.models.modules.convolutional import make_decoder, make_encoder

    kinds = {"relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
    activation, size = kinds[config.activation], image_size(item_shape)
    encoder, features = make_encoder(*size, config.channels, activation, config.residual)
    head: list[nn.Module] = [nn.Linear(features, config.code)]
    if config.code_activation != "linear":
        head.append(kinds[config.code_activation]())
    decoder = make_decoder(config.code, *size, config.channels, activation, config.residual)
    model = Autoencoder(encoder, nn.Sequential(*head), decoder, features=features, code_size=config.code)
    assert int(np.prod(item_shape)) == size[0] * size[1] * size[2]
    return model


MODELS.register("convolutional")(
    Network(
        config=ConvolutionalConfig,
        build=build,
        code_size=lambda config: config.code,
        shapes=sizes_of,
        parameters=count_parameters,
    )
)
