"""Reconstruction losses, shared by all objectives that reconstruct their input.

BCE = −[x log x̂ + (1 − x) log(1 − x̂)]
MSE = (x − x̂)²
Both are averaged over values and samples; x̂ = sigmoid(logits).
A category of a table, one-hot in columns g, counts as one column: CE = −log softmax(logits_g)[its level].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from selfsup_core.settings import setting

if TYPE_CHECKING:
    import torch

    from selfsup_core.models.modules.autoencoder import Autoencoder

LossName = Literal["bce", "mse"]


def loss_setting(default: str = "bce") -> Any:
    """The setting `loss`, declared once for all objectives that reconstruct their input."""
    return setting(
        default,
        "How the difference between input and output is measured: binary cross-entropy or mean squared "
        "error. Categories of a table always use cross-entropy.",
        title="Loss",
        titles={"bce": "BCE (cross-entropy)", "mse": "MSE (squared error)"},
        why="BCE gives stronger gradients where an output is confidently wrong.",
    )


def binary_cross_entropy(logits: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """logits: (B, D), x: (B, D) in [0, 1] → scalar, nats per value; stable, since it never takes log of a
    sigmoid.
    """
    from torch.nn import functional

    return functional.binary_cross_entropy_with_logits(logits.float(), x)


def mean_squared_error(logits: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """logits: (B, D), x: (B, D) in [0, 1] → scalar, mean of (x − sigmoid(logits))²."""
    from torch.nn import functional

    return functional.mse_loss(logits.float().sigmoid(), x)


LOSSES = {"bce": binary_cross_entropy, "mse": mean_squared_error}


def reconstruction_loss(
    name: LossName, model: Autoencoder, logits: torch.Tensor, x: torch.Tensor
) -> torch.Tensor:
    """Scalar, a mean over samples and columns.

    Args:
        model: its `groups` say which columns are the levels of one category.
        logits: (B, D), x: (B, D) in [0, 1].
    """
    import torch
    from torch.nn import functional

    if not model.groups:
        return LOSSES[name](logits, x)
    logits = logits.float()
    grouped = [column for group in model.groups for column in group]
    numeric = sorted(set(range(x.shape[1])) - set(grouped))
    total = logits.new_zeros(())
    if numeric:
        index = torch.tensor(numeric, device=x.device)
        total = LOSSES[name](logits[:, index], x[:, index]) * len(numeric)
    for group in model.groups:
        index = torch.tensor(group, device=x.device)
        # A row whose cell was empty is all zeros here and says nothing of this column.
        total = total - (x[:, index] * functional.log_softmax(logits[:, index], dim=1)).sum() / len(x)
    found: torch.Tensor = total / (len(numeric) + len(model.groups))
    return found
