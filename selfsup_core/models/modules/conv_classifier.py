"""A small convolutional classifier: blocks of convolution, group norm, ReLU and pooling, the mean over
places, a linear layer.

Group norm looks at one image alone, so that labeled and unlabeled images may share a batch.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from selfsup_core.models.modules.heads import Standardize

GROUPS = 8


class ConvClassifier(nn.Module):
    """(B, D) values in [0, 1] → (B, C) logits.

    Args:
        item_shape: (H, W) or (H, W, 3) of an image, D its product.
        channels: of each block; each but the last halves height and width.
        classes: C.
    """

    def __init__(
        self, item_shape: Sequence[int], channels: Sequence[int], classes: int, *, dropout: float = 0.0
    ) -> None:
        super().__init__()
        height, width, depth = (*item_shape, 1) if len(item_shape) == 2 else tuple(item_shape)
        self.item = (height, width, depth)
        self.standardize = Standardize(height * width * depth)
        layers: list[nn.Module] = []
        before = depth
        for index, size in enumerate(channels):
            groups = next(g for g in (GROUPS, 4, 2, 1) if size % g == 0)
            layers += [
                nn.Conv2d(before, size, 3, padding=1, bias=False),
                nn.GroupNorm(groups, size),
                nn.ReLU(),
            ]
            if index < len(channels) - 1 and min(height, width) >= 2:
                layers.append(nn.MaxPool2d(2))
                height, width = height // 2, width // 2
            before = size
        self.blocks = nn.Sequential(*layers)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(before, classes)
        self.classes = classes

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """(B, D) → (B, channels[-1])."""
        height, width, depth = self.item
        images = self.standardize(x).view(x.shape[0], height, width, depth).permute(0, 3, 1, 2)
        found: torch.Tensor = self.blocks(images).mean(dim=(2, 3))
        return found

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.output(self.dropout(self.features(x)))
        return found
