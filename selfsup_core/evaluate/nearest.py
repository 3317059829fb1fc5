"""Nearest neighbors: exact by blocks where that takes seconds, else by nearest-neighbor descent [1].

[1] Dong, Moses, Li: Efficient k-nearest neighbor graph construction for generic similarity measures, WWW 2011
(pynndescent)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from selfsup_core.evaluate.compiled import import_compiled

BLOCK = 1024
EXACT_WORK = 6e10  # multiplications; about two seconds on one core


def is_exact(rows: int, width: int) -> bool:
    return float(rows) * rows * width <= EXACT_WORK or rows < 4096


def unit(x: np.ndarray) -> np.ndarray:
    """Rows of length 1; rows of zeros stay."""
    size = np.linalg.norm(x, axis=1, keepdims=True)
    found: np.ndarray = (x / np.maximum(size, 1e-12)).astype(np.float32)
    return found


def nearest(
    x: np.ndarray,
    k: int,
    metric: str = "euclidean",
    *,
    seed: int = 0,
    say: Callable[[int, int], None] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """x: (N, D) finite → the k nearest other rows of each: ((N, k) row numbers, (N, k) distances), nearest
    first.

    Cosine distances are 1 − cosine. Equal distances: the lower row first where the search is exact.
    """
    x = np.ascontiguousarray(x, np.float32)
    k = min(k, len(x) - 1)
    if k < 1:
        return np.zeros((len(x), 0), np.int32), np.zeros((len(x), 0), np.float32)
    if is_exact(len(x), x.shape[1]):
        return exact(x, x, k, metric, skip_self=True, say=say)
    for part in ("rp_trees", "utils", "distances"):
        import_compiled(f"pynndescent.{part}")
    found = import_compiled("pynndescent.pynndescent_").NNDescent(
        x,
        metric=metric,
        n_neighbors=k + 1,
        random_state=np.random.RandomState(seed),
        n_jobs=None,
        compressed=False,
        n_trees=min(64, 5 + round(len(x) ** 0.5 / 20)),
        n_iters=max(5, round(np.log2(len(x)))),
        max_candidates=60,
        low_memory=True,
    )
    rows, distances = found.neighbor_graph
    return without_self(rows, distances, k)


def without_self(rows: np.ndarray, distances: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """(N, k + 1) with each row itself, mostly first → (N, k) without it; where it is missing the last one
    goes.
    """
    is_self = rows == np.arange(len(rows))[:, None]
    is_self[~is_self.any(axis=1), -1] = True
    kept = np.argsort(is_self, axis=1, kind="stable")[:, :k]
    return (
        np.take_along_axis(rows, kept, 1).astype(np.int32),
        np.take_along_axis(distances, kept, 1).astype(np.float32),
    )


def exact(
    queries: np.ndarray,
    x: np.ndarray,
    k: int,
    metric: str = "euclidean",
    *,
    skip_self: bool = False,
    say: Callable[[int, int], None] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """queries: (Q, D), x: (N, D) → ((Q, k), (Q, k)); with `skip_self` query i is row i of x and is left
    out.
    """
    import torch

    if metric == "cosine":
        queries, x = unit(queries), unit(x)
    else:
        # About their mean squares are small, and differences of them keep their digits.
        center = x.mean(axis=0)
        queries, x = queries - center, x - center
    q = torch.from_numpy(np.ascontiguousarray(queries, np.float32))
    against = torch.from_numpy(np.ascontiguousarray(x, np.float32))
    squares = (against**2).sum(dim=1)
    k = min(k, len(x) - skip_self)
    rows, distances = np.zeros((len(q), k), np.int32), np.zeros((len(q), k), np.float32)
    for start in range(0, len(q), BLOCK):
        part = q[start : start + BLOCK]
        scores = squares - 2 * part @ against.T  # ‖x‖² − 2 q·x, the same order as the distance
        if skip_self:
            here = torch.arange(len(part))
            scores[here, here + start] = torch.inf
        found = scores.topk(k, dim=1, largest=False).indices
        # Again from the difference itself: near rows lose digits in the square.
        apart = (part[:, None] - against[found]).double().square().sum(dim=2)
        order = torch.argsort(apart, dim=1, stable=True)
        rows[start : start + BLOCK] = found.gather(1, order).numpy()
        near = apart.gather(1, order)
        distances[start : start + BLOCK] = (near / 2 if metric == "cosine" else near.sqrt()).numpy()
        if say:
            say(min(start + BLOCK, len(q)), len(q))
    return rows, distances
