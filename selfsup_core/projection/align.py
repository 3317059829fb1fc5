"""Orthogonal Procrustes alignment: turn and mirror a map so that it lies like the one before.

R = U Vᵀ where U S Vᵀ = AᵀB minimizes ‖A R − B‖ over all orthogonal R (SciPy computes it).
[1] Schönemann: A generalized solution of the orthogonal Procrustes problem, Psychometrika 1966
"""

from __future__ import annotations

import numpy as np


def rotation_towards(points: np.ndarray, previous: np.ndarray | None) -> np.ndarray | None:
    """(K, K) orthogonal R that turns `points` (N, K) towards `previous` (N, K), both about their means; None:
    no way.
    """
    if previous is None or previous.shape != points.shape:
        return None
    a = (points - points.mean(axis=0)).astype(np.float64)
    b = (previous - previous.mean(axis=0)).astype(np.float64)
    product = a.T @ b  # (K, K)
    if not np.isfinite(product).all() or np.abs(product).max() == 0:
        return None
    from scipy.linalg import orthogonal_procrustes

    rotation, _ = orthogonal_procrustes(a, b)
    return np.asarray(rotation)


def align_map(points: np.ndarray, previous: np.ndarray | None) -> np.ndarray:
    """Rotate or reflect `points` (N, K) towards `previous` (N, K), both about their means; distances stay as
    they are.
    """
    rotation = rotation_towards(points, previous)
    if rotation is None:
        return points
    center = points.mean(axis=0)
    found: np.ndarray = ((points - center).astype(np.float64) @ rotation + center).astype(points.dtype)
    return found
