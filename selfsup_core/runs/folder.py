"""The run folder: where its files are, its state, its metrics, and the list of runs.

Statuses: queued → starting → running ⇄ paused → finished | stopped | failed, and interrupted when a worker died.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypedDict, cast

from selfsup_core.errors import RunError
from selfsup_core.files import read_json, write_json
from selfsup_core.runs.processes import Identity, is_alive

if TYPE_CHECKING:
    from selfsup_core.errors import ErrorAbout
    from selfsup_core.evaluate.rows import Baseline, EpochRow, Metrics, StepRow
    from selfsup_core.pseudo.audit import Verdict
    from selfsup_core.train.device import DeviceAbout

ACTIVE = ("queued", "starting", "running", "paused")
ENDED = ("finished", "stopped", "failed", "interrupted")
WORKING = ("starting", "running", "paused")
MOST_FITTING = 20  # ids that an error tells


Status = Literal["queued", "starting", "running", "paused", "finished", "stopped", "failed", "interrupted"]


class Best(TypedDict):
    """The epoch with the lowest validation loss."""

    epoch: int
    val_loss: float


class SpecAbout(TypedDict):
    """What a run's settings alone tell of it, made by `runs.describe.describe_spec`."""

    task: str
    objective: str
    loss: str
    network: str
    code_size: int
    can_decode: bool
    parameters: int
    map: str


class RunState(SpecAbout):
    """state.json: all that lists and views know of a run. Written first by the queue, then by the run's worker alone.

    Attributes:
        message: what is at work or in the way, in words; "" while training.
        owner: a token of who started it; only that one's runs count against the limit of the queue.
        group: shared by runs that are looked at side by side; "" for none.
        metrics: of the newest epoch, and those computed at the end. best: None before the first epoch.
        worker: None unless one has the run; beat: counted up as a sign of life.
        phase: which part of an epoch is at work, of a task that has several.
        verdict: once it is known, of a task that gives one.
    """

    run: str
    name: str
    status: Status
    message: str
    stop_reason: str
    error: ErrorAbout | None
    created: str
    owner: str
    preset: str
    kind: str
    source: str
    source_title: str
    left_out: str
    group: str
    epoch: int
    epochs: int
    epoch_progress: float
    step: int
    steps_per_epoch: int | None
    seconds: float
    seconds_left: float | None
    samples_per_second: float | None
    learning_rate: float
    epochs_per_second: float
    device: DeviceAbout | None
    best: Best | None
    baseline: Baseline | None
    metrics: Metrics
    worker: Identity | None
    beat: int
    notices: list[str]
    phase: NotRequired[str]
    verdict: NotRequired[Verdict | None]


class ChangeRow(TypedDict):
    """A line of changes.jsonl: a live setting that was changed, and when that took effect."""

    kind: Literal["change"]
    step: int
    epoch: float
    seconds: NotRequired[float]
    name: str
    value: float


if TYPE_CHECKING:
    Row = StepRow | EpochRow | ChangeRow


def default_workspace() -> Path:
    """SELFSUP_WORKSPACE, or ./workspace."""
    return Path(os.environ.get("SELFSUP_WORKSPACE") or "workspace").resolve()


@dataclass(frozen=True)
class RunFolder:
    """Paths of one run."""

    path: Path

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def workspace(self) -> Path:
        return self.path.parent.parent

    @property
    def spec(self) -> Path:
        return self.path / "spec.yaml"

    @property
    def state(self) -> Path:
        return self.path / "state.json"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics.jsonl"

    @property
    def frames(self) -> Path:
        return self.path / "frames"

    @property
    def weights(self) -> Path:
        return self.path / "weights"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def control(self) -> Path:
        return self.path / "control"

    @property
    def log(self) -> Path:
        return self.path / "worker.log"

    def exists(self) -> bool:
        return self.state.exists()


