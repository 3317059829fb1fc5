"""Reconstruction: make x̂ = g(f(x)) like x, by binary cross-entropy or mean squared error.

BCE = −[x log x̂ + (1 − x) log(1 − x̂)],  MSE = (x − x̂)²,  both averaged over values and samples; x̂ = sigmoid(logits).
Published: BCE 0.097 nats a pixel for a deep dense autoencoder with a 32-dimensional code on full MNIST [1].
[1] Chollet: Building autoencoders in Keras, 2016
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from selfsup_core.objectives.registry import OBJECTIVES
from selfsup_core.settings import Config, setting

if TYPE_CHECKING:
    import torch
    from torch import nn


class ReconstructionConfig(Config):
    """Settings of plain reconstruction."""

    kind: Literal["reconstruction"] = setting(
        "reconstruction", "Rebuild the input from its code.", title="Objective"
    )
    loss: Literal["bce", "mse"] = setting(
        "bce",
        "How the difference between input and output is counted: binary cross-entropy or mean "
        "squared error.",
        title="Loss",
        why="BCE gives stronger gradients where an output is confidently wrong.",
    )


def binary_cross_entropy(logits: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """logits: (B, D), x: (B, D) in [0, 1] → scalar, nats a value; stable, since it never takes log of a sigmoid."""
    from torch.nn import functional

    return functional.binary_cross_entropy_with_logits(logits.float(), x)


def mean_squared_error(logits: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """logits: (B, D), x: (B, D) in [0, 1] → scalar, mean of (x − sigmoid(logits))²."""
    from torch.nn import functional

    return functional.mse_loss(logits.float().sigmoid(), x)


LOSSES = {"bce": binary_cross_entropy, "mse": mean_squared_error}


@OBJECTIVES.register("reconstruction")
class Reconstruction:
    """Plain reconstruction; deterministic, so the generator is not used."""

    Config = ReconstructionConfig

    def __init__(self, config: ReconstructionConfig) -> None:
        self.loss = LOSSES[config.loss]

    def step(
        self, model: nn.Module, batch: torch.Tensor, generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """batch: (B, D) in [0, 1] → {"loss": nats or squared units a value}."""
        return {"loss": self.loss(model(batch), batch)}
