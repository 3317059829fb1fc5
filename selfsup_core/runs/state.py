"""state.json: all that lists and views know of a run, and how it is read.

It may come from another version, another machine or another hand: what has not the shape is called damaged,
by name.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Literal, NotRequired

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from selfsup_core.errors import ErrorAbout
from selfsup_core.evaluate.rows import Baseline, Metrics
from selfsup_core.files import DamagedFile, read_checked
from selfsup_core.pseudo.audit import Verdict
from selfsup_core.runs.identity import RunIdentity
from selfsup_core.runs.labels import read_labels
from selfsup_core.runs.processes import Identity
from selfsup_core.train.device import DeviceAbout
from selfsup_core.translation import tr, tr_later

MOST = 2**53  # beyond, JSON readers and numbers with a point lose digits
TIME = "%Y-%m-%dT%H:%M:%SZ"


def check_time(text: str) -> str:
    time.strptime(text, TIME)
    return text


Count = Annotated[int, Field(ge=0, le=MOST)]
Seconds = Annotated[float, Field(ge=0, le=MOST)]
Time = Annotated[str, AfterValidator(check_time)]


Status = Literal["queued", "starting", "running", "paused", "finished", "stopped", "failed", "interrupted"]
# As people read it.
STATUSES = (
    tr_later("queued"),
    tr_later("starting"),
    tr_later("running"),
    tr_later("paused"),
    tr_later("finished"),
    tr_later("stopped"),
    tr_later("failed"),
    tr_later("interrupted"),
)


class Best(TypedDict):
    """The epoch with the lowest validation loss; under a label budget, with the lowest loss of the labels set
    aside for that.
    """

    epoch: Count
    val_loss: float | None
    choice_loss: NotRequired[float | None]


class SpecAbout(TypedDict):
    """What a run's settings alone tell of it, made by `runs.describe.describe_spec`."""

    task: str
    objective: str
    loss: str
    network: str
    code_size: Count
    can_decode: bool
    parameters: Count
    map: str


class RunState(SpecAbout):
    """state.json: all that lists and views know of a run. Written first by the queue, then by the run's
    worker alone.

    Attributes:
        message: what is running or in the way, in words; "" while training.
        owner: a token of who started it; only that one's runs count against the limit of the queue.
        group: shared by runs that are looked at side by side; "" for none.
        part_of: the run whose augmentations a short run compares, or the sweep that it belongs to; "" for a
            run in its own right.
        metrics: of the newest epoch, and those computed at the end. best: None before the first epoch.
        worker: None unless one has the run; beat: counted up as a sign of life.
        frees_slot: paused by a person, so that another run may work meanwhile; a full disk frees nothing.
        phase: which part of an epoch is running, of a task that has several.
        verdict: once it is known, of a task that gives one.
        identity: digests of settings, code and data, and the versions, as of the run's start.
        parent, branched_at: of a branch, the run and its epoch that it goes on from.
        restarts: how often it went on elsewhere after its machine was lost, since a person last resumed it.
    tags, note: what people have noted, from `labels.json`, as is the name once they have changed it.
    """

    run: str
    name: str
    status: Status
    message: str
    stop_reason: str
    error: ErrorAbout | None
    created: Time
    owner: str
    preset: str
    kind: str
    source: str
    source_title: str
    left_out: str
    group: str
    part_of: str
    epoch: Count
    epochs: Annotated[int, Field(ge=1, le=MOST)]
    epoch_progress: Annotated[float, Field(ge=0, le=1)]
    step: Count
    steps_per_epoch: Count | None
    seconds: Seconds
    seconds_left: float | None
    samples_per_second: float | None
    learning_rate: float
    epochs_per_second: Annotated[float, Field(ge=0, le=MOST)]
    device: DeviceAbout | None
    best: Best | None
    baseline: Baseline | None
    metrics: Metrics
    worker: Identity | None
    beat: Count
    notices: list[str]
    phase: NotRequired[str]
    frees_slot: NotRequired[bool]
    identity: NotRequired[RunIdentity]
    parent: NotRequired[str]
    branched_at: NotRequired[Count]
    tags: NotRequired[list[str]]
    note: NotRequired[str]
    verdict: NotRequired[Verdict | None]
    restarts: NotRequired[Count]


class ChangeRow(TypedDict):
    """A line of changes.jsonl: a live setting that was changed, and when that took effect."""

    kind: Literal["change"]
    step: int
    epoch: float
    seconds: NotRequired[float]
    name: str
    value: float


# Earlier versions did not write all of these.
LACKING: dict[str, object] = {
    "name": "",
    "message": "",
    "stop_reason": "",
    "error": None,
    "created": "1970-01-01T00:00:00Z",
    "owner": "local",
    "preset": "",
    "kind": "",
    "source": "",
    "source_title": "",
    "left_out": "",
    "group": "",
    "part_of": "",
    "task": "autoencoder",
    "objective": "",
    "loss": "",
    "network": "",
    "code_size": 0,
    "can_decode": False,
    "parameters": 0,
    "map": "",
    "epoch": 0,
    "epochs": 1,
    "epoch_progress": 0.0,
    "step": 0,
    "steps_per_epoch": None,
    "seconds": 0.0,
    "seconds_left": None,
    "samples_per_second": None,
    "learning_rate": 0.001,
    "epochs_per_second": 0.0,
    "device": None,
    "best": None,
    "baseline": None,
    "metrics": {},
    "worker": None,
    "beat": 0,
    "notices": [],
    "tags": [],
    "note": "",
}


def parse_state(path: Path) -> RunState | None:
    """The state in a run's folder as it stands there, None when there is none.

    Raises:
        DamagedFile: says what is wrong with it.
    """
    state = read_checked(path, RunState, lacking=LACKING)
    if state is not None and state["run"] != path.parent.name:
        raise DamagedFile(
            tr("{name} belongs to the run {run!r}: the folder was copied or renamed.").format(
                name=path.name, run=state["run"][:60]
            )
        )
    if state is not None:
        labels = read_labels(path.parent)
        state["name"] = labels["name"] or state["name"]
        state["tags"], state["note"] = labels["tags"], labels["note"]
    return state
