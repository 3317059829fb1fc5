"""How alike two representations of the same rows are.

Linear CKA = ‖BᵀA‖²_F / (‖AᵀA‖_F ‖BᵀB‖_F) of centered A, B: 1 for the same up to turning and one scale, near 0 for unrelated ones.
Procrustes distance: of A, B centered and of size 1, the least ‖A R − s B‖² over turns R and scales s, in [0, 1].
[1] Kornblith et al.: Similarity of neural network representations revisited, ICML 2019
[2] Gower: Generalized Procrustes analysis, 1975 (computed by scipy.spatial.procrustes)
"""

from __future__ import annotations

import numpy as np


def center(x: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.asarray(x, np.float64) - np.asarray(x, np.float64).mean(axis=0)
    return found


def linear_cka(a: np.ndarray, b: np.ndarray) -> float | None:
    """(N, D), (N, E) → CKA; None when one of them does not vary."""
    a, b = center(a), center(b)
    sizes = np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b)
    return float(np.linalg.norm(b.T @ a) ** 2 / sizes) if sizes > 0 else None


def procrustes_distance(a: np.ndarray, b: np.ndarray) -> float | None:
    """(N, D), (N, E) → the distance; the narrower one gets zeros. None when one of them does not vary."""
    from scipy.spatial import procrustes

    wide = max(a.shape[1], b.shape[1])
    a, b = (np.pad(center(x), ((0, 0), (0, wide - x.shape[1]))) for x in (a, b))
    if not a.any() or not b.any():
        return None
    *_, distance = procrustes(a, b)
    return float(min(1.0, max(0.0, distance)))


def shared_neighbors(a: np.ndarray, b: np.ndarray) -> float:
    """(N, k), (N, k) neighbors of the same rows in two spaces → mean share that both name."""
    return float(np.mean([len(np.intersect1d(x, y)) / max(1, len(x)) for x, y in zip(a, b, strict=True)]))
