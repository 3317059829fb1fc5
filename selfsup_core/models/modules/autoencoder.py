"""Autoencoder: x → h = f(x) → x̂ = g(h).

[1] Hinton, Salakhutdinov: Reducing the dimensionality of data with neural networks, Science 2006
"""

from __future__ import annotations

import torch
from torch import nn


class Autoencoder(nn.Module):
    """An encoder and a decoder.

    Args:
        encoder: (B, D) values in [0, 1] → (B, K) code.
        decoder: (B, K) code → (B, D) logits.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """(B, D) → (B, K) code."""
        return self.encoder(x)

    def decode(self, h: torch.Tensor) -> torch.Tensor:
        """(B, K) → (B, D) values in [0, 1]: the sigmoid of the decoder's logits."""
        return torch.sigmoid(self.decoder(h).float())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, D) → (B, D) logits; losses take these, since BCE of logits is stable."""
        return self.decoder(self.encoder(x))


def glorot_init(module: nn.Module, generator: torch.Generator) -> None:
    """Uniform Glorot weights and zero biases, as Keras' Dense has them.

    [2] Glorot, Bengio: Understanding the difficulty of training deep feedforward networks, 2010
    """
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight, generator=generator)
            nn.init.zeros_(layer.bias)
