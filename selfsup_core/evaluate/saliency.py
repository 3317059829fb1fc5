"""Which input values a dimension of the code depends on: integrated gradients from a black input.

(x − x₀) · ∫₀¹ ∂h_k/∂x (x₀ + t (x − x₀)) dt; over all values these sum to h_k(x) − h_k(x₀).
[1] Sundararajan, Taly, Yan: Axiomatic attribution for deep networks, 2017
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn

STEPS = 32


def saliency(model: nn.Module, x: torch.Tensor, dimension: int, steps: int = STEPS) -> torch.Tensor:
    """x: (1, D) → (D,): how much each value raises (+) or lowers (−) dimension `dimension` of its code."""
    import torch
    from captum.attr import IntegratedGradients

    with torch.enable_grad():
        method = IntegratedGradients(model.encode)
        found = method.attribute(
            x.detach().clone(), baselines=torch.zeros_like(x), target=dimension, n_steps=steps
        )
    made: torch.Tensor = found.detach()[0].float()
    return made
