"""Larger encoders of images, for learning from views: ResNet-18 with a small stem, and a vision transformer.

[1] He et al.: Deep residual learning for image recognition, 2015, table 1
[2] Chen et al.: SimCLR, 2020, appendix B.9 (3 × 3 convolution and no max-pooling for small images)
[3] Dosovitskiy et al.: An image is worth 16 × 16 words, 2021
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from selfsup_core.models.modules.encoder import ResidualBlock
from selfsup_core.models.modules.patches import Block, sine_positions, take


def three_sides(item_shape: Sequence[int]) -> tuple[int, int, int]:
    """(H, W) or (H, W, C) → (H, W, C)."""
    height, width, *channels = item_shape
    return height, width, channels[0] if channels else 1


class ResNet18Body(nn.Module):
    """(B, D) values in [0, 1] of images → (B, stages[-1]), the mean over places [1, 2].

    Args:
        item_shape: (H, W) or (H, W, C), D its product.
        stages: channels of each, two blocks a stage; all but the first halve height and width.
    """

    def __init__(self, item_shape: Sequence[int], stages: Sequence[int]) -> None:
        super().__init__()
        self.item, width = three_sides(item_shape), stages[0]
        self.stem = nn.Sequential(
            nn.Conv2d(self.item[2], width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()
        )
        layers: list[nn.Module] = []
        before = width
        for index, size in enumerate(stages):
            layers += [ResidualBlock(before, size, 2 if index else 1), ResidualBlock(size, size, 1)]
            before = size
        self.blocks = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # (B, C, H, W), contiguous for the reason that `ResidualBody` gives.
        images = (2 * x - 1).view(x.shape[0], *self.item).permute(0, 3, 1, 2).contiguous()
        found: torch.Tensor = self.blocks(self.stem(images)).mean(dim=(2, 3))
        return found


class VisionTransformerBody(nn.Module):
    """(B, D) values in [0, 1] of images → (B, size), the mean over the tokens of all patches [3].

    There is no class token: means of patches serve latent prediction as well as views. Positions are sines,
    so that there is nothing to learn about them from few images. Sides that are no multiple of the patch are
    filled up with zeros.

    Args:
        item_shape: (H, W) or (H, W, C), D its product. size: W, numbers of a token and of the code.

    Attributes:
        grid: rows and columns of patches. tokens: N, their product.
    """

    places: torch.Tensor

    def __init__(self, item_shape: Sequence[int], *, patch: int, size: int, depth: int, heads: int) -> None:
        super().__init__()
        self.item, self.patch, self.size, self.heads = three_sides(item_shape), patch, size, heads
        height, width, channels = self.item
        self.grid = (-(-height // patch), -(-width // patch))
        self.tokens = self.grid[0] * self.grid[1]
        self.embed = nn.Linear(patch * patch * channels, size)
        self.blocks = nn.Sequential(*[Block(size, heads) for _ in range(depth)])
        self.norm = nn.LayerNorm(size)
        self.register_buffer("places", sine_positions(*self.grid, size), persistent=False)

    def patches(self, x: torch.Tensor) -> torch.Tensor:
        """(B, D) → (B, N, p·p·C), patches row by row."""
        (rows, columns), p, (height, width, channels) = self.grid, self.patch, self.item
        images = x.reshape(x.shape[0], height, width, channels)
        images = functional.pad(images, (0, 0, 0, columns * p - width, 0, rows * p - height))
        images = images.reshape(x.shape[0], rows, p, columns, p, channels)
        return images.permute(0, 1, 3, 2, 4, 5).reshape(x.shape[0], self.tokens, -1)

    def spread(self, shown: torch.Tensor) -> torch.Tensor:
        """(B, N) of patches → (B, D), the same for each value of a patch."""
        (rows, columns), p, (height, width, channels) = self.grid, self.patch, self.item
        places = shown.reshape(-1, rows, 1, columns, 1).expand(-1, -1, p, -1, p)
        places = places.reshape(len(shown), rows * p, columns * p, 1)[:, :height, :width]
        return places.expand(-1, -1, -1, channels).reshape(len(shown), -1)

    def see(self, x: torch.Tensor, keep: torch.Tensor | None = None) -> torch.Tensor:
        """Tokens (B, V, size) of the patches `keep` (B, V), or of all; only these see each other."""
        tokens, places = self.patches(2 * x - 1), self.places.expand(x.shape[0], -1, -1)
        if keep is not None:
            tokens, places = take(tokens, keep), take(places, keep)
        found: torch.Tensor = self.norm(self.blocks(self.embed(tokens) + places))
        return found

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.see(x).mean(dim=1)
