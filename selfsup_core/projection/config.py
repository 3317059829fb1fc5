"""Settings of a map: how many numbers become two or three."""

from __future__ import annotations

from typing import Literal

from selfsup_core.settings import Config, setting

MOST_ROWS = 1_000_000
TITLES = {
    "pca": "PCA",
    "umap": "UMAP",
    "tsne": "t-SNE",
    "random": "Random projection",
    "axes": "Own axes",
    "code": "The numbers themselves",
}


class MapConfig(Config):
    """One map of a space. Which settings count depends on its kind; see `USED`."""

    kind: Literal["pca", "umap", "tsne", "random", "axes", "code"] = setting(
        "pca",
        "How many numbers become two: PCA looks from where the data vary most, UMAP and t-SNE keep neighbors together.",
        title="Map",
        titles=TITLES,
        why="PCA takes a moment and its distances mean something.",
    )
    dimensions: Literal[2, 3] = setting(
        2, "Numbers a point has on the map; three are for export, and the page draws two.", title="Dimensions"
    )
    metric: Literal["euclidean", "cosine"] = setting(
        "euclidean",
        "What near means: length of the difference, or angle between the vectors.",
        title="Distance",
        titles={"euclidean": "Euclidean", "cosine": "Cosine"},
    )
    neighbors: int = setting(
        15,
        "Nearest points that each is held together with (UMAP). Few show small groups, many the whole.",
        title="Neighbors",
        ge=2,
        le=200,
    )
    min_dist: float = setting(
        0.1,
        "How close points may lie on the map (UMAP). Small values make tight islands.",
        title="Least distance",
        ge=0.0,
        le=0.99,
    )
    steps: int = setting(
        0,
        "Passes over the graph (UMAP) or steps (t-SNE); 0 chooses by the number of points.",
        title="Steps",
        zero="automatic",
        why="UMAP begins from PCA, so fewer passes do as well.",
        ge=0,
        le=5000,
    )
    start: Literal["pca", "spectral"] = setting(
        "pca",
        "Where UMAP's points begin.",
        title="Start",
        titles={"pca": "PCA", "spectral": "Spectral"},
        why="PCA keeps the large arrangement and takes a moment.",
    )
    perplexity: float = setting(
        30.0, "About how many neighbors each point has (t-SNE).", title="Perplexity", ge=2.0, le=500.0
    )
    seed: int = setting(
        0, "Seed of everything random; another seed gives another map.", title="Seed", ge=0, le=2**31 - 1
    )
    most_rows: int = setting(
        100_000,
        "Most points on the map; of more rows a sample is drawn in the classes' shares.",
        title="Most points",
        ge=2,
        le=MOST_ROWS,
    )
    x_from: str = setting(
        "",
        "Own axes: a named selection or a class, as in class:seven. The x axis begins at its mean.",
        title="x from",
        max_length=200,
    )
    x_to: str = setting("", "Where the x axis leads.", title="x to", max_length=200)
    y_from: str = setting(
        "",
        "The same for the y axis; empty takes what varies most beside the x axis.",
        title="y from",
        max_length=200,
    )
    y_to: str = setting("", "Where the y axis leads.", title="y to", max_length=200)


ABOUT = {
    "pca": "PCA shows them from where they spread most; what varies in other directions is not seen.",
    "umap": "UMAP keeps those together that are near each other in the space; how far islands lie apart means little.",
    "tsne": "t-SNE keeps those together that are near each other in the space; sizes and distances of islands mean nothing.",
    "random": "A random look at the space: what the other maps find should be better than this.",
    "axes": "The x axis leads from one group's mean (0) to the other's (1).",
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
