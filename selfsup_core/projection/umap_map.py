"""UMAP by umap-learn's own functions, pass by pass: layouts are seen as they come, and it can be paused or
left.

With the same neighbors, start and seed the layout is the one that `umap.UMAP` gives, to the last bit.
[1] McInnes, Healy, Melville: UMAP: Uniform manifold approximation and projection for dimension reduction,
2018
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from selfsup_core.evaluate.compiled import import_compiled

INT32 = np.iinfo(np.int32)
ALPHA, GAMMA, NEGATIVES = (
    1.0,
    1.0,
    5,
)  # umap-learn's defaults: learning rate, repulsion, negative samples
SEEDED = 0.25  # of the learning rate, where a layout begins from the map of the epoch before
PLACED = 60  # passes for a new point
# (layout (N, K) that is still being changed, passes done, passes in all)
Say = Callable[[np.ndarray, int, int], None]


def passes_for(rows: int) -> int:
    """Passes that give the trustworthiness of umap-learn's own default (500 up to 10,000 rows, then 200) to
    within .005.
    """
    return 250 if rows <= 10_000 else 120


def fuzzy_graph(rows: np.ndarray, distances: np.ndarray, neighbors: int, x: np.ndarray, metric: str) -> Any:
    """(N, k) neighbors without the row itself → sparse (N, N) memberships; k = neighbors − 1, as umap counts
    the row too.
    """
    fuzzy_simplicial_set = import_compiled("umap.umap_").fuzzy_simplicial_set
    count = len(rows)
    index = np.concatenate([np.arange(count)[:, None], rows], axis=1)
    far = np.concatenate([np.zeros((count, 1)), distances], axis=1).astype(np.float32)
    graph, *_ = fuzzy_simplicial_set(
        x,
        index.shape[1],
        np.random.RandomState(0),
        metric,
        {},
        index,
        far,
        False,
        1.0,
        1.0,
        True,
        False,
    )
    return graph


def curve(min_dist: float) -> tuple[float, float]:
    """(a, b) of 1 / (1 + a d^{2b}), fitted to the least distance."""
    from umap.umap_ import find_ab_params

    a, b = find_ab_params(1.0, min_dist)
    return float(a), float(b)


def begin(x: np.ndarray, graph: Any, dimensions: int, how: str, metric: str, random: Any) -> np.ndarray:
    """(N, K) first layout, as umap-learn makes it."""
    from umap.spectral import spectral_layout
    from umap.umap_ import noisy_scale_coords

    if how == "spectral":
        found = spectral_layout(x, graph, dimensions, random, metric=metric, metric_kwds={})
    else:
        from selfsup_core.projection.linear import fit_axes

        found = fit_axes(x, dimensions).place(x)
    made: np.ndarray = noisy_scale_coords(found, random, max_coord=10, noise=0.0001)
    return made


def one_pass() -> Any:
    """umap-learn's compiled pass over all edges, on one thread."""
    return import_compiled("umap.layouts")._get_optimize_layout_euclidean_single_epoch_fn(False)


def lay_out(
    graph: Any,
    start: np.ndarray,
    *,
    passes: int,
    min_dist: float,
    random: Any,
    say: Say | None = None,
    is_seeded: bool = False,
) -> np.ndarray:
    """Move points (N, K) along the graph.

    Args:
        start: first layout. random: numpy RandomState. is_seeded: the start is a map already: it keeps its
            size, and points go small steps, so that a replay flows.
        say: called after every pass; what it raises ends the work.
    """
    from umap.umap_ import make_epochs_per_sample

    graph = graph.tocoo()
    graph.sum_duplicates()
    graph.data[graph.data < graph.data.max() / float(max(passes, 11))] = 0.0
    graph.eliminate_zeros()
    each = make_epochs_per_sample(graph.data, passes)
    state = random.randint(INT32.min + 1, INT32.max - 1, 3).astype(np.int64)
    low, high = start.min(axis=0), start.max(axis=0)
    if is_seeded:
        layout = np.ascontiguousarray(start, np.float32).copy()
    else:
        layout = (10.0 * (start - low) / np.maximum(high - low, 1e-12)).astype(np.float32, order="C")
    move(
        layout,
        layout,
        graph.row,
        graph.col,
        each,
        passes,
        min_dist,
        state,
        one_pass(),
        say,
        ALPHA * (SEEDED if is_seeded else 1),
    )
    return layout


def move(
    head: np.ndarray,
    tail: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    each: np.ndarray,
    passes: int,
    min_dist: float,
    state: np.ndarray,
    one_pass: Any,
    say: Say | None,
    alpha: float = ALPHA,
) -> None:
    """Change `head` in place; `tail` too where it is the same array."""
    a, b = curve(min_dist)
    none = np.zeros(1, np.float32)
    negative = each / NEGATIVES
    next_negative, next_sample = negative.copy(), each.copy()
    states = np.full((len(head), 3), state, np.int64) + head[:, 0].astype(np.float64).view(np.int64).reshape(
        -1, 1
    )
    now = alpha
    for n in range(passes):
        one_pass(
            head,
            tail,
            rows,
            columns,
            len(tail),
            each,
            a,
            b,
            states,
            GAMMA,
            head.shape[1],
            head is tail,
            now,
            negative,
            next_negative,
            next_sample,
            n,
            False,
            none,
            none,
            0,
            0,
            0,
            0,
            none,
            none,
            0,
        )
        now = alpha * (1.0 - n / passes)
        if say:
            say(head, n + 1, passes)


def place(
    rows: np.ndarray, distances: np.ndarray, layout: np.ndarray, *, min_dist: float, seed: int = 0
) -> np.ndarray:
    """New points among a finished layout (N, K), as umap-learn's `transform`: the mean of their neighbors,
    then some passes.

    Args:
        rows, distances: (B, k) neighbors of the new rows among those of the layout.
    """
    from umap.umap_ import make_epochs_per_sample

    smooth_knn_dist = import_compiled("umap.umap_").smooth_knn_dist
    k = rows.shape[1]
    sigmas, rhos = smooth_knn_dist(distances.astype(np.float32), float(k), local_connectivity=0.0)
    weights = np.exp(-np.maximum(distances - rhos[:, None], 0) / np.maximum(sigmas[:, None], 1e-12))
    shares = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)
    found = np.ascontiguousarray((shares[:, :, None] * layout[rows]).sum(axis=1), np.float32)
    each = make_epochs_per_sample(weights.ravel(), PLACED)
    head = np.repeat(np.arange(len(rows), dtype=np.int32), k)
    state = np.random.RandomState(seed).randint(INT32.min + 1, INT32.max - 1, 3).astype(np.int64)
    move(
        found,
        np.ascontiguousarray(layout, np.float32),
        head,
        rows.ravel().astype(np.int32),
        each,
        PLACED,
        min_dist,
        state,
        one_pass(),
        None,
        ALPHA / 4,
    )
    return found
