"""How alike two representations of the same rows are.

Linear CKA = ‖BᵀA‖²_F / (‖AᵀA‖_F ‖BᵀB‖_F) of centered A, B: 1 for the same up to turning and one scale, near 0
for unrelated ones.
Procrustes distance: of A, B centered and of size 1, the least ‖A R − s B‖² over turns R and scales s, in [0,
1].
[1] Kornblith et al.: Similarity of neural network representations revisited, ICML 2019
[2] Gower: Generalized Procrustes analysis, 1975
"""

from __future__ import annotations

import numpy as np


def center(x: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.asarray(x, np.float64) - np.asarray(x, np.float64).mean(axis=0)
    return found


def turn_short(x: np.ndarray) -> np.ndarray:
    """(N, D) → (N, min(N, D)): the same centered points, turned so that no axis beyond N is needed."""
    x = center(x)
    return np.asarray(np.linalg.qr(x.T, mode="r")).T if x.shape[1] > len(x) else x


def linear_cka(a: np.ndarray, b: np.ndarray) -> float | None:
    """(N, D), (N, E) → CKA; None when one of them does not vary."""
    a, b = turn_short(a), turn_short(b)
    sizes = np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b)
    return float(np.linalg.norm(b.T @ a) ** 2 / sizes) if sizes > 0 else None


def procrustes_distance(a: np.ndarray, b: np.ndarray) -> float | None:
    """(N, D), (N, E) → the distance; None when one of them does not vary.

    Of A, B of size 1 it is 1 − (sum of the singular values of AᵀB)². That is the number of
    scipy.spatial.procrustes, which would decompose a
    matrix of max(D, E)² numbers: 80 s for 1,900 pictures of 3,072 values beside codes of 32.
    """
    a, b = turn_short(a), turn_short(b)
    sizes = np.linalg.norm(a) * np.linalg.norm(b)
    if not sizes:
        return None
    alike = float(np.linalg.svd(a.T @ b, compute_uv=False).sum() / sizes)
    return min(1.0, max(0.0, 1.0 - alike**2))


def shared_neighbors(a: np.ndarray, b: np.ndarray) -> float:
    """(N, k), (N, k) neighbors of the same rows in two spaces → mean share that both name."""
    return float(np.mean([len(np.intersect1d(x, y)) / max(1, len(x)) for x, y in zip(a, b, strict=True)]))
