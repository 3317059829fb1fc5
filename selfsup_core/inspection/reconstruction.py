"""How well a run's network reconstructs rows of its data."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from selfsup_core.evaluate.autoencoder import rebuild
from selfsup_core.inspection.model_at import ModelAt, as_bytes

BATCH = 512


def reconstruction_errors(
    at: ModelAt, rows: np.ndarray
) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """(N,) mean squared errors, and a function from places in `rows` to their reconstructions as bytes."""
    kit = at.kit

    def outputs(some: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        x = kit.data.values(kit.data.rows(some))
        generator = torch.Generator().manual_seed(kit.spec.seed)
        return x, rebuild(at.model, kit.objective, x, at.model.encode(x), generator)

    errors = []
    with torch.inference_mode():
        for start in range(0, len(rows), BATCH):
            x, made = outputs(rows[start : start + BATCH])
            errors.append((made - x).square().mean(dim=1))

    def again(places: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return as_bytes(outputs(rows[places])[1])

    return torch.cat(errors).float().numpy(), again
