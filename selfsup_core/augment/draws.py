"""Random numbers of a batch, drawn before anything is changed: each name has its own column.

A changed setting therefore leaves what the other transformations do as it was, and a sample's view can be
computed again alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Draws:
    """What was drawn for B samples.

    Attributes:
        names: of the columns. uniform: (B, names) in [0, 1). noise: (B, D), normal; None where none is added.
    """

    names: tuple[str, ...]
    uniform: torch.Tensor
    noise: torch.Tensor | None = None

    def __getitem__(self, name: str) -> torch.Tensor:
        """(B,) in [0, 1)."""
        return self.uniform[:, self.names.index(name)]

    def signed(self, name: str) -> torch.Tensor:
        """(B,) in [-1, 1)."""
        return 2 * self[name] - 1

    def of(self, rows: slice) -> Draws:
        """Those of some of the samples."""
        return Draws(self.names, self.uniform[rows], None if self.noise is None else self.noise[rows])


def draw(x: torch.Tensor, names: tuple[str, ...], generator: torch.Generator, *, has_noise: bool) -> Draws:
    """x: (B, D). The generator is one of x's device."""
    uniform = torch.rand((len(x), len(names)), generator=generator, device=x.device)
    noise = torch.randn(x.shape, generator=generator, device=x.device) if has_noise else None
    return Draws(names, uniform, noise)
