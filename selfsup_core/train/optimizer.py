"""The optimizer, and the schedule of its learning rate."""

from __future__ import annotations

import math
from typing import TypedDict

import torch
from torch import nn

from selfsup_core.train.config import TrainConfig

LOWEST_SHARE = 0.1  # of the learning rate, at a schedule's end: nanoGPT's choice


class AdamOptions(TypedDict):
    """What Adam and AdamW are given alike."""

    lr: float
    betas: tuple[float, float]
    eps: float
    fused: bool


def make_optimizer(model: nn.Module, config: TrainConfig, *, fused: bool) -> torch.optim.Optimizer:
    """Adam; with weight decay AdamW, which spares biases, scales and other vectors."""
    trained = [p for p in model.parameters() if p.requires_grad]
    options: AdamOptions = {
        "lr": config.learning_rate,
        "betas": (0.9, config.beta2),
        "eps": config.epsilon,
        "fused": fused,
    }
    if not config.weight_decay:
        return torch.optim.Adam(trained, **options)
    groups = [
        {"params": [p for p in trained if p.dim() >= 2], "weight_decay": config.weight_decay},
        {"params": [p for p in trained if p.dim() < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([g for g in groups if g["params"]], **options)


def rate_share(config: TrainConfig, step: int, total: int) -> float:
    """Share of the learning rate at a step (counted from 0): a linear rise, then constant, or down to a
    tenth.
    """
    if step < config.warmup_steps:
        return (step + 1) / (config.warmup_steps + 1)
    if config.schedule == "constant":
        return 1.0
    done = min(1.0, (step - config.warmup_steps) / max(1, total - config.warmup_steps))
    falling = 0.5 * (1 + math.cos(math.pi * done)) if config.schedule == "cosine" else 1 - done
    return LOWEST_SHARE + (1 - LOWEST_SHARE) * falling
