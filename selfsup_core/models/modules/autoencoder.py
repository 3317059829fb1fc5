"""Autoencoder: x → h = f(x) → x̂ = g(h), in parts that an objective may exchange.

    encoder (B, D) → (B, F) features;  head (B, F) → (B, K) code;  quantizer (B, K) → (B, K), if any;
    decoder (B, K) → (B, D) logits, whose sigmoid is x̂.

[1] Hinton, Salakhutdinov: Reducing the dimensionality of data with neural networks, Science 2006
"""

from __future__ import annotations

import torch
from torch import nn


class CodingNetwork(nn.Module):
    """What is asked of every network that makes codes, whatever it is made of.

    Attributes:
        features, code_size: F and K.
        quantizer, groups, can_decode: as of an `Autoencoder`.
    """

    can_decode: bool
    features: int
    code_size: int
    quantizer: nn.Module | None
    groups: tuple[tuple[int, ...], ...]

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """(B, D) → (B, K) code."""
        raise NotImplementedError

    def decode(self, h: torch.Tensor) -> torch.Tensor:
        """(B, K) → (B, D) values in [0, 1]. Raises RunError where a code alone gives none."""
        raise NotImplementedError


class Autoencoder(CodingNetwork):
    """An encoder and a decoder.

    Args:
        encoder: (B, D) values in [0, 1] → (B, F) features.
        head: (B, F) → (B, K) code; called as `head(features)`. The variational objective puts a Gaussian head
        here.
        decoder: (B, K) code → (B, D) logits.
        features: F.
        code_size: K.

    Attributes:
        quantizer: called on a code before it is decoded; None unless an objective puts one here.
        groups: columns of a table that are the levels of one category, ((3, 4, 5), …); empty for anything
        else.
        can_decode: whether a code alone gives an image. A masked autoencoder needs more than that.
    """

    can_decode = True

    def __init__(
        self, encoder: nn.Module, head: nn.Module, decoder: nn.Module, *, features: int, code_size: int
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head
        self.decoder = decoder
        self.quantizer: nn.Module | None = None
        self.groups: tuple[tuple[int, ...], ...] = ()
        self.features, self.code_size = features, code_size

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """(B, D) → (B, K) code, before any quantizer; of a Gaussian head the mean."""
        found: torch.Tensor = self.head(self.encoder(x))
        return found

    def logits(self, h: torch.Tensor) -> torch.Tensor:
        """(B, K) code → (B, D) logits; losses take these, since BCE of logits is stable."""
        found: torch.Tensor = self.decoder(h if self.quantizer is None else self.quantizer(h))
        return found

    def decode(self, h: torch.Tensor) -> torch.Tensor:
        """(B, K) → (B, D) values in [0, 1]."""
        return self.values(self.logits(h))

    def values(self, logits: torch.Tensor) -> torch.Tensor:
        """(B, D) logits → (B, D) values in [0, 1]: their sigmoid; the levels of a category share one
        softmax.
        """
        logits = logits.float()
        values = torch.sigmoid(logits)
        for group in self.groups:
            index = torch.tensor(group, device=logits.device)
            values = values.index_copy(1, index, logits[:, index].softmax(dim=1))
        return values

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, D) → (B, D) logits."""
        return self.logits(self.encode(x))


def glorot_init(module: nn.Module, generator: torch.Generator) -> None:
    """Uniform Glorot weights and zero biases in dense and convolutional layers, as Keras has them.

    What lies in a module with `is_pretrained` keeps its weights.

    [2] Glorot, Bengio: Understanding the difficulty of training deep feedforward networks, 2010
    """
    learned = [one for one in module.modules() if getattr(one, "is_pretrained", False)]
    kept = {id(layer) for one in learned for layer in one.modules()}
    for layer in module.modules():
        if id(layer) not in kept and isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            nn.init.xavier_uniform_(layer.weight, generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
