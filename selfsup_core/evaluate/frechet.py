"""Fréchet distance between two sets of features, each taken for a Gaussian.

d² = ‖μ_a − μ_b‖² + tr(Σ_a + Σ_b − 2 (Σ_a Σ_b)^½)
In features of an Inception network of ImageNet this is the FID [1]; here features are those of a small
classifier of the data themselves, so numbers compare only with each other, on the same data. Few samples
make it larger: compare distances of equally many.
[1] Heusel et al.: GANs trained by a two time-scale update rule converge to a local Nash equilibrium, 2017
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Moments(NamedTuple):
    """mean: (F,), covariance: (F, F) of a sample, with n − 1."""

    mean: np.ndarray
    covariance: np.ndarray


def moments(features: np.ndarray) -> Moments:
    """(N, F) features, N ≥ 2."""
    x = np.asarray(features, np.float64)
    return Moments(x.mean(axis=0), np.atleast_2d(np.cov(x, rowvar=False)))


def frechet_distance(a: Moments, b: Moments) -> float:
    """d², never negative.

    tr (Σ_a Σ_b)^½ is the sum of the roots of the eigenvalues of Σ_a^½ Σ_b Σ_a^½, which is symmetric: no root
    of a matrix that is none can become complex, as with few samples.
    """
    values, vectors = np.linalg.eigh(a.covariance)
    root = (vectors * np.sqrt(values.clip(min=0))) @ vectors.T
    between = np.linalg.eigvalsh(root @ b.covariance @ root).clip(min=0)
    offset = a.mean - b.mean
    found = offset @ offset + np.trace(a.covariance) + np.trace(b.covariance) - 2 * np.sqrt(between).sum()
    return max(0.0, float(found))
