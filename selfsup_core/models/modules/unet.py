"""U-Net with a time and a class: noisy image, t and y → an image of the same size.

    e = MLP(sines of t) + embedding of y;  each block: x + conv(s(norm(conv(s(norm(x)))) · (1 + a(e)) + b(e)))

Class C, behind the known ones, is "any": what classifier-free guidance compares with.
[1] Dhariwal, Nichol: Diffusion models beat GANs on image synthesis, 2021 (scale and shift by e)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import nn
from torch.nn import functional

from selfsup_core.models.modules.generator import Generator
from selfsup_core.models.modules.unet_sizes import EMBEDDING, TIMES

GROUPS = 8


def normalized(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(next(g for g in (GROUPS, 4, 2, 1) if channels % g == 0), channels)


def time_sines(t: torch.Tensor, width: int = TIMES) -> torch.Tensor:
    """(B,) times in [0, 1] → (B, width) sines and cosines of 1000 t at falling frequencies."""
    half = width // 2
    rates = torch.exp(-math.log(10_000.0) * torch.arange(half, device=t.device) / half)
    angles = 1000.0 * t.float()[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class TimedBlock(nn.Module):
    """Two convolutions, added to their input; time and class scale and shift what is between them."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = normalized(before), nn.Conv2d(before, after, 3, padding=1)
        self.told = nn.Linear(EMBEDDING, 2 * after)
        self.norm2, self.conv2 = normalized(after), nn.Conv2d(after, after, 3, padding=1)
        self.skip = nn.Identity() if before == after else nn.Conv2d(before, after, 1)

    def forward(self, x: torch.Tensor, e: torch.Tensor) -> torch.Tensor:
        """(B, before, H, W), (B, E) → (B, after, H, W)."""
        h = self.conv1(functional.silu(self.norm1(x)))
        scale, shift = self.told(e)[:, :, None, None].chunk(2, dim=1)
        h = self.conv2(functional.silu(self.norm2(h) * (1 + scale) + shift))
        found: torch.Tensor = self.skip(x) + h
        return found


class Attention(nn.Module):
    """Places look at each other, with one head; added to the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = normalized(channels)
        self.qkv, self.out = nn.Conv2d(channels, 3 * channels, 1), nn.Conv2d(channels, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) → (B, C, H, W)."""
        b, c, h, w = x.shape
        q, k, v = self.qkv(self.norm(x)).reshape(b, 3, c, h * w).transpose(2, 3).unbind(dim=1)
        mixed = functional.scaled_dot_product_attention(q, k, v)  # (B, H·W, C)
        found: torch.Tensor = x + self.out(mixed.transpose(1, 2).reshape(b, c, h, w))
        return found


class UNet(Generator):
    """(B, D) noisy values around [-1, 1], times and classes → (B, D).

    Args:
        size: (H, W, C) of an image, D its product. channels: at each scale.
        classes: known ones; class number `classes` is "any". patch: pixels on a side that become one place.
    """

    def __init__(
        self,
        size: tuple[int, int, int],
        channels: Sequence[int],
        classes: int,
        *,
        patch: int = 1,
        attention: bool = True,
    ) -> None:
        super().__init__()
        self.size, self.classes, self.patch = size, classes, patch
        self.width = math.prod(size)
        depth, first, last = size[2] * patch**2, channels[0], channels[-1]
        self.step = patch * 2 ** (len(channels) - 1)  # sides are padded to multiples of it
        self.time = nn.Sequential(
            nn.Linear(TIMES, EMBEDDING), nn.SiLU(), nn.Linear(EMBEDDING, EMBEDDING), nn.SiLU()
        )
        self.label = nn.Embedding(classes + 1, EMBEDDING)
        self.stem = nn.Conv2d(depth, first, 3, padding=1)
        self.down, self.shrink = nn.ModuleList(), nn.ModuleList()
        before = first
        for index, width in enumerate(channels):
            if index:
                self.shrink.append(nn.Conv2d(before, before, 3, stride=2, padding=1))
            self.down.append(TimedBlock(before, width))
            before = width
        self.attention = Attention(last) if attention else nn.Identity()
        self.middle = TimedBlock(last, last)
        self.up, self.grow = nn.ModuleList(), nn.ModuleList()
        for index, width in reversed(list(enumerate(channels))):
            self.up.append(TimedBlock(before + width, width))
            if index:
                self.grow.append(nn.Conv2d(width, width, 3, padding=1))
            before = width
        self.norm, self.out = normalized(first), nn.Conv2d(first, depth, 3, padding=1)

    def reset(self, generator: torch.Generator) -> None:
        """First weights: those of layers are set before; blocks begin as nothing, and so does the output."""
        with torch.no_grad():
            self.label.weight.copy_(0.02 * torch.randn(self.label.weight.shape, generator=generator))
            for module in self.modules():
                if isinstance(module, TimedBlock):
                    module.conv2.weight.zero_()
                    module.told.weight.mul_(0.1)
                elif isinstance(module, Attention):
                    module.out.weight.zero_()
            self.out.weight.zero_()

    def to_maps(self, x: torch.Tensor) -> torch.Tensor:
        """(B, H·W·C) channels last → (B, C·p², H′/p, W′/p), padded by edge values."""
        height, width, depth = self.size
        maps = x.reshape(x.shape[0], height, width, depth).permute(0, 3, 1, 2)
        down, right = -height % self.step, -width % self.step
        if down or right:
            maps = functional.pad(maps, (0, right, 0, down), mode="replicate")
        return functional.pixel_unshuffle(maps, self.patch) if self.patch > 1 else maps

    def from_maps(self, maps: torch.Tensor) -> torch.Tensor:
        """Inverse of `to_maps`."""
        if self.patch > 1:
            maps = functional.pixel_shuffle(maps, self.patch)
        height, width, _ = self.size
        return maps[:, :, :height, :width].permute(0, 2, 3, 1).flatten(1)

    def forward(self, x: torch.Tensor, t: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """x: (B, D), t: (B,) in [0, 1], labels: (B,) → (B, D)."""
        e = self.time(time_sines(t)) + self.label(labels)
        h = self.stem(self.to_maps(x))
        kept = []
        for index, block in enumerate(self.down):
            if index:
                h = self.shrink[index - 1](h)
            h = block(h, e)
            kept.append(h)
        h = self.middle(self.attention(h), e)
        for index, block in enumerate(self.up):
            h = block(torch.cat([h, kept.pop()], dim=1), e)
            if index < len(self.grow):
                h = self.grow[index](functional.interpolate(h, scale_factor=2.0, mode="nearest"))
        found = self.from_maps(self.out(functional.silu(self.norm(h))))
        return cast("torch.Tensor", cast("Any", found).float())
