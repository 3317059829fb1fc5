"""Dense autoencoder: layers of `widths` down to the code and back up; the output layer gives logits.

The reference preset, 64-32-16-32-64 with ReLU, follows the deep autoencoder of
[1] Chollet: Building autoencoders in Keras, 2016 (there 128-64-32; BCE 0.097 on full MNIST)
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import field_validator

from selfsup_core.models.registry import ACTIVATION_TITLES, MODELS, Network
from selfsup_core.settings import KindConfig, setting
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from torch import nn


class DenseConfig(KindConfig):
    """A dense encoder and its mirror image as decoder."""

    kind: Literal["dense"] = setting("dense", "Fully connected layers.", title="Network")
    widths: tuple[int, ...] = setting(
        (64, 32, 16),
        "Units of each encoder layer; the last one is the code, and the decoder mirrors the others.",
        title="Layer widths",
        min_length=1,
        max_length=12,
    )
    activation: Literal["relu", "gelu", "tanh", "sigmoid"] = setting(
        "relu",
        "Activation function of the hidden layers.",
        title="Activation",
        titles=ACTIVATION_TITLES,
    )
    code_activation: Literal["relu", "linear", "tanh", "sigmoid"] = setting(
        "relu",
        "Activation function of the code; linear allows negative values, sigmoid keeps it between 0 and 1.",
        title="Code activation",
        titles=ACTIVATION_TITLES,
        why="The reference preset uses ReLU; a two-dimensional code needs linear.",
    )

    @field_validator("widths")
    @classmethod
    def widths_are_sensible(cls, widths: tuple[int, ...]) -> tuple[int, ...]:
        if any(not 1 <= width <= 8192 for width in widths):
            raise ValueError(tr("each width must be at least 1 and at most 8192"))
        return widths


def layer_sizes(config: DenseConfig, item_shape: tuple[int, ...]) -> list[int]:
    """[784, 64, 32, 16, 32, 64, 784] for the reference preset on MNIST."""
    width = int(np.prod(item_shape))
    return [width, *config.widths, *config.widths[-2::-1], width]


def count_parameters(config: DenseConfig, item_shape: tuple[int, ...]) -> int:
    return sum((a + 1) * b for a, b in pairwise(layer_sizes(config, item_shape)))


def build(config: DenseConfig, item_shape: tuple[int, ...]) -> nn.Module:
    """A dense `Autoencoder` for flattened samples; weights are torch's own until they are set."""
    from torch import nn

    from selfsup_core.models.modules.autoencoder import Autoencoder

    kinds = {"relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
    sizes = layer_sizes(config, item_shape)
    half = len(config.widths)

    def layers(widths: list[int], *, last: bool) -> list[nn.Module]:
        made: list[nn.Module] = []
        for index, (a, b) in enumerate(pairwise(widths)):
            made.append(nn.Linear(a, b))
            if last or index < len(widths) - 2:
                made.append(kinds[config.activation]())
        return made

    head: list[nn.Module] = [nn.Linear(sizes[half - 1], sizes[half])]
    if config.code_activation != "linear":
        head.append(kinds[config.code_activation]())
    return Autoencoder(
        nn.Sequential(*layers(sizes[:half], last=True)),
        nn.Sequential(*head),
        nn.Sequential(*layers(sizes[half:], last=False)),
        features=sizes[half - 1],
        code_size=sizes[half],
    )


MODELS.register("dense")(
    Network(
        config=DenseConfig,
        build=build,
        code_size=lambda config: config.widths[-1],
        shapes=layer_sizes,
        parameters=count_parameters,
    )
)
