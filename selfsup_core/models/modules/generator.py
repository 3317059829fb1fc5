"""What is asked of every network that leads noise to images, whether it does so in pixels or in a code."""

from __future__ import annotations

import torch
from torch import nn


class Generator(nn.Module):
    """Answers x (B, W), t (B,) in [0, 1] and labels (B,) with (B, W); where images become x it says itself.

    Attributes:
        classes: known ones; class number `classes` is "any". width: W, numbers that noise is added to.
        is_bounded: whether those of images lie in [-1, 1].
    """

    classes: int
    width: int
    is_bounded = True

    def enter(self, values: torch.Tensor) -> torch.Tensor:
        """(B, D) values in [0, 1] → (B, W), about as large as noise."""
        return 2 * values - 1

    def leave(self, x: torch.Tensor) -> torch.Tensor:
        """(B, W) → (B, D) values in [0, 1], cut off beyond."""
        return ((x + 1) / 2).clamp(0, 1)

    def prepare(self, values: torch.Tensor, generator: torch.Generator) -> torch.Tensor | None:
        """The loss of what is learned from values (B, D) before the generator is; None where nothing is."""
        return None

    def reset(self, generator: torch.Generator) -> None:
        """First weights, where they are not those that all layers are given."""
