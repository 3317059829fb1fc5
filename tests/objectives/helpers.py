"""A small network with an objective, and a batch."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from selfsup_core.models import MODELS
from selfsup_core.models.modules.autoencoder import glorot_init
from selfsup_core.objectives import OBJECTIVES, Objective


def make(
    objective: dict[str, Any], model: dict[str, Any] | None = None, shape: tuple[int, ...] = (6, 6)
) -> tuple[Objective, nn.Module]:
    """An objective and a network that it has equipped, weights from seed 0."""
    if (model or {}).get("kind", "dense") == "dense":
        model = {"kind": "dense", "widths": (10, 4), "code_activation": "linear"} | (model or {})
    entry = MODELS[model["kind"]]
    network = entry.build(entry.config.model_validate(model), shape)
    cls = OBJECTIVES[objective["kind"]]
    made = cls(cls.Config.model_validate(objective))
    made.equip(network)
    generator = torch.Generator().manual_seed(0)
    glorot_init(network, generator)
    for module in network.modules():
        if hasattr(module, "reset"):
            module.reset(generator)
    return made, network


def batch(rows: int = 12, values: int = 36, seed: int = 1) -> torch.Tensor:
    return torch.rand(rows, values, generator=torch.Generator().manual_seed(seed))


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
