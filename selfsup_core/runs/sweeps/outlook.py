"""How long a sweep will take and how much disk it needs, said before it starts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from selfsup_core.data.sources import find_source
from selfsup_core.errors import StudioError
from selfsup_core.files import MB, folder_bytes
from selfsup_core.runs.describe import describe_spec
from selfsup_core.runs.estimate import GUESS, LOOKING, estimate
from selfsup_core.runs.folder import RunFolder, list_states
from selfsup_core.runs.queue import CHECKPOINT_BYTES
from selfsup_core.runs.spec import RunSpec, task_of
from selfsup_core.runs.state import RunState
from selfsup_core.runs.sweeps.plan import Plan, draw
from selfsup_core.runs.sweeps.results import START_SECONDS
from selfsup_core.runs.waiting import in_words
from selfsup_core.translation import tr
from selfsup_core.wording import brief, counted

MOST_LOOKED_AT = 40  # combinations
FRAME_BYTES = 150_000  # of an epoch: map, tiles
WEIGHT_BYTES = 2  # of a weight, as it is kept of each epoch
LOOK_SECONDS = 0.15  # an epoch takes beside its steps
POSITIONS = 4  # one in so many pixels is where a filter of a convolution is computed


@dataclass(frozen=True)
class SweepOutlook:
    """runs: in all; seconds: one after another; megabytes: at most; basis: where the speed is from."""

    runs: int
    seconds: float
    megabytes: float
    basis: str

    def sentence(self) -> str:
        """One line for the page and the command line."""
        return tr("{runs}, one after another: about {time} ({basis}), about {megabytes} MB of disk.").format(
            runs=counted(self.runs, "run"),
            time=in_words(self.seconds),
            basis=self.basis,
            megabytes=brief(self.megabytes, 2),
        )


def foresee_sweep(workspace: Path, plan: Plan, preset: str = "") -> SweepOutlook:
    """Time and disk of all runs, by earlier runs like them where there are some."""
    points = plan.points or draw(plan.spec, plan.varied, min(plan.total, MOST_LOOKED_AT), plan.config.seed)
    step = math.ceil(len(points) / MOST_LOOKED_AT)
    specs = [plan.spec_of(point, 0) for point in points[::step]]
    states = sorted(list_states(workspace), key=lambda state: state["created"], reverse=True)
    like = next((state for state in states if is_like(state, plan.spec, preset)), None)
    seconds = sum(run_seconds(workspace, spec, like) for spec in specs) / len(specs) + START_SECONDS
    size = sum(run_bytes(workspace, spec, like) for spec in specs) / len(specs)
    is_measured = like is not None or (task_of(plan.spec) == "language")
    basis = (
        tr("by the speed of your earlier runs")
        if like
        else tr("a rough guess until a run of this recipe has been timed")
    )
    if is_measured and like is None:
        basis = estimate(plan.spec, workspace).basis
    return SweepOutlook(plan.runs, plan.runs * seconds, plan.runs * size / MB, basis)


def is_like(state: RunState, spec: RunSpec, preset: str) -> bool:
    """Whether an epoch of an earlier run tells how long one of this recipe takes."""
    wanted = (spec.data.source, spec.model.kind, spec.objective.kind)
    found = (state["source"], state["network"], state["objective"])
    is_paced = bool(state["epochs_per_second"])
    is_same = not preset or state["preset"] in ("", preset)
    return found == wanted and is_same and not is_paced and bool(state["epoch"] and state["seconds"])


def run_seconds(workspace: Path, spec: RunSpec, like: RunState | None) -> float:
    """Seconds of one run."""
    if like:
        return like["seconds"] / like["epoch"] * spec.train.epochs
    if task_of(spec) == "language":
        return estimate(spec, workspace).seconds
    about = describe_spec(spec, workspace)
    source = find_source(spec.data.source, workspace)
    rows = source.samples * (1 - spec.data.validation - spec.data.test)
    if spec.train.steps_per_epoch:
        rows = spec.train.steps_per_epoch * spec.train.batch_size
    positions = 1.0
    if "conv" in spec.model.kind or "resnet" in spec.model.kind:
        positions = max(1.0, math.prod(source.shape[:2]) / POSITIONS)
    operations = 6.0 * about["parameters"] * positions * rows
    return float(spec.train.epochs * (LOOKING * operations / GUESS + LOOK_SECONDS))


def run_bytes(workspace: Path, spec: RunSpec, like: RunState | None) -> float:
    """Bytes of one run's folder."""
    if like:
        try:
            size = folder_bytes(RunFolder(workspace / "runs" / like["run"]).path)
        except OSError:
            size = 0
        if size:
            return size * max(1.0, spec.train.epochs / like["epoch"])
    try:
        parameters = describe_spec(spec, workspace)["parameters"]
    except StudioError:
        parameters = 0
    kept = min(spec.train.epochs + 1, spec.frames.max_frames)
    frames = min(spec.frames.max_megabytes * MB, kept * FRAME_BYTES)
    weights = min(spec.frames.weights_megabytes * MB, kept * WEIGHT_BYTES * parameters)
    return CHECKPOINT_BYTES * parameters + frames + weights
