"""Settings of a map: how many numbers become two or three."""

from __future__ import annotations

from typing import Literal

from selfsup_core.settings import Config, setting
from selfsup_core.translation import tr_later

MOST_ROWS = 1_000_000
TITLES = {
    "pca": "PCA",
    "umap": "UMAP",
    "tsne": "t-SNE",
    "random": tr_later("Random projection"),
    "axes": tr_later("Own axes"),
    "code": "The numbers themselves",
}


class MapConfig(Config):
    """One map of a space. Which settings count depends on its kind; see `USED`."""

    kind: Literal["pca", "umap", "tsne", "random", "axes", "code"] = setting(
        "pca",
        "How many dimensions become two: PCA keeps the directions of largest variance, UMAP and t-SNE keep "
        "neighbors together.",
        title="Map",
        titles=TITLES,
        why="PCA takes a moment and its distances have a meaning.",
    )
    dimensions: Literal[2, 3] = setting(
        2, "Dimensions of the map; three are for export, and the page draws two.", title="Dimensions"
    )
    metric: Literal["euclidean", "cosine"] = setting(
        "euclidean",
        "How distance is measured: length of the difference, or angle between the vectors.",
        title="Distance",
        titles={"euclidean": "Euclidean", "cosine": "Cosine"},
    )
    neighbors: int = setting(
        15,
        "Nearest neighbors that UMAP keeps together. Few show small groups, many the overall structure.",
        title="Neighbors",
        ge=2,
        le=200,
    )
    min_dist: float = setting(
        0.1,
        "How close points may be on the map (UMAP). Small values give tight groups.",
        title="Least distance",
        ge=0.0,
        le=0.99,
    )
    steps: int = setting(
        0,
        "Passes over the graph (UMAP) or steps (t-SNE); 0 chooses by the number of points.",
        title="Steps",
        zero="automatic",
        why="UMAP starts from PCA, so fewer passes are enough.",
        ge=0,
        le=5000,
    )
    start: Literal["pca", "spectral"] = setting(
        "pca",
        "Initial positions of the points (UMAP).",
        title="Start",
        titles={"pca": "PCA", "spectral": "Spectral"},
        why="PCA keeps the overall arrangement and takes a moment.",
    )
    perplexity: float = setting(
        30.0, "About how many neighbors each point has (t-SNE).", title="Perplexity", ge=2.0, le=500.0
    )
    seed: int = setting(
        0, "Seed of everything random; another seed gives another map.", title="Seed", ge=0, le=2**31 - 1
    )
    most_rows: int = setting(
        100_000,
        "Maximum number of points; from more rows a sample is drawn in proportion to the classes.",
        title="Most points",
        ge=2,
        le=MOST_ROWS,
    )
    x_from: str = setting(
        "",
        "Own axes: a saved selection or a class, as in class:seven. The x axis starts at its mean.",
        title="x from",
        max_length=200,
    )
    x_to: str = setting("", "Where the x axis ends.", title="x to", max_length=200)
    y_from: str = setting(
        "",
        "The same for the y axis; empty uses the direction that varies most besides the x axis.",
        title="y from",
        max_length=200,
    )
    y_to: str = setting("", "Where the y axis ends.", title="y to", max_length=200)


ABOUT = {
    "pca": tr_later(
        "PCA shows the directions in which they vary most; variation in other directions is not visible."
    ),
    "umap": tr_later(
        "UMAP keeps points together that are near each other in the space; distances between groups mean "
        "little."
    ),
    "tsne": tr_later(
        "t-SNE keeps points together that are near each other in the space; sizes of groups and "
        "distances between them mean nothing."
    ),
    "random": tr_later("A random projection of the space: the other maps should be better than this."),
    "axes": tr_later("The x axis runs from the mean of one group (0) to that of the other (1)."),
    "code": "The numbers are drawn as they are: nothing is lost.",
}
# What each kind reads beside kind, dimensions and most_rows; other settings do not make another map.
USED = {
    "pca": (),
    "umap": ("metric", "neighbors", "min_dist", "steps", "start", "seed"),
    "tsne": ("metric", "perplexity", "steps", "seed"),
    "random": ("seed",),
    "axes": ("x_from", "x_to", "y_from", "y_to"),
    "code": (),
}
QUICK = ("pca", "random", "axes", "code")  # no job is needed


def what_counts(config: MapConfig) -> dict[str, object]:
    """The settings that this map depends on, and no others."""
    names = ("kind", "dimensions", "most_rows", *USED[config.kind])
    return {name: getattr(config, name) for name in names}
