"""From a spec to a waiting run: the folder is written whole, then a small file in `queue/` asks for a worker.

The queue is files, so it outlives whoever wrote or reads it.
"""

from __future__ import annotations

import json
import os
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NotRequired, cast

from typing_extensions import TypedDict

from selfsup_core.data.quota import require_space
from selfsup_core.data.sources import find_source
from selfsup_core.errors import DataError, RunError
from selfsup_core.files import read_file, read_shaped, sha256, write_folder, write_json
from selfsup_core.runs.describe import describe_spec
from selfsup_core.runs.folder import ENDED, RunFolder, now_iso, read_state, state_lock, update_state
from selfsup_core.runs.memory_left import require_memory
from selfsup_core.runs.spec import RunSpec, spec_yaml
from selfsup_core.runs.state import RunState
from selfsup_core.shared import person_of
from selfsup_core.translation import tr, tr_later

MAX_QUEUED = 5
CHECKPOINT_BYTES = 3 * 12  # a parameter: three checkpoints with weight and Adam's two means
LOCAL = "local"
WAITING = tr_later("Waiting for its turn.")  # the message of a run that is queued
RUN_ID = re.compile(r"[0-9a-z-]{1,60}")


class QueueEntry(TypedDict):
    """A request for a worker, or of a paused run's worker to continue. asked: seconds since 1970; action:
    "resume" or "step".
    """

    run: str
    owner: str
    asked: float
    action: NotRequired[Literal["resume", "step"]]


def queue_folder(workspace: Path) -> Path:
    return workspace / "queue"


def list_queue(workspace: Path) -> list[QueueEntry]:
    """Waiting requests, oldest first: {"run", "owner", "asked"}."""
    folder = queue_folder(workspace)
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    entries = [
        entry
        for name in names
        if name.endswith(".json")
        and not name.startswith(".")
        and (entry := read_shaped(folder / name, QueueEntry))
        and name == f"{entry['run']}.json"
    ]
    return sorted(entries, key=lambda e: (e["asked"], e["run"]))


def enqueue(folder: RunFolder, owner: str, action: Literal["", "resume", "step"] = "") -> None:
    """Ask for a worker; with an action ask that the one that is paused may continue."""
    queue_folder(folder.workspace).mkdir(parents=True, exist_ok=True)
    entry: QueueEntry = {"run": folder.id, "owner": owner, "asked": time.time()}
    if action:
        entry["action"] = action
    write_json(queue_folder(folder.workspace) / f"{folder.id}.json", entry, durable=True)


def withdraw(folder: RunFolder) -> bool:
    """Take a run out of the queue; False when it was not, or no longer, in it."""
    try:
        os.remove(queue_folder(folder.workspace) / f"{folder.id}.json")
    except FileNotFoundError:
        return False
    return True


def initial_state(
    run: str,
    spec: RunSpec,
    owner: str,
    preset: str,
    workspace: Path,
    group: str = "",
    part_of: str = "",
) -> RunState:
    """What is known of a run before it has begun."""
    source, about = find_source(spec.data.source, workspace), describe_spec(spec, workspace)
    return {
        "run": run,
        "name": spec.name,
        "status": "queued",
        "message": WAITING,
        "stop_reason": "",
        "error": None,
        "created": now_iso(),
        "owner": owner,
        "preset": preset,
        "kind": source.kind,
        "source": spec.data.source,
        "source_title": source.title,
        "left_out": spec.data.leave_out,
        "group": group,
        "part_of": part_of,
        "task": about["task"],
        "objective": about["objective"],
        "loss": about["loss"],
        "network": about["network"],
        "code_size": about["code_size"],
        "can_decode": about["can_decode"],
        "parameters": about["parameters"],
        "map": about["map"],
        "epoch": 0,
        "epochs": spec.train.epochs,
        "epoch_progress": 0.0,
        "step": 0,
        "steps_per_epoch": None,
        "seconds": 0.0,
        "seconds_left": None,
        "samples_per_second": None,
        "learning_rate": spec.train.learning_rate,
        "epochs_per_second": spec.train.epochs_per_second,
        "device": None,
        "best": None,
        "baseline": None,
        "metrics": {},
        "worker": None,
        "beat": 0,
        "notices": [],
    }


def submit(
    workspace: Path,
    spec: RunSpec,
    *,
    owner: str = LOCAL,
    submission: str = "",
    preset: str = "",
    group: str = "",
    part_of: str = "",
    past: Mapping[str, object] | None = None,
    fill: Callable[[Path], None] | None = None,
) -> RunFolder:
    """Write a run's folder and queue it.

    Args:
        submission: a token of the click that asked for it; the same token again gives the same run.
        group: name shared by runs that are to be looked at side by side.
        part_of: id of the run or the sweep that this one is made for, and lists leave it out.
        past, fill: of a branch: what its state says from the beginning, and what its folder holds.

    Raises:
        RunError: the owner has too many runs waiting, or in a room there could never be memory for it.
        StudioError: in a room, its owner has no disk space left for it.
        DataError: the data are not on this machine.
        OSError: the disk is full or read-only.
    """
    source = find_source(spec.data.source, workspace)
    missing = source.missing()
    if missing:
        raise DataError(
            tr("The data set {source!r} is not on this machine.").format(source=spec.data.source),
            code="no-data",
            remedy=missing,
        )
    if person_of(workspace):
        parameters = describe_spec(spec, workspace)["parameters"]
        require_memory(parameters, source)
        require_space(workspace, CHECKPOINT_BYTES * parameters)
    with queue_lock(workspace):
        if submission and (known := find_submission(workspace, submission)):
            return known
        require_room(workspace, owner)
        run = new_id(workspace, submission)
        state = initial_state(run, spec, owner, preset, workspace, group, part_of)
        state.update(cast("RunState", past or {}))
        return _submit(workspace, spec, state, fill)


