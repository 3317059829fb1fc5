"""The predictor of I-JEPA: tokens of the context → tokens of all patches, in a narrow transformer.

[1] Assran et al.: Self-supervised learning from images with a joint-embedding predictive architecture, 2023
"""

from __future__ import annotations

import torch
from torch import nn

from selfsup_core.models.modules.patches import Block, sine_positions
from selfsup_core.models.modules.vision import VisionTransformerBody

HOLE_DEVIATION = 0.02  # of a mask token's first numbers, as in the paper


class LatentPredictor(nn.Module):
    """Puts a mask token in each place that is not seen, and lets all of them look at each other.

    All blocks are predicted at once; the paper predicts one after the other, with the same mask token.

    Args:
        body: the encoder whose tokens it predicts. size: numbers of its own tokens, a multiple of 4.
    """

    places: torch.Tensor

    def __init__(self, body: VisionTransformerBody, size: int, depth: int) -> None:
        super().__init__()
        heads = next(count for count in range(body.heads, 0, -1) if not size % count)
        self.tokens = body.tokens
        self.narrow, self.widen = nn.Linear(body.size, size), nn.Linear(size, body.size)
        self.hole = nn.Parameter(torch.zeros(size))
        self.blocks = nn.Sequential(*[Block(size, heads) for _ in range(depth)])
        self.norm = nn.LayerNorm(size)
        self.register_buffer("places", sine_positions(*body.grid, size), persistent=False)

    def reset(self, generator: torch.Generator) -> None:
        with torch.no_grad():
            self.hole.copy_(HOLE_DEVIATION * torch.randn(self.hole.shape, generator=generator))

    def forward(self, context: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
        """(B, V, W) tokens of the patches `keep` (B, V) → (B, N, W)."""
        seen = self.narrow(context)
        tokens = self.hole.to(seen.dtype).expand(len(seen), self.tokens, -1)
        tokens = tokens.scatter(1, keep[:, :, None].expand_as(seen), seen)
        found: torch.Tensor = self.widen(self.norm(self.blocks(tokens + self.places)))
        return found
