"""Principal component analysis by the eigenvectors of the covariance matrix, or of the Gram matrix where rows
are fewer.

[1] Pearson: On lines and planes of closest fit to systems of points in space, 1901
[2] Halko, Martinsson, Tropp: Finding structure with randomness, SIAM Review 2011
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

EXACT_SIDE = 1024  # an eigenvalue problem of this side takes a few tenths of a second
# Of the smaller side: with more components than that the exact way costs no more.
RANDOMIZED_SHARE = 0.25
POWER_STEPS = 7  # scikit-learn's number for few components
SEED = 0


@dataclass(frozen=True)
class Pca:
    """mean: (D,); components: (K, D) orthonormal rows, largest variance first; explained: (K,) shares of
    variance.
    """

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

    The cost is bounded by the smaller side: wide rows are decomposed by their Gram matrix when there are few
    of them, and by a randomized SVD [2] of fixed seed when there are many. Beyond the rank of the data,
    components are any orthonormal ones.

    The sign of each component is fixed (its largest entry is positive), so equal data give an equal map.
    """
    size = min(size, x.shape[1])
    mean = x.mean(dim=0)
    centered = x - mean
    if centered.device.type == "mps":  # has neither an eigensolver nor double precision
        centered = centered.cpu()
    rows, width = centered.shape
    if width <= EXACT_SIDE:
        components, explained = by_covariance(centered, size)
    elif rows <= EXACT_SIDE or size > RANDOMIZED_SHARE * min(rows, width):
        components, explained = (by_gram if rows < width else by_covariance)(centered, size)
    else:
        components, explained = by_random_directions(centered, size)
    largest = components.abs().argmax(dim=1, keepdim=True)
    components = components * components.gather(1, largest).sign()
    return Pca(mean, components.to(x.device), explained.to(x.device))


def by_covariance(centered: torch.Tensor, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(N, D) → components (K, D) and their shares of the variance (K,), by eigenvectors of the (D, D)
    covariance.
    """
    import torch

    covariance = centered.T @ centered / max(1, len(centered) - 1)  # (D, D)
    values, vectors = torch.linalg.eigh(covariance)  # ascending
    components = vectors.flip(1)[:, :size].T.contiguous()  # (K, D)
    values = values.flip(0).clamp(min=0)
    total = values.sum().clamp(min=torch.finfo(values.dtype).tiny)
    return components, values[:size] / total


def by_gram(centered: torch.Tensor, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """As `by_covariance`, by eigenvectors of the (N, N) Gram matrix: with X = U S Vᵀ, XXᵀ = U S² Uᵀ and V =
    Xᵀ U / S.
    """
    import torch

    # Squares lose half the digits, so they are taken in double precision.
    x = centered.double()
    values, vectors = torch.linalg.eigh(x @ x.T)  # ascending
    values, vectors = values.flip(0).clamp(min=0), vectors.flip(1)
    total = values.sum().clamp(min=torch.finfo(torch.float32).tiny)
    rank = int((values > values[0] * len(values) * torch.finfo(values.dtype).eps).sum())
    kept = min(size, rank)
    components = (vectors[:, :kept].T @ x) / values[:kept, None].sqrt()  # (kept, D)
    explained = torch.zeros(size, dtype=x.dtype, device=x.device)
    explained[:kept] = values[:kept] / total
    return complete(components, size).to(centered.dtype), explained.to(centered.dtype)


def by_random_directions(centered: torch.Tensor, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """As `by_covariance`, by scikit-learn's randomized SVD, on the CPU."""
    import torch
    from sklearn.utils.extmath import randomized_svd

    x = centered.cpu().numpy()
    _, singular, components = randomized_svd(x, size, n_iter=POWER_STEPS, random_state=SEED)
    total = max(float(centered.square().sum(dtype=torch.float64)), torch.finfo(torch.float32).tiny)
    explained = torch.from_numpy(singular).double().square() / total
    kept = torch.from_numpy(components.copy())
    is_real = explained > torch.finfo(kept.dtype).eps ** 2
    kept = complete(kept[is_real].double(), size)
    return kept.to(centered.dtype), explained.to(centered.dtype)


def complete(components: torch.Tensor, size: int) -> torch.Tensor:
    """(k, D) orthonormal rows → (size, D): the same rows, and others that are orthonormal to them."""
    import torch

    missing = size - len(components)
    if not missing:
        return components
    generator = torch.Generator().manual_seed(SEED)
    more = torch.randn(missing, components.shape[1], generator=generator, dtype=torch.float64)
    whole = torch.cat([components, more.to(components)])
    # Rows that were orthonormal stay, up to their sign.
    basis, triangle = torch.linalg.qr(whole.T)  # (D, size)
    found: torch.Tensor = (basis * triangle.diagonal().sign()).T.contiguous()
    return found
