"""Dense network with a time and a class for the code of an autoencoder: noisy code, t and y → (B, K).

    h ← h + s(e) · W₂ silu(W₁ (norm(h) (1 + a(e)) + b(e))),  e = silu(MLP(sines of t) + embedding of y)

Images enter through the encoder of an autoencoder and leave through its decoder. It is another run's, frozen,
or the network's own, which learns first. Codes are shifted and scaled to mean 0 and deviation 1 over the
training rows, as noise is.
[1] Rombach et al.: High-resolution image synthesis with latent diffusion models, 2022
[2] Peebles, Xie: Scalable diffusion models with transformers, 2023 (blocks that begin as nothing)
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import nn
from torch.nn import functional

from selfsup_core.models.modules.autoencoder import Autoencoder
from selfsup_core.models.modules.generator import Generator
from selfsup_core.models.modules.unet import time_sines
from selfsup_core.models.modules.unet_sizes import EMBEDDING, TIMES

LEAST_SPREAD = 1e-3  # of the largest deviation: a number of the code that never changes is not blown up


def plain_norm(width: int) -> nn.LayerNorm:
    """Mean 0 and deviation 1 over the layer's units, and nothing that is learned."""
    return nn.LayerNorm(width, elementwise_affine=False)


class ToldBlock(nn.Module):
    """Two dense layers, added to their input; time and class scale, shift and weigh them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.told, self.norm = nn.Linear(EMBEDDING, 3 * width), plain_norm(width)
        self.first, self.second = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, h: torch.Tensor, e: torch.Tensor) -> torch.Tensor:
        """(B, width), (B, E) → (B, width)."""
        scale, shift, weight = self.told(e).chunk(3, dim=1)
        x = self.norm(h) * (1 + scale) + shift
        found: torch.Tensor = h + weight * self.second(functional.silu(self.first(x)))
        return found


class CodeGenerator(Generator):
    """(B, K) noisy codes, times and classes → (B, K).

    Args:
        autoencoder: whose code it is, with its first weights where it is the network's own.
        classes: known ones. width: of the layers. depth: blocks.

    Attributes:
        has_own: whether the autoencoder is the network's own.
        is_coding: whether the autoencoder is done, so that its code can be learned.
    """

    is_bounded = False

    def __init__(
        self, autoencoder: Autoencoder, classes: int, *, width: int, depth: int, has_own: bool
    ) -> None:
        super().__init__()
        code = autoencoder.code_size
        self.width, self.classes = code, classes
        self.has_own, self.is_coding = has_own, not has_own
        self.time = nn.Sequential(nn.Linear(TIMES, EMBEDDING), nn.SiLU(), nn.Linear(EMBEDDING, EMBEDDING))
        self.label = nn.Embedding(classes + 1, EMBEDDING)
        self.stem = nn.Linear(code, width)
        self.blocks = nn.ModuleList(ToldBlock(width) for _ in range(depth))
        self.norm, self.out = plain_norm(width), nn.Linear(width, code)
        self.mean: torch.Tensor
        self.spread: torch.Tensor
        self.register_buffer("mean", torch.zeros(code))
        self.register_buffer("spread", torch.ones(code))
        self.autoencoder = autoencoder
        if not has_own:
            self.autoencoder.eval().requires_grad_(False)
            self.autoencoder.is_pretrained = True  # type: ignore[assignment]  # keeps its weights

    def reset(self, generator: torch.Generator) -> None:
        """Blocks begin as nothing, and so does the output."""
        with torch.no_grad():
            self.label.weight.copy_(0.02 * torch.randn(self.label.weight.shape, generator=generator))
            for block in self.blocks:
                cast("ToldBlock", block).told.weight.zero_()
            self.out.weight.zero_()

    @torch.no_grad()
    def fit(self, codes: torch.Tensor) -> None:
        """codes: (N, K) of training rows, which shall have mean 0 and deviation 1."""
        spread = codes.std(dim=0, correction=0)
        self.mean.copy_(codes.mean(dim=0))
        self.spread.copy_(spread.clamp(min=max(LEAST_SPREAD * float(spread.max()), 1e-6)))

    def train(self, mode: bool = True) -> CodeGenerator:
        """An autoencoder that is done stays in evaluation mode."""
        super().train(mode)
        if self.is_coding:
            self.autoencoder.eval()
        return self

    def prepare(self, values: torch.Tensor, generator: torch.Generator) -> torch.Tensor | None:
        if self.is_coding:
            return None
        rebuilt = self.autoencoder.values(self.autoencoder(values))
        return (rebuilt - values).square().mean()

    def enter(self, values: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            found: torch.Tensor = (self.autoencoder.encode(values).float() - self.mean) / self.spread
            return found

    def leave(self, x: torch.Tensor) -> torch.Tensor:
        return self.autoencoder.decode(x * self.spread + self.mean).clamp(0, 1)

    def forward(self, x: torch.Tensor, t: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """x: (B, K), t: (B,) in [0, 1], labels: (B,) → (B, K)."""
        e = functional.silu(self.time(time_sines(t)) + self.label(labels))
        h = self.stem(x)
        for block in self.blocks:
            h = block(h, e)
        found = self.out(functional.silu(self.norm(h)))
        return cast("torch.Tensor", cast("Any", found).float())
