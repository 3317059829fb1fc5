"""Dense layers that encode rows of tables, vectors of texts and small images, for learning from views."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import field_validator

from selfsup_core.models.registry import MODELS, Network
from selfsup_core.settings import KindConfig, setting
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from torch import nn


class PerceptronConfig(KindConfig):
    """Layers between input and code."""

    kind: Literal["perceptron"] = setting(
        "perceptron", "Fully connected layers that encode a sample.", title="Network"
    )
    widths: tuple[int, ...] = setting(
        (256, 128),
        "Units of each layer; the last one is the code.",
        title="Layer widths",
        min_length=1,
        max_length=12,
    )
    dropout: float = setting(
        0.0,
        "Share of each layer's outputs that is dropped at random during training.",
        title="Dropout",
        why="For texts, dropout is what makes two views of one text differ.",
        ge=0.0,
        le=0.9,
    )

    @field_validator("widths")
    @classmethod
    def widths_are_sensible(cls, widths: tuple[int, ...]) -> tuple[int, ...]:
        if any(not 1 <= width <= 8192 for width in widths):
            raise ValueError(tr("each width must be at least 1 and at most 8192"))
        return widths


def layer_sizes(config: PerceptronConfig, item_shape: tuple[int, ...]) -> list[int]:
    """[30, 256, 128] for the default on 30 columns."""
    return [int(np.prod(item_shape)), *config.widths]


def count_parameters(config: PerceptronConfig, item_shape: tuple[int, ...]) -> int:
    """Of the encoder, without what an objective adds."""
    return sum((a + 2) * b for a, b in pairwise(layer_sizes(config, item_shape)))


def build(config: PerceptronConfig, item_shape: tuple[int, ...]) -> nn.Module:
    """An `Encoder` of flattened samples."""
    from selfsup_core.models.modules.encoder import Encoder, PerceptronBody

    body = PerceptronBody(int(np.prod(item_shape)), config.widths, config.dropout)
    return Encoder(body, code_size=config.widths[-1])


MODELS.register("perceptron")(
    Network(
        config=PerceptronConfig,
        build=build,
        code_size=lambda config: config.widths[-1],
        shapes=layer_sizes,
        parameters=count_parameters,
        can_decode=False,
        task="views",
    )
)