@contextmanager
def queue_lock(workspace: Path) -> Iterator[None]:
    """Held while waiting runs are counted and one is added; whoever holds it may take it again."""
    from filelock import FileLock

    queue_folder(workspace).mkdir(parents=True, exist_ok=True)
    with FileLock(queue_folder(workspace) / ".lock", is_singleton=True):
        yield


def require_room(workspace: Path, owner: str, count: int = 1) -> None:
    """Raises RunError when so many runs more may not wait."""
    waiting = sum(entry["owner"] == owner for entry in list_queue(workspace))
    if waiting + count <= MAX_QUEUED:
        return
    more = tr("; {count} more are too many").format(count=count) if count > 1 else ""
    raise RunError(
        tr("{waiting} of your runs are queued already; at most {max_queued} can be{more}.").format(
            waiting=waiting, max_queued=MAX_QUEUED, more=more
        ),
        code="queue-full",
        remedy=tr("Wait for one to finish, or stop one."),
    )


def new_id(workspace: Path, submission: str) -> str:
    """The id of a new run; of a submission that was made before, the one that it has."""
    run = f"{time.strftime('%y%m%d-%H%M%S', time.gmtime())}-{uuid.uuid4().hex[:4]}"
    return claim(workspace, submission, run) if submission else run


def _submit(
    workspace: Path, spec: RunSpec, state: RunState, fill: Callable[[Path], None] | None
) -> RunFolder:
    folder = RunFolder(workspace / "runs" / state["run"])
    files = {
        "spec.yaml": spec_yaml(spec).encode(),
        "state.json": json.dumps(state).encode(),
        "reserve": bytes(RESERVE_BYTES),
        # A disk without room for new files can open these, and the run can say what it waits for.
        "worker.lock": b"",
        "worker.log": b"",
    }
    try:
        write_folder(folder.path, files, fill=fill)
    except FileExistsError:
        return folder  # the same submission, a second time
    enqueue(folder, state["owner"])
    return folder


# Spare file, deleted when the disk is full to make room for the state that says so.
RESERVE_BYTES = 65_536


def submission_path(workspace: Path, submission: str) -> Path:
    return workspace / "submissions" / sha256(submission.encode())[:32]


def find_submission(workspace: Path, submission: str) -> RunFolder | None:
    """The run that a submission has made already."""
    run = claimed(submission_path(workspace, submission))
    folder = RunFolder(workspace / "runs" / run)
    return folder if run and folder.exists() else None


def claimed(path: Path) -> str:
    """The run id that a submission's file holds, "" when there is none or it is none."""
    try:
        run = read_file(path).decode()
    except (OSError, ValueError):
        return ""
    return run if RUN_ID.fullmatch(run) else ""


def claim(workspace: Path, submission: str, run: str) -> str:
    """The run id that belongs to a submission: `run` the first time, that same one ever after."""
    path = submission_path(workspace, submission)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:6]}")
    temporary.write_text(run)
    try:
        os.link(temporary, path)  # atomic, and fails when someone was first
        return run
    except FileExistsError:
        return claimed(path) or run  # a damaged one decides nothing
    finally:
        temporary.unlink()


def resume(folder: RunFolder) -> None:
    """Queue a run again, to continue from its last checkpoint.

    Raises:
        RunError: it is running, or ended for good.
    """
    with state_lock(folder):
        _resume(folder)


def _resume(folder: RunFolder) -> None:
    state = read_state(folder)
    if state["status"] not in ENDED:
        raise RunError(
            tr("The run is {status}, so there is nothing to resume.").format(status=state["status"])
        )
    if state["status"] == "finished":
        raise RunError(tr("The run is finished."), remedy=tr("Start a new one with more epochs."))
    if state["stop_reason"] == "diverged":
        raise RunError(
            tr("The run diverged and would diverge again."),
            remedy=tr("Start one with a lower learning rate."),
        )
    update_state(
        folder,
        status="queued",
        message=WAITING,
        stop_reason="",
        error=None,
        worker=None,
        restarts=0,
    )
    enqueue(folder, state["owner"])


def stop_queued(folder: RunFolder) -> bool:
    """Stop a run that still waits; False when it has begun."""
    if not withdraw(folder):
        return False
    update_state(folder, status="stopped", message="", stop_reason=tr("stopped before it started"))
    return True
