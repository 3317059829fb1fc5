"""A small encoder with an objective on views, equipped and ready, and views that are the batch with noise."""

from __future__ import annotations

from typing import Any

import torch

from selfsup_core.models.modules.encoder import Encoder
from selfsup_core.objectives.two_views import TwoViews
from tests.objectives.helpers import make


def noisy(x: torch.Tensor, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    one, two = (x + 0.1 * torch.randn(x.shape, generator=generator) for _ in range(2))
    return one.clamp(0, 1), two.clamp(0, 1)


def make_views(kind: str, **settings: Any) -> tuple[TwoViews, Encoder]:
    """An objective with a dense encoder of 36 values, code 6, embeddings of 5 numbers."""
    values = {"kind": kind, "projector": (7, 5), **settings}
    objective, model = make(values, {"kind": "perceptron", "widths": (8, 6)})
    objective.make_views = noisy
    objective.begin(model)
    return objective, model


def embeddings(rows: int = 9, size: int = 5, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Two related (rows, size) clouds, with a mean that is not 0."""
    generator = torch.Generator().manual_seed(seed)
    one = torch.randn(rows, size, generator=generator) + 0.5
    return one, one + 0.5 * torch.randn(rows, size, generator=generator)
