"""How much of a map is true: whose neighbors on the map are neighbors in the space, and whose in the space
are torn apart.

Trustworthiness T(k) = 1 − 2 / (n k (2n − 3k − 1)) Σ_i Σ_{j ∈ U_k(i)} (r(i, j) − k): U are neighbors on the
map that are none in the space, r their rank there. Continuity is the same with map and space exchanged. Of
many points a sample of i is taken; ranks are always among all.
[1] Venna, Kaski: Neighborhood preservation in nonlinear projection methods: an experimental study, 2001
[2] Lee, Verleysen: Quality assessment of dimensionality reduction, 2009 (share of kept neighbors)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from selfsup_core.translation import join_sentences, tr
from selfsup_core.wording import percent

MOST_ASKED, LEAST_ASKED = 2000, 300
WORK = 4e7  # distances that are looked through on each side; about a second
BLOCK = 256


@dataclass(frozen=True)
class Trust:
    """Attributes:
    trustworthiness, continuity, kept: in [0, 1]; kept is the mean share of the k neighbors that map and space
    share.
    asked: (A,) points that were looked at. each: (A,) share of kept neighbors of each.
    """

    trustworthiness: float
    continuity: float
    kept: float
    neighbors: int
    asked: np.ndarray
    each: np.ndarray


def squared(queries: np.ndarray, x: np.ndarray) -> np.ndarray:
    """(Q, D), (N, D) → (Q, N) squared Euclidean distances, up to what each query has in common."""
    found: np.ndarray = (x**2).sum(axis=1)[None] - 2.0 * queries @ x.T
    return found


def measure_trust(
    x: np.ndarray,
    points: np.ndarray,
    neighbors: int = 15,
    *,
    metric: str = "euclidean",
    seed: int = 0,
    most: int | None = None,
    say: Callable[[int, int], None] | None = None,
) -> Trust:
    """x: (N, D) vectors, points: (N, K) their map; k is made smaller than N / 2, as the measure asks."""
    from selfsup_core.evaluate.nearest import unit

    count = len(x)
    k = max(1, min(neighbors, (count - 1) // 2))
    asked = np.arange(count)
    if most is None:
        most = int(min(MOST_ASKED, max(LEAST_ASKED, WORK // max(1, count))))
    if count > most:
        asked = np.sort(np.random.default_rng(seed).choice(count, most, replace=False))
    if count < 3:
        return Trust(1.0, 1.0, 1.0, k, asked, np.ones(len(asked), np.float32))
    space = unit(x) if metric == "cosine" else (x - x.mean(axis=0)).astype(np.float32)
    plane = (points - points.mean(axis=0)).astype(np.float32)
    false_ranks = torn_ranks = 0.0
    each = np.zeros(len(asked), np.float32)
    for start in range(0, len(asked), BLOCK):
        rows = asked[start : start + BLOCK]
        here = np.arange(len(rows))
        far, near = (squared(a[rows], a) for a in (space, plane))
        for d in (far, near):
            d[here, rows] = np.inf
        in_space, on_map = (np.argpartition(d, k - 1, axis=1)[:, :k] for d in (far, near))
        false_ranks += over_rank(far, on_map, k)
        torn_ranks += over_rank(near, in_space, k)
        is_near = np.zeros(far.shape, bool)
        np.put_along_axis(is_near, in_space, True, 1)
        each[start : start + len(rows)] = np.take_along_axis(is_near, on_map, 1).mean(axis=1)
        if say:
            say(min(start + BLOCK, len(asked)), len(asked))
    scale = 2.0 / (len(asked) * k * (2.0 * count - 3.0 * k - 1.0))
    return Trust(1 - scale * false_ranks, 1 - scale * torn_ranks, float(each.mean()), k, asked, each)


def over_rank(distances: np.ndarray, chosen: np.ndarray, k: int) -> float:
    """Σ max(0, rank − k) of the chosen columns (Q, k), rank 1 being the nearest.

    Only columns beyond the k-th distance count, so only for these their rank is counted out.
    """
    own = np.take_along_axis(distances, chosen, 1)
    limit = np.partition(distances, k - 1, axis=1)[:, k - 1]
    total = 0.0
    for line, values, last in zip(distances, own, limit, strict=True):
        for value in values[values > last]:
            total += np.count_nonzero(line < value) + 1 - k
    return total


def say_trust(found: Trust, kind: str) -> str:
    """What the numbers mean, and what distances on such a map do and do not mean."""
    kept = tr(
        "Of the {neighbors} nearest on the map, {kept} are among the {neighbors} nearest in the space itself."
    ).format(neighbors=found.neighbors, kept=percent(found.kept))
    meaning = {
        "umap": tr(
            "On a UMAP map, points that are close together are mostly close in the space; sizes, "
            "densities and distances of groups mean little."
        ),
        "tsne": tr(
            "On a t-SNE map, points that are close together are mostly close in the space; distances "
            "between groups and their sizes mean nothing."
        ),
        "pca": tr(
            "Directions and distances on this map are real, but only along its axes: rows that differ in "
            "other directions overlap."
        ),
        "random": tr("Distances are kept only on average; this map is a reference for the others."),
        "axes": tr("Positions along the axes are real; other differences are not visible."),
        "code": tr("The map is the space itself: what you see is all there is."),
    }[kind]
    return join_sentences([kept, meaning])
