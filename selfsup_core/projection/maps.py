"""A map of vectors: checked, made, and able to place new rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from selfsup_core.errors import DataError
from selfsup_core.evaluate.nearest import exact, nearest
from selfsup_core.projection.align import align_map
from selfsup_core.projection.config import MapConfig
from selfsup_core.projection.linear import Linear, fit_axes, own_axes, plain_axes, random_axes
from selfsup_core.translation import tr

# (stage, done, total, layout or None); may wait, and what it raises ends the work
Say = Callable[[str, int, int, np.ndarray | None], None]
FEW = 4  # with fewer rows there are no neighbors to speak of
PLACED_BY = 15


@dataclass
class Made:
    """points: (N, K) float32; linear: what made them, of linear maps; graph: (rows, distances) of neighbors
    that were found.
    """

    points: np.ndarray
    notes: list[str] = field(default_factory=list)
    linear: Linear | None = None
    graph: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def explained(self) -> float | None:
        return self.linear.explained if self.linear else None


def check_vectors(x: np.ndarray) -> list[str]:
    """What is odd about (N, D) vectors, in words.

    Raises:
        DataError: a value is not finite, or there is nothing to draw.
    """
    if len(x) == 0 or x.shape[1] == 0:
        raise DataError(tr("There are no vectors to draw."), code="no-vectors")
    bad = ~np.isfinite(x)
    if bad.any():
        row, column = (int(v) for v in np.argwhere(bad)[0])
        count = int(bad.any(axis=1).sum())
        raise DataError(
            tr(
                "Vector {row}, number {column} is {x}; expected a finite number. {count:,} of "
                "{count_2:,} vectors have such values."
            ).format(row=row, column=column, x=x[row, column], count=count, count_2=len(x)),
            code="not-finite",
            remedy=tr("Fill or drop these rows; for a run, choose an epoch before it diverged."),
        )
    notes = []
    if len(x) == 1:
        notes.append(tr("A single point has no neighbors; it is placed at 0."))
        return notes
    still = int((x.max(axis=0) == x.min(axis=0)).sum())
    if still == x.shape[1]:
        notes.append(tr("All vectors are equal, so all points are in one place."))
    elif still:
        notes.append(
            tr("{still} of {shape} numbers are constant and carry no information.").format(
                still=still, shape=x.shape[1]
            )
        )
    return notes


def make_map(
    x: np.ndarray,
    config: MapConfig,
    *,
    say: Say | None = None,
    previous: np.ndarray | None = None,
    graph: tuple[np.ndarray, np.ndarray] | None = None,
    ends: list[tuple[np.ndarray, np.ndarray] | None] | None = None,
) -> Made:
    """x: (N, D) → a map of it.

    Args:
        previous: (N, K) map of the same rows one epoch before: UMAP and t-SNE begin there, all maps are
        turned towards it.
        graph: neighbors of an earlier map with the same vectors, metric and number. ends: of own axes; see
        `own_axes`.

    Raises:
        DataError: values are not finite. SettingError: the settings do not fit. Whatever `say` raises.
    """
    notes = check_vectors(x)
    say = say or (lambda *_: None)
    say("starting", 0, 1, None)
    if config.kind in ("umap", "tsne") and (len(x) < FEW or bool((x == x[0]).all())):
        notes.append(tr("Too few different rows for neighbors, so this is PCA."))
        made = linear_map(x, config.model_copy(update={"kind": "pca"}), ends)
    elif config.kind == "umap":
        made = umap_of(x, config, say, previous, graph)
    elif config.kind == "tsne":
        from selfsup_core.projection.tsne import tsne

        say("neighbors", 0, 1, None)
        made = Made(
            tsne(
                x,
                config.dimensions,
                perplexity=config.perplexity,
                metric=config.metric,
                steps=config.steps,
                seed=config.seed,
                start=previous,
                say=lambda layout, done, total: say("layout", done, total, layout),
            )
        )
    else:
        made = linear_map(x, config, ends)
    made.notes = notes + made.notes
    if (
        config.kind in ("umap", "tsne", "pca")
        and previous is not None
        and previous.shape == made.points.shape
    ):
        turned = align_map(made.points, previous)
        if made.linear:
            made.linear = turn(made.linear, made.points, turned)
        made.points = turned
    return made


def turn(linear: Linear, points: np.ndarray, turned: np.ndarray) -> Linear:
    """The linear map that gives `turned` where the old one gave `points`."""
    center = points.mean(axis=0)
    rotation, *_ = np.linalg.lstsq(
        (points - center).astype(np.float64), (turned - turned.mean(axis=0)).astype(np.float64)
    )
    axes = (rotation.T @ linear.axes).astype(np.float32)
    # The center stays where it is, while the mean of the rows may lie elsewhere.
    back = np.linalg.pinv(axes.astype(np.float64)) @ (center @ rotation - turned.mean(axis=0))
    return Linear((linear.mean + back).astype(np.float32), axes, linear.explained)


def linear_map(x: np.ndarray, config: MapConfig, ends: Any) -> Made:
    how = {
        "pca": lambda: fit_axes(x, config.dimensions),
        "random": lambda: random_axes(x, config.dimensions, config.seed),
        "code": lambda: plain_axes(x, config.dimensions),
        "axes": lambda: own_axes(x, ends or [], config.dimensions),
    }
    linear = how[config.kind]()
    return Made(linear.place(x), linear=linear)


def umap_of(
    x: np.ndarray,
    config: MapConfig,
    say: Say,
    previous: np.ndarray | None,
    graph: tuple[np.ndarray, np.ndarray] | None,
) -> Made:
    from selfsup_core.projection import umap_map

    notes = []
    neighbors = min(config.neighbors, len(x))
    if neighbors < config.neighbors:
        notes.append(
            tr("There are {count} points, so each has {neighbors} neighbors, not {neighbors_2}.").format(
                count=len(x), neighbors=neighbors - 1, neighbors_2=config.neighbors
            )
        )
    if graph is None:
        # Something to look at while neighbors are found.
        first = previous if previous is not None else fit_axes(x, config.dimensions).place(x)
        say("neighbors", 0, 1, first)
        graph = nearest(
            x,
            neighbors - 1,
            config.metric,
            seed=config.seed,
            say=lambda done, total: say("neighbors", done, total, None),
        )
    say("graph", 0, 1, None)
    memberships = umap_map.fuzzy_graph(*graph, neighbors, x, config.metric)
    random = np.random.RandomState(config.seed)
    is_seeded = previous is not None and previous.shape == (len(x), config.dimensions)
    start = (
        previous
        if previous is not None and is_seeded
        else umap_map.begin(x, memberships, config.dimensions, config.start, config.metric, random)
    )
    passes = config.steps or umap_map.passes_for(len(x))
    if is_seeded:
        passes = max(20, passes // 3)  # it begins near its end
    points = umap_map.lay_out(
        memberships,
        start,
        passes=passes,
        min_dist=config.min_dist,
        random=random,
        is_seeded=is_seeded,
        say=lambda layout, done, total: say("layout", done, total, layout),
    )
    return Made(points, notes, graph=graph)


def place_new(new: np.ndarray, x: np.ndarray, made: Made, config: MapConfig) -> np.ndarray:
    """(B, D) new rows → (B, K) on a map of x: by the same line, by UMAP's transform, or at their neighbors'
    mean (t-SNE).
    """
    check_vectors(new)
    if made.linear is not None:
        return made.linear.place(new)
    rows, distances = exact(new, x, min(PLACED_BY, len(x)), config.metric)
    if config.kind == "umap":
        from selfsup_core.projection.umap_map import place

        return place(rows, distances, made.points, min_dist=config.min_dist, seed=config.seed)
    weights = 1.0 / np.maximum(distances, 1e-6)
    weights /= weights.sum(axis=1, keepdims=True)
    found: np.ndarray = (weights[:, :, None] * made.points[rows]).sum(axis=1).astype(np.float32)
    return found
