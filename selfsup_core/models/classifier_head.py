"""A classifier on fixed features: a linear layer, or a few layers, on embeddings, TF-IDF, pixels or columns.

The features stay as they are ("frozen encoder"), so that retraining takes a second or two.
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


class ClassifierHeadConfig(KindConfig):
    """Layers between features and classes."""

    kind: Literal["head"] = setting("head", "A classifier on fixed features.", title="Network")
    widths: tuple[int, ...] = setting(
        (),
        "Units of each hidden layer between features and classes; leave it empty for a linear classifier.",
        title="Hidden layers",
        why="With good features a linear classifier does as well, and overfits less.",
        max_length=6,
    )
    activation: Literal["relu", "gelu", "tanh"] = setting(
        "relu",
        "Activation function of the hidden layers.",
        title="Activation",
        titles=ACTIVATION_TITLES,
    )
    scaling: Literal["columns", "whole"] = setting(
        "columns",
        "Standardize each feature to mean 0 and deviation 1, or multiply all by one number.",
        title="Scaling",
        titles={"columns": "Each column separately", "whole": "All by one number"},
        why="One number for all does not blow up rare words; use it with TF-IDF of length 1.",
    )
    dropout: float = setting(
        0.0,
        "Share of the inputs of each layer that is dropped at random during training.",
        title="Dropout",
        ge=0.0,
        le=0.9,
    )

    solver: Literal["steps", "exact"] = setting(
        "steps",
        "Exact finds the minimum of the loss of a linear classifier (L-BFGS); with hidden layers or "
        "dropout, gradient steps are used.",
        title="Solver",
        titles={"steps": "Gradient steps", "exact": "Exact (L-BFGS)"},
        why="With few labels the minimum is found in milliseconds, and steps would stop short of it.",
    )
    penalty: float = setting(
        1.0,
        "Weight of the L2 penalty of the exact solver: half the squared weights, added to the summed losses "
        "of the rows.",
        title="Penalty",
        ge=1e-6,
        le=1e6,
    )

    @property
    def is_exact(self) -> bool:
        """Whether the classifier is set to its optimum: it is linear, and nothing is left out at random."""
        return self.solver == "exact" and not self.widths and not self.dropout

    @field_validator("widths")
    @classmethod
    def widths_are_sensible(cls, widths: tuple[int, ...]) -> tuple[int, ...]:
        if any(not 1 <= width <= 8192 for width in widths):
            raise ValueError(tr("each width must be at least 1 and at most 8192"))
        return widths


def layer_sizes(config: ClassifierHeadConfig, item_shape: tuple[int, ...]) -> list[int]:
    """[features, …, classes]; item_shape is the shape of the features with the number of classes behind
    it.
    """
    return [int(np.prod(item_shape[:-1])), *config.widths, item_shape[-1]]


def count_parameters(config: ClassifierHeadConfig, item_shape: tuple[int, ...]) -> int:
    return sum((a + 1) * b for a, b in pairwise(layer_sizes(config, item_shape)))


def build(config: ClassifierHeadConfig, item_shape: tuple[int, ...]) -> nn.Module:
    """A `Head`; weights are torch's own until they are set."""
    from selfsup_core.models.modules.heads import Head

    width, *widths, classes = layer_sizes(config, item_shape)
    return Head(width, widths, classes, activation=config.activation, dropout=config.dropout)


MODELS.register("head")(
    Network(
        config=ClassifierHeadConfig,
        build=build,
        code_size=lambda config: config.widths[-1] if config.widths else 0,
        shapes=layer_sizes,
        parameters=count_parameters,
        can_decode=False,
        task="classify",
    )
)
