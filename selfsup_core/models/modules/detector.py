"""A one-stage detector: a small pyramid of convolutions that ends in maps of a quarter of the picture's side.

In each cell of a map: how likely a class has its center there, where exactly within the cell, and how large
the object is [1]. Coarse levels see far and are added to the finer ones [2].
[1] Zhou, Wang, Krähenbühl: Objects as points (CenterNet), 2019
[2] Lin et al.: Feature pyramid networks for object detection, 2017
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import torch
from torch import nn
from torch.nn import functional

STRIDE = 4  # pixels of a cell's side
RARE = 0.1  # how likely a center is in a cell before training


@dataclass(frozen=True)
class Maps:
    """What the network says of each cell, (h, w) of them.

    Attributes:
        heat: (B, C, h, w) logits that a center of class C is there.
        offset: (B, 2, h, w) of the center from the cell's top left corner: across, down, in cells.
        size: (B, 2, h, w) logarithm of width and height in cells.
        features: (B, F, h, w) what the three are computed from.
    """

    heat: torch.Tensor
    offset: torch.Tensor
    size: torch.Tensor
    features: torch.Tensor


def convolve(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


class Residual(nn.Module):
    """x + two convolutions of it [He et al., 2016]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = convolve(width, width)
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.relu(x + self.second(self.first(x)))


class Detector(nn.Module):
    """(B, channels, H, W) values in [0, 1] → `Maps`.

    Args:
        classes: number of them. width: channels of the first level. blocks: residual ones of each level.
    """

    def __init__(self, channels: int, classes: int, *, width: int, blocks: int) -> None:
        super().__init__()
        self.classes = classes

        def level(inputs: int, outputs: int) -> nn.Sequential:
            return nn.Sequential(convolve(inputs, outputs, 2), *(Residual(outputs) for _ in range(blocks)))

        self.stem = convolve(channels, width, 2)
        self.levels = nn.ModuleList(level(width * 2**i, width * 2 ** (i + 1)) for i in range(3))
        self.sideways = nn.ModuleList(
            nn.Conv2d(width * 2 ** (i + 2), width * 2 ** (i + 1), 1) for i in range(2)
        )
        self.mixed = nn.ModuleList(convolve(width * 2 ** (i + 1), width * 2 ** (i + 1)) for i in range(2))
        self.neck = nn.Sequential(nn.Conv2d(2 * width, 4 * width, 3, 1, 1), nn.ReLU())
        self.heads = nn.Conv2d(4 * width, classes + 4, 1)
        with torch.no_grad():
            bias = cast("torch.Tensor", self.heads.bias)
            bias.zero_()
            bias[:classes] = math.log(RARE / (1 - RARE))
            bias[classes : classes + 2] = 0.5

    def forward(self, x: torch.Tensor) -> Maps:
        x = self.stem(2 * x - 1)
        found = []
        for level in self.levels:
            x = level(x)
            found.append(x)
        for place in (1, 0):
            fine = found[place]
            x = functional.interpolate(self.sideways[place](x), size=fine.shape[2:], mode="nearest")
            x = self.mixed[place](fine + x)
        features = self.neck(x)
        heads = self.heads(features)
        heat, offset, size = heads.split([self.classes, 2, 2], dim=1)
        return Maps(heat, offset, size, features)
