"""Convolutional encoder and decoder for images of any size from 4 × 4, gray or color, and for spectrograms.

Each scale halves height and width (rounded up) by a 3 × 3 convolution of stride 2; the decoder mirrors that
exactly.
[1] He et al.: Deep residual learning for image recognition, 2016 (the optional blocks)
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn


def halve(side: int) -> int:
    return -(-side // 2)


def scales(height: int, width: int, most: int) -> list[tuple[int, int]]:
    """Sizes of the maps from the input on: at most `most` halvings, none of a map with a side below 4."""
    sizes = [(height, width)]
    while len(sizes) <= most and min(sizes[-1]) >= 4:
        sizes.append((halve(sizes[-1][0]), halve(sizes[-1][1])))
    return sizes


class Residual(nn.Module):
    """x + conv(s(conv(s(x)))), both 3 × 3."""

    def __init__(self, channels: int, activation: type[nn.Module]) -> None:
        super().__init__()
        self.body = nn.Sequential(
            activation(),
            nn.Conv2d(channels, channels, 3, padding=1),
            activation(),
            nn.Conv2d(channels, channels, 3, padding=1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = x + self.body(x)
        return found


class ToMaps(nn.Module):
    """(B, H·W·C) flat values, channels last, → (B, C, H, W)."""

    def __init__(self, height: int, width: int, channels: int) -> None:
        super().__init__()
        self.size = (height, width, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.reshape(x.shape[0], *self.size).permute(0, 3, 1, 2)


class ToValues(nn.Module):
    """(B, C, H, W) → (B, H·W·C) flat values, channels last."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return maps.permute(0, 2, 3, 1).flatten(1)


def make_encoder(
    height: int,
    width: int,
    channels: int,
    widths: tuple[int, ...],
    activation: type[nn.Module],
    residual: bool,
) -> tuple[nn.Sequential, int]:
    """(module (B, D) → (B, F), F)."""
    sizes = scales(height, width, len(widths))
    planes = [channels, *widths[: len(sizes) - 1]]
    layers: list[nn.Module] = [ToMaps(height, width, channels)]
    for a, b in pairwise(planes):
        layers.append(nn.Conv2d(a, b, 3, stride=2, padding=1))
        if residual:
            layers.append(Residual(b, activation))
        layers.append(activation())
    layers.append(nn.Flatten())
    return nn.Sequential(*layers), planes[-1] * sizes[-1][0] * sizes[-1][1]


def make_decoder(
    code: int,
    height: int,
    width: int,
    channels: int,
    widths: tuple[int, ...],
    activation: type[nn.Module],
    residual: bool,
) -> nn.Sequential:
    """Module (B, code) → (B, D) logits."""
    sizes = scales(height, width, len(widths))
    planes = [channels, *widths[: len(sizes) - 1]]
    last = sizes[-1]
    layers: list[nn.Module] = [
        nn.Linear(code, planes[-1] * last[0] * last[1]),
        activation(),
        nn.Unflatten(1, (planes[-1], *last)),
    ]
    for index in range(len(planes) - 1, 0, -1):
        small, large = sizes[index], sizes[index - 1]
        if residual:
            layers += [Residual(planes[index], activation), activation()]
        # Of the two sizes that a stride of 2 could have come from, the right one.
        extra = (large[0] - (2 * small[0] - 1), large[1] - (2 * small[1] - 1))
        layers.append(
            nn.ConvTranspose2d(planes[index], planes[index - 1], 3, stride=2, padding=1, output_padding=extra)
        )
        if index > 1:
            layers.append(activation())
    layers.append(ToValues())
    return nn.Sequential(*layers)
