"""Where networks register: a network is one file with its settings and a builder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from selfsup_core.registry import Registry
from selfsup_core.settings import KindConfig
from selfsup_core.translation import tr_later

if TYPE_CHECKING:
    from torch import nn


ACTIVATION_TITLES = {
    "relu": "ReLU",
    "gelu": "GELU",
    "tanh": tr_later("Tanh"),
    "sigmoid": tr_later("Sigmoid"),
    "linear": tr_later("Linear"),
}


@dataclass(frozen=True)
class Network:
    """A kind of network.

    Attributes:
        config: its settings.
        build: (config, item_shape) → an `Autoencoder` with encoder, head and decoder; a language model's item
            shape is (tokens in the vocabulary,), and it is one of transformers' own networks.
        code_size: dimensions of the code.
        shapes: sizes from input to output, for a line like "784 → 64 → 16 → 64 → 784".
        parameters: number of weights and biases.
        can_decode: whether a code alone gives an item back.
        task: what is done with it, by a name in `runs.tasks`: "autoencoder", "language", "classify", …
    """

    config: type[KindConfig]
    build: Callable[[Any, tuple[int, ...]], nn.Module]
    code_size: Callable[[Any], int]
    shapes: Callable[[Any, tuple[int, ...]], list[int]]
    parameters: Callable[[Any, tuple[int, ...]], int]
    can_decode: bool = True
    task: str = "autoencoder"


MODELS: Registry[Network] = Registry("network", "models")