def open_run(workspace: Path, run: str) -> RunFolder:
    """A run by its id, or by a beginning of it or its name when these fit no other run.

    Raises:
        RunError: there is no such run, or several; the ids of these are told.
    """
    folder = RunFolder(workspace / "runs" / run)
    if run and folder.path.parent == workspace / "runs" and folder.exists():
        return folder
    states = list(list_states(workspace)) if run else []
    found = [s["run"] for s in states if s["run"].startswith(run) or s.get("name") == run]
    if len(found) == 1:
        return RunFolder(workspace / "runs" / found[0])
    if found:
        more = f" and {len(found) - MOST_FITTING} older ones" if len(found) > MOST_FITTING else ""
        raise RunError(
            f"{run!r} fits {len(found)} runs: {', '.join(found[:MOST_FITTING])}{more}.",
            code="ambiguous-run",
            remedy="Give one of these ids; `runs list` says what each is.",
        )
    raise RunError(f"There is no run {run!r}.", code="no-run", remedy="`runs list` shows them all.")


def read_state(folder: RunFolder) -> RunState:
    """The state as a reader must see it: a run whose worker is gone is interrupted, whatever its file says.

    Raises:
        RunError: there is no such run.
    """
    state: RunState | None = read_json(folder.state)
    if state is None:
        raise RunError(f"There is no run {folder.id!r}.", code="no-run")
    return correct_state(state)


def correct_state(state: RunState) -> RunState:
    worker = state.get("worker")
    if state["status"] in WORKING and worker and not is_alive(worker["pid"], worker["start"]):
        state["status"] = "interrupted"
        state["message"] = INTERRUPTED
    return state


INTERRUPTED = "The training process ended unexpectedly. Resume goes on from the last checkpoint."


def write_state(folder: RunFolder, state: RunState, *, durable: bool = False) -> None:
    write_json(folder.state, state, durable=durable)


def update_state(folder: RunFolder, **changes: Any) -> RunState:
    """Change fields of the state; only for whoever owns the run at that moment."""
    state = cast("RunState", read_json(folder.state) or {})
    state.update(cast("RunState", changes))
    write_state(folder, state, durable=True)
    return state


@contextmanager
def state_lock(folder: RunFolder) -> Iterator[None]:
    """Held by those who decide by a state that is not theirs and then write it: resuming and burying a run."""
    from filelock import FileLock

    with FileLock(folder.path / "state.lock"):
        yield


def list_states(workspace: Path) -> Iterator[RunState]:
    """States of all runs, newest first; only state files are read, so a thousand runs take a blink."""
    runs = workspace / "runs"
    try:
        names = sorted((entry.name for entry in os.scandir(runs)), reverse=True)
    except FileNotFoundError:
        return
    for name in names:
        if name.startswith("."):
            continue
        state: RunState | None = read_json(runs / name / "state.json")
        if isinstance(state, dict) and state.get("run") == name:
            yield correct_state(state)


class MetricsWriter:
    """Appends rows to metrics.jsonl; knows the last good length, so a failed write leaves no torn line.

    Args:
        until_step: rows after this step are cut away first (they come again after a resume).
    """

    def __init__(self, path: Path, *, until_step: int | None = None) -> None:
        self.path = path
        kept = [row for row in read_rows(path) if until_step is None or row["step"] <= until_step]
        if path.exists():
            data = b"".join(encode_row(cast("Row", row)) for row in kept)
            if data != path.read_bytes():
                temporary = path.with_name(f".{path.name}.tmp")
                temporary.write_bytes(data)
                os.replace(temporary, path)
        self.file = open(path, "ab", buffering=0)  # noqa: SIM115
        self.length = self.file.seek(0, os.SEEK_END)

    def append(self, row: Row) -> None:
        """Raises OSError when the disk is full; the file is then as before."""
        data = encode_row(row)
        try:
            written = self.file.write(data)
            if written != len(data):
                raise OSError(28, "No space left on device")
        except OSError:
            os.truncate(self.path, self.length)
            raise
        self.length += len(data)

    def close(self) -> None:
        self.file.close()


def encode_row(row: Row) -> bytes:
    return json.dumps(row, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def read_rows(path: Path) -> list[dict[str, Any]]:
    """All whole lines of a metrics file; a torn last line is left out."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    rows = []
    for line in data.split(b"\n")[:-1]:
        try:
            rows.append(json.loads(line))
        except ValueError:
            break
    return rows


def now_iso() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
