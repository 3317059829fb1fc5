"""Encoders that learn from views: x → h = f(x) → z = g(h), and for some objectives a predictor q(z).

    body (B, D) → (B, K) code h;  projector (B, K) → (B, P);  predictor (B, P) → (B, P)

The code h is what is used afterwards; projector and predictor serve the objective, which puts them here.
[1] He et al.: Deep residual learning for image recognition, 2015
[2] Chen et al.: SimCLR, 2020 (why the code is taken before the projector)
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

import torch
from torch import nn

from selfsup_core.errors import RunError
from selfsup_core.models.modules.autoencoder import CodingNetwork
from selfsup_core.translation import tr


class Encoder(CodingNetwork):
    """Args:
    body: (B, D) values in [0, 1] → (B, K) code.
    code_size: K.
    """

    can_decode = False

    def __init__(self, body: nn.Module, *, code_size: int) -> None:
        super().__init__()
        self.body: Any = body
        self.projector: nn.Module = nn.Identity()
        self.predictor: nn.Module = nn.Identity()
        self.quantizer = None
        self.groups = ()
        self.features = self.code_size = code_size

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """(B, D) → (B, K) code."""
        found: torch.Tensor = self.body(x)
        return found

    def project(self, h: torch.Tensor) -> torch.Tensor:
        """(B, K) code → (B, P)."""
        found: torch.Tensor = self.projector(h)
        return found

    def predict(self, z: torch.Tensor) -> torch.Tensor:
        """(B, P) → (B, P)."""
        found: torch.Tensor = self.predictor(z)
        return found

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, D) → (B, P)."""
        return self.project(self.encode(x))

    def decode(self, h: torch.Tensor) -> torch.Tensor:
        raise RunError(
            tr("This network has no decoder: it was trained on pairs of views, not to reconstruct."),
            code="no-decoder",
            remedy=tr("Use an autoencoder to decode."),
        )


class ResidualBlock(nn.Module):
    """Two convolutions with batch norm, added to the input [1]."""

    def __init__(self, before: int, size: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(before, size, 3, stride=stride, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(size)
        self.second = nn.Conv2d(size, size, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(size)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or before != size:
            self.shortcut = nn.Sequential(
                nn.Conv2d(before, size, 1, stride=stride, bias=False), nn.BatchNorm2d(size)
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = torch.relu(self.first_norm(self.first(x)))
        return torch.relu(self.second_norm(self.second(h)) + self.shortcut(x))


class ResidualBody(nn.Module):
    """(B, D) values in [0, 1] of images → (B, channels[-1]), the mean over places.

    Args:
        item_shape: (H, W) or (H, W, C), D its product.
        channels: of the first convolution, and of one block each that halves height and width.
    """

    def __init__(self, item_shape: Sequence[int], channels: Sequence[int]) -> None:
        super().__init__()
        height, width, depth = (*item_shape, 1) if len(item_shape) == 2 else tuple(item_shape)
        self.item = (height, width, depth)
        self.stem = nn.Sequential(
            nn.Conv2d(depth, channels[0], 3, padding=1, bias=False), nn.BatchNorm2d(channels[0]), nn.ReLU()
        )
        self.blocks = nn.Sequential(*(ResidualBlock(a, b, 2) for a, b in pairwise(channels)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # (B, C, H, W), and so in memory too: with channels last, torch 2.13 corrupts memory in the backward
        # pass of layers with few channels on the CPU.
        images = (2 * x - 1).view(len(x), *self.item).permute(0, 3, 1, 2).contiguous()
        found: torch.Tensor = self.blocks(self.stem(images)).mean(dim=(2, 3))
        return found


class PerceptronBody(nn.Module):
    """(B, D) values in [0, 1] → (B, widths[-1]); each layer is linear, batch norm, ReLU and dropout."""

    def __init__(self, width: int, widths: Sequence[int], dropout: float) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for a, b in pairwise((width, *widths)):
            layers += [nn.Linear(a, b, bias=False), nn.BatchNorm1d(b), nn.ReLU(), nn.Dropout(dropout)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.layers(2 * x - 1)
        return found


class Prototypes(nn.Module):
    """(B, P) embeddings → (B, M) cosines with M learned directions."""

    def __init__(self, size: int, count: int) -> None:
        super().__init__()
        self.directions = nn.Linear(size, count, bias=False)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        unit = nn.functional.normalize
        return nn.functional.linear(unit(z, dim=1), unit(self.directions.weight, dim=1))


def make_head(sizes: Sequence[int], *, last: Literal["linear", "norm"] = "linear") -> nn.Sequential:
    """Layers from sizes[0] to sizes[-1], batch norm and ReLU between them.

    Args:
        last: "norm" ends with a batch norm, as in SimSiam.
    """
    layers: list[nn.Module] = []
    for index, (a, b) in enumerate(pairwise(sizes)):
        if index < len(sizes) - 2:
            layers += [nn.Linear(a, b, bias=False), nn.BatchNorm1d(b), nn.ReLU()]
        elif last == "norm":
            layers += [nn.Linear(a, b, bias=False), nn.BatchNorm1d(b)]
        else:
            layers.append(nn.Linear(a, b))
    return nn.Sequential(*layers)
