"""The figures of a run at an epoch: what its page and its comparisons draw, by name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from selfsup_core.errors import RunError
from selfsup_core.export.metric_titles import metric_title
from selfsup_core.export.metrics import metric_columns
from selfsup_core.runs.folder import RunFolder, read_rows, read_state
from selfsup_core.runs.frames import read_about, read_frame
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.runs.thinned import frame_path, list_frames
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import plotly.graph_objects as go

DRAWN = ("train_loss", "val_loss")  # both in one figure
COUNTED = ("epoch", "step", "seconds", *DRAWN)


def draw_figures(folder: RunFolder, epoch: int | None = None) -> tuple[dict[str, go.Figure], int]:
    """Figures by name, and the kept epoch that they are of: the nearest one, or the newest.

    Raises:
        RunError: nothing has been measured yet, or a frame is damaged.
    """
    from selfsup_core.figures.standing import loss_figure, map_figure

    state, kept = read_state(folder), list_frames(folder.frames)
    if not kept:
        raise RunError(
            tr("Nothing of the run {id} has been measured, so there is nothing to show.").format(
                id=folder.id
            ),
            code="no-frame",
        )
    used = kept[-1] if epoch is None else min(kept, key=lambda one: abs(one - epoch))
    frame = read_frame(frame_path(folder.frames, used))
    static = read_frame(folder.frames / "static.safetensors")
    about = read_about(folder.frames / "static.safetensors")
    classes: list[str] = json.loads(about.get("classes", "[]"))
    rows = epoch_rows(read_rows(folder.metrics))
    best = state["best"]["epoch"] if state["best"] else None
    found = {
        "loss": loss_figure(rows, used, best),
        "map": map_figure(frame["map"], static["labels"], classes, height=520),
    }
    found |= metric_figures(folder, rows) | frame_figures(frame, static, about, classes)
    return found | later_figures(folder), used


def metric_figures(folder: RunFolder, rows: list[Any]) -> dict[str, go.Figure]:
    """A curve of each other number that was measured at two epochs or more."""
    from selfsup_core.figures.compared import curves_figure

    found = {}
    for name, values in metric_columns(folder).items():
        known = [value for value in values if isinstance(value, int | float)]
        if name not in COUNTED and len(known) > 1:
            figure = curves_figure([rows], name, metric_title(name))
            found[f"metric-{name}"] = figure.update_layout(showlegend=False)
    return found


def frame_figures(
    frame: dict[str, np.ndarray], static: dict[str, np.ndarray], about: dict[str, str], classes: list[str]
) -> dict[str, go.Figure]:
    """What an epoch's frame shows beside the map: samples rebuilt, or what is confused."""
    from selfsup_core.figures.confusion import confusion_figure
    from selfsup_core.figures.picture import picture_figure
    from selfsup_core.figures.standing import tile_sheet

    found = {}
    if "reconstructions" in frame and "inputs" in static:
        shape = tuple(json.loads(about["item_shape"]))
        found["reconstructions"] = picture_figure(
            tile_sheet(static["inputs"], frame["reconstructions"], shape)
        )
    if "confusion" in frame:
        found["confusion"] = confusion_figure(classes, frame["confusion"])
    return found


def later_figures(folder: RunFolder) -> dict[str, go.Figure]:
    """What was measured once, or of several runs, as far as it is there."""
    from selfsup_core.evaluate.tested import read_tested
    from selfsup_core.figures.benefit import ablation_figure, benefit_figure
    from selfsup_core.figures.seeds import reliability_figure, seeds_figure
    from selfsup_core.runs.ablation import asked_of, read_ablation
    from selfsup_core.runs.benefit import read_benefit
    from selfsup_core.workers.seeds import over_seeds

    found, task = {}, read_state(folder).get("task")
    calibration = (read_tested(folder.path) or {}).get("calibration")
    if calibration and (calibration.get("before") or {}).get("bins"):
        found["reliability"] = reliability_figure(calibration)
    seeds = over_seeds(folder) if task == "pseudo" else None
    if seeds and seeds["runs"]:
        found["seeds"] = seeds_figure(seeds)
    if benefit := read_benefit(folder):
        found["benefit"] = benefit_figure(benefit)
    if asked := asked_of(folder):
        ablation = read_ablation(folder, asked)
        if any(row["accuracy"] is not None for row in ablation["rows"]):
            found["ablation"] = ablation_figure(ablation)
    return found
