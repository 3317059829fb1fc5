"""Maps: PCA, UMAP and t-SNE beside the libraries that people use for them, and how true the quicker default
stays.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.size import is_toy, sized
from benchmarks.table import Row
from selfsup_core.evaluate.compiled import import_compiled
from selfsup_core.evaluate.nearest import exact
from selfsup_core.projection.config import MapConfig
from selfsup_core.projection.linear import fit_axes
from selfsup_core.projection.maps import make_map
from selfsup_core.projection.trust import measure_trust

PCA_SIZE, NEAR_ROWS, LOOKS = sized((60_000, 784), (500, 16)), sized(100_000, 2000), sized(20, 2)
UMAP_ROWS, UMAP_STEPS, SNE_ROWS = sized((10_000, 70_000), (300,)), sized(200, 10), sized(5000, 200)
SNE_STEPS = sized(750, 250)
DEFAULTS = sized({}, {"n_epochs": 10})
OUR_DEFAULTS = sized({}, {"steps": 10})
COLUMNS = (
    "pca_s",
    "nearest_ms",
    "umap_over_theirs",
    "graph_reused_over_first",
    "umap_defaults_over_theirs",
    "umap_trust",
    "their_umap_trust",
    "tsne_over_theirs",
    "tsne_trust",
    "their_tsne_trust",
)


def clouds(rows: int, width: int, groups: int = 10) -> np.ndarray:
    """Overlapping groups with curved shapes, so that a map has something to do."""
    draw = np.random.default_rng(0)
    group = draw.integers(0, groups, rows)
    inner = draw.normal(size=(rows, 3))
    turn = draw.normal(size=(groups, 6, width))
    bent = np.concatenate([inner, np.sin(2 * inner)], axis=1)
    x = 2.5 * draw.normal(size=(groups, width))[group] + np.einsum("ni,niw->nw", bent, turn[group])
    return (x + 0.2 * draw.normal(size=x.shape)).astype(np.float32)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    made = work()
    return time.perf_counter() - began, made


def measure() -> list[Row]:
    import umap

    warnings.simplefilter("ignore")
    for part in ("umap_", "layouts", "utils"):  # theirs too is kept compiled
        import_compiled(f"umap.{part}")
    rows = []
    if not is_toy():  # compile
        make_map(clouds(300, 8), MapConfig(kind="umap", steps=5))
        umap.UMAP(n_epochs=5, random_state=0, n_jobs=1).fit(clouds(5000, 8))
    seconds, _ = timed(lambda: fit_axes(np.random.default_rng(0).random(PCA_SIZE, np.float32), 2))
    title = f"PCA of {PCA_SIZE[0]:,} × {PCA_SIZE[1]}, seconds"
    rows.append(Row(title, f"{seconds:.2f}", "≤ 3", seconds <= 3, {"pca_s": seconds}))
    x = clouds(NEAR_ROWS, 64)
    times = [timed(lambda i=i: exact(x[i : i + 1], x, 10))[0] for i in range(LOOKS)]
    middle = 1000 * float(np.median(times))
    title = f"10 nearest of {NEAR_ROWS:,} × 64, ms, median of {LOOKS}"
    rows.append(Row(title, f"{middle:.1f}", "≤ 20", middle <= 20, {"nearest_ms": middle}))
    for count in UMAP_ROWS:
        rows += umaps(clouds(count, 32), umap)
    return rows + sne(clouds(SNE_ROWS, 32))


def umaps(x: np.ndarray, umap: Any) -> list[Row]:
    """The same settings on both sides (PCA start, passes, one thread for the layout); then both defaults."""
    name, passes = f"UMAP of {len(x):,} × 32", UMAP_STEPS
    plain_s, _ = timed(
        lambda: umap.UMAP(n_epochs=passes, init="pca", random_state=0, n_jobs=1).fit_transform(x)
    )
    ours_s, first = timed(lambda: make_map(x, MapConfig(kind="umap", steps=passes)))
    again_s, _ = timed(
        lambda: make_map(x, MapConfig(kind="umap", steps=passes, min_dist=0.4), graph=first.graph)
    )
    theirs_s, theirs = timed(lambda: umap.UMAP(random_state=0, n_jobs=1, **DEFAULTS).fit_transform(x))
    default_s, default = timed(lambda: make_map(x, MapConfig(kind="umap", **OUR_DEFAULTS)))
    true = [measure_trust(x, points, 15).trustworthiness for points in (default.points, theirs)]
    return [
        Row(
            f"{name}, same settings: ours ÷ umap.UMAP",
            f"{ours_s / plain_s:.2f} ({ours_s:.1f} s ÷ {plain_s:.1f} s)",
            "≤ 1.05",
            ours_s / plain_s <= 1.05,
            {"umap_over_theirs": ours_s / plain_s},
        ),
        Row(
            "  other least distance, graph reused ÷ first",
            f"{again_s / ours_s:.2f}",
            figures={"graph_reused_over_first": again_s / ours_s},
        ),
        Row(
            "  defaults: ours ÷ umap.UMAP()",
            f"{default_s / theirs_s:.2f} ({default_s:.1f} s ÷ {theirs_s:.1f} s)",
            figures={"umap_defaults_over_theirs": default_s / theirs_s},
        ),
        Row(
            "  trustworthiness of the defaults, ours and theirs",
            f"{true[0]:.4f}, {true[1]:.4f}",
            "≥ theirs − .005",
            true[0] >= true[1] - 0.005,
            {"umap_trust": true[0], "their_umap_trust": true[1]},
        ),
    ]


def sne(x: np.ndarray) -> list[Row]:
    from sklearn.manifold import TSNE

    theirs_s, theirs = timed(
        lambda: TSNE(random_state=0, init="pca", n_jobs=1, max_iter=SNE_STEPS).fit_transform(x)
    )
    ours_s, ours = timed(lambda: make_map(x, MapConfig(kind="tsne")).points)
    true = [measure_trust(x, points, 15).trustworthiness for points in (ours, theirs)]
    return [
        Row(
            f"t-SNE of {SNE_ROWS:,} × 32, {SNE_STEPS} steps: openTSNE ÷ scikit-learn",
            f"{ours_s / theirs_s:.2f} ({ours_s:.1f} s ÷ {theirs_s:.1f} s)",
            figures={"tsne_over_theirs": ours_s / theirs_s},
        ),
        Row(
            "  trustworthiness, ours and theirs",
            f"{true[0]:.4f}, {true[1]:.4f}",
            figures={"tsne_trust": true[0], "their_tsne_trust": true[1]},
        ),
    ]
