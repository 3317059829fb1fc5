"""Principal component analysis by the eigenvectors of the covariance matrix.

[1] Pearson: On lines and planes of closest fit to systems of points in space, 1901
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Pca:
    """mean: (D,); components: (K, D) orthonormal rows, largest variance first; explained: (K,) shares of variance."""

    mean: torch.Tensor
    components: torch.Tensor
    explained: torch.Tensor

    def transform(self, x: torch.Tensor) -> torch.Tensor:
        """(N, D) → (N, K)."""
        return (x - self.mean) @ self.components.T

    def inverse(self, z: torch.Tensor) -> torch.Tensor:
        """(N, K) → (N, D)."""
        return z @ self.components + self.mean


def fit_pca(x: torch.Tensor, size: int) -> Pca:
    """Fit on (N, D) rows; at most D components.

    The sign of each component is fixed (its largest entry is positive), so equal data give an equal map.
    """
    import torch

    mean = x.mean(dim=0)
    centered = x - mean
    covariance = centered.T @ centered / max(1, len(x) - 1)  # (D, D)
    if covariance.device.type == "mps":
        covariance = covariance.cpu()
    values, vectors = torch.linalg.eigh(covariance)  # ascending
    size = min(size, x.shape[1])
    components = vectors.flip(1)[:, :size].T.contiguous()  # (K, D)
    largest = components.abs().argmax(dim=1, keepdim=True)
    components = components * components.gather(1, largest).sign()
    values = values.flip(0).clamp(min=0)
    total = values.sum().clamp(min=torch.finfo(values.dtype).tiny)
    device = x.device
    return Pca(mean, components.to(device), (values[:size] / total).to(device))
