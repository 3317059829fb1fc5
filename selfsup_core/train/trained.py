"""The trained part of a network: of adapters only what they add."""

from __future__ import annotations

import torch
from torch import nn


def trained_state(model: nn.Module) -> dict[str, torch.Tensor]:
    """What training can change: the weights that are trained, and all buffers; frozen weights are the model's
    own.
    """
    # Weights that two layers share have two names in the state, so both must be looked at.
    named = model.named_parameters(remove_duplicate=False)
    frozen = {name for name, p in named if not p.requires_grad}
    return {name: value for name, value in model.state_dict().items() if name not in frozen}


def load_trained(model: nn.Module, state: dict[str, torch.Tensor]) -> None:
    """Inverse of `trained_state`. Raises RuntimeError when a trained weight is missing or strange."""
    missing = trained_state(model).keys() - state.keys()
    if missing:
        raise RuntimeError(f"the weights lack {', '.join(sorted(missing)[:3])}")
    if unexpected := model.load_state_dict(state, strict=False).unexpected_keys:
        raise RuntimeError(f"there are weights of another model: {', '.join(unexpected[:3])}")
