"""Labels spread over the graph of similar rows.

F = (1 − α) (I − α S)⁻¹ Y, S = D^{-1/2} W D^{-1/2}, W the symmetric graph of nearest neighbors with cosine
similarities to the power γ [1, 2]; solved by conjugate gradients. Each class's column can be scaled to the
mass it should have [3].
[1] Zhou et al.: Learning with local and global consistency, 2004
[2] Iscen et al.: Label propagation for deep semi-supervised learning, 2019
[3] Zhu, Ghahramani, Lafferty: Semi-supervised learning using Gaussian fields and harmonic functions, 2003
(class mass normalization)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from selfsup_core.pseudo.audit import total_variation

POWER = 3.0
# By labels that spread less far (α = .9), 30 splits each of seven sets that were nearly even and one that was
# not: all of the uneven one fell on the right side, and all but one of the others.
JUDGING = 0.9
UNEVEN = 0.2  # total variation from even shares
FAINT = 0.35  # of an even share, which the smallest class must fall below
BLOCK = 1024
STEPS = 100
TOLERANCE = 1e-6


def nearest(x: np.ndarray, neighbors: int) -> tuple[np.ndarray, np.ndarray]:
    """x: (N, D) → exact nearest rows by cosine, without the row itself: ((N, K) row numbers, (N, K)
    similarities ≥ 0).
    """
    import torch

    unit = torch.nn.functional.normalize(torch.from_numpy(np.ascontiguousarray(x, np.float32)))
    count = len(unit)
    size = min(neighbors, count - 1)
    rows, values = np.zeros((count, size), np.int64), np.zeros((count, size), np.float32)
    for start in range(0, count, BLOCK):
        part = unit[start : start + BLOCK] @ unit.T
        here = torch.arange(len(part))
        part[here, here + start] = -2.0
        found = part.topk(size, dim=1)
        rows[start : start + BLOCK] = found.indices.numpy()
        values[start : start + BLOCK] = found.values.clamp(min=0).numpy()
    return rows, values


def make_graph(x: np.ndarray, neighbors: int) -> Any:
    """(N, D) finite features → S, sparse (N, N)."""
    from scipy import sparse

    count = len(x)
    rows, values = nearest(x, neighbors)
    one_way = sparse.csr_matrix(
        ((values**POWER).ravel(), (np.repeat(np.arange(count), rows.shape[1]), rows.ravel())),
        shape=(count, count),
    )
    both = one_way.maximum(one_way.T)
    degree = np.asarray(both.sum(axis=1)).ravel()
    scale = sparse.diags(1 / np.sqrt(np.maximum(degree, 1e-12)))
    return (scale @ both @ scale).tocsr()


def spread(graph: Any, y: np.ndarray, alpha: float) -> np.ndarray:
    """graph: S (N, N), y: (N, C) → (1 − α)(I − αS)⁻¹ y by conjugate gradients, all columns at once."""
    found, rest = np.zeros_like(y), y.copy()
    towards, size = rest.copy(), (rest**2).sum(axis=0)
    wanted = TOLERANCE**2 * np.maximum(size, 1e-30)
    for _ in range(STEPS):
        if (size <= wanted).all():
            break
        image = towards - alpha * (graph @ towards)
        step = size / np.maximum((towards * image).sum(axis=0), 1e-30)
        found += step * towards
        rest -= step * image
        now = (rest**2).sum(axis=0)
        towards = rest + now / np.maximum(size, 1e-30) * towards
        size = now
    made: np.ndarray = (1 - alpha) * np.maximum(found, 0)
    return made


def propagate(
    x: np.ndarray,
    labels: np.ndarray,
    classes: int,
    *,
    neighbors: int = 10,
    alpha: float = 0.99,
    mass: np.ndarray | None = None,
) -> np.ndarray:
    """x: (N, D), labels: (N,) class numbers, -1 where hidden → (N, C) probabilities; NaN where no label
    reaches a row.

    Args:
        neighbors: of each row in the graph. alpha: how far labels spread, below 1.
        mass: (C,) class shares to which the result is scaled; None leaves them as the graph gives them.
    """
    if len(x) < 2 or not (labels >= 0).any():
        return np.full((len(x), classes), np.nan, np.float32)
    return spread_labels(make_graph(x, neighbors), labels, classes, alpha=alpha, mass=mass)


def spread_labels(
    graph: Any, labels: np.ndarray, classes: int, *, alpha: float, mass: np.ndarray | None = None
) -> np.ndarray:
    """As `propagate`, on a graph S (N, N) that already exists."""
    y = np.zeros((len(labels), classes))
    given = labels >= 0
    y[given, labels[given]] = 1.0
    seen = y.sum(axis=0) > 0
    nothing = np.full((len(labels), classes), np.nan, np.float32)
    # A class with more labels starts with more; each should start alike.
    y /= np.maximum(y.sum(axis=0), 1.0)
    found = spread(graph, y, alpha)
    if mass is not None:
        found *= np.where(seen, mass, 0.0) / np.maximum(found.sum(axis=0), 1e-30)
    total = found.sum(axis=1, keepdims=True)
    reached = total[:, 0] > 1e-15
    nothing[reached] = (found[reached] / total[reached]).astype(np.float32)
    return nothing


def leave_one_out(graph: Any, labels: np.ndarray, classes: int, *, alpha: float = JUDGING) -> np.ndarray:
    """graph: S (N, N), labels: (N,) with L of them given → (L,) class that the other given labels name, -1
    where none reaches.

    One solve with a column for each given label answers for all: what a label brings to a row does not depend
    on the others.
    """
    given = np.flatnonzero(labels >= 0)
    start = np.zeros((len(labels), len(given)))
    start[given, np.arange(len(given))] = 1.0
    brought = spread(graph, start, alpha)[given]  # (L, L): from label j to row i
    np.fill_diagonal(brought, 0.0)
    kinds = np.eye(classes)[labels[given]]  # (L, C)
    others = np.maximum(kinds.sum(axis=0) - kinds, 1.0)  # labels of each class without the row's own
    scores = (brought @ kinds) / others
    return np.where(scores.max(axis=1, initial=0) > 1e-15, scores.argmax(axis=1), -1)


def shares_of(p: np.ndarray) -> np.ndarray:
    """p: (N, C) proposals → (C,) shares of the classes they name, one imagined row of each added."""
    there = ~np.isnan(p).any(axis=1)
    counts = np.bincount(p[there].argmax(axis=1), minlength=p.shape[1]) + 1.0
    found: np.ndarray = counts / counts.sum()
    return found


def looks_uneven(shares: np.ndarray) -> bool:
    """Whether shares (C,) are clearly not even: far from it on the whole, and at least one class nearly
    missing.
    """
    even = 1.0 / len(shares)
    distance = total_variation(shares, np.full(len(shares), even))
    return bool(distance >= UNEVEN and shares.min() <= FAINT * even)
