"""The run folder: where its files are, its state, its metrics, and the list of runs.

Statuses: queued → starting → running ⇄ paused → finished | stopped | failed, and interrupted when a worker
died.
"""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from selfsup_core.errors import RunError
from selfsup_core.files import MOST_LINES, DamagedFile, parse_json, read_file, write_json
from selfsup_core.runs.index import index_of
from selfsup_core.runs.processes import is_alive
from selfsup_core.runs.state import TIME, ChangeRow, RunState, parse_state
from selfsup_core.translation import tr, tr_later

if TYPE_CHECKING:
    from selfsup_core.evaluate.rows import EpochRow, StepRow

ACTIVE = ("queued", "starting", "running", "paused")
ENDED = ("finished", "stopped", "failed", "interrupted")
WORKING = ("starting", "running", "paused")
MOST_FITTING = 20  # ids that an error tells
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
        return os.path.exists(self.state) or is_orphan(self)


def find_run(workspace: Path, run: str) -> RunFolder | None:
    """A run by its very id; None where there is none, or what is given would lead out of the folder of all
    runs.
    """
    folder = RunFolder(workspace / "runs" / run)
    is_name = run not in ("", "..") and folder.path.parent == workspace / "runs"
    return folder if is_name and folder.exists() else None


def open_run(workspace: Path, run: str) -> RunFolder:
    """A run by its id, or by a beginning of it or its name when these fit no other run.

    Raises:
        RunError: there is no such run, or several; the ids of these are told.
    """
    if folder := find_run(workspace, run):
        return folder
    states = list(list_states(workspace)) if run else []
    found = [s["run"] for s in states if s["run"].startswith(run) or s.get("name") == run]
    if len(found) == 1:
        return RunFolder(workspace / "runs" / found[0])
    if found:
        more = (
            tr(" and {count} older ones").format(count=len(found) - MOST_FITTING)
            if len(found) > MOST_FITTING
            else ""
        )
        raise RunError(
            tr("{run!r} fits {count} runs: {found}{more}.").format(
                run=run, count=len(found), found=", ".join(found[:MOST_FITTING]), more=more
            ),
            code="ambiguous-run",
            remedy=tr("Give one of these IDs; `runs list` shows them."),
        )
    raise RunError(
        tr("There is no run {run!r}.").format(run=run),
        code="no-run",
        remedy=tr("`runs list` shows them all."),
    )


def read_state(folder: RunFolder) -> RunState:
    """The effective state: a run whose worker has died is interrupted, whatever its file says.

    Raises:
        RunError: there is no such run, or its state is damaged.
    """
    try:
        state = parse_state(folder.state)
    except DamagedFile as error:
        raise damaged_run(folder.id, error.message) from error
    if state is None:
        if is_orphan(folder):
            raise damaged_run(folder.id, tr("state.json is missing."))
        raise RunError(tr("There is no run {id!r}.").format(id=folder.id), code="no-run")
    return correct_state(state, folder.path)


def damaged_run(run: str, problem: str) -> RunError:
    return RunError(
        tr("The run {run!r} is damaged: {problem}").format(run=run, problem=problem),
        code="damaged-run",
        remedy=tr("Restore its folder from a backup, or delete the run."),
    )


def is_orphan(folder: RunFolder) -> bool:
    """Whether a run has lost its state."""
    return not os.path.lexists(folder.state) and os.path.isfile(folder.spec)


def find_foreign(folder: RunFolder) -> str:
    """The first link, pipe or device in a run's folder, from the folder; "" when all is plain.

    A worker appends to files here, shortens them and clears folders: by a link, which an archive of a
    stranger may hold, it would do so to anything of the person who runs it.
    """
    for place, folders, files in os.walk(folder.path):
        for name in sorted([*folders, *files]):
            path = os.path.join(place, name)
            try:
                mode = os.lstat(path).st_mode
            except OSError:
                continue  # gone again
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                return os.path.relpath(path, folder.path)
    return ""


def require_plain_run(folder: RunFolder) -> None:
    """Raises RunError: a worker may not be let into this folder."""
    if name := find_foreign(folder):
        raise RunError(
            tr(
                "{name!r} in the folder of the run is a link, a pipe or a device, so nothing "
                "is trained there."
            ).format(name=name),
            code="foreign-folder",
            remedy=tr("Put the file itself there, or remove it, and resume the run."),
        )


def sound_state(folder: RunFolder) -> RunState | None:
    """The state as it stands on disk, None where it is missing or damaged."""
    try:
        return parse_state(folder.state)
    except DamagedFile:
        return None


def correct_state(state: RunState, folder: Path) -> RunState:
    """The effective state. folder: of the run."""
    worker = state.get("worker")
    # What is on another machine, only the launcher can ask for.
    is_here = worker and not worker.get("place")
    if state["status"] in WORKING and worker and is_here and not is_alive(worker["pid"], worker["start"]):
        # It may have ended well, and said so, since the state was read.
        state = sound_state(RunFolder(folder)) or state
        if state["status"] in WORKING and state.get("worker") == worker:
            state["status"] = "interrupted"
            state["message"] = INTERRUPTED
    elif state["status"] in WORKING and worker and is_read_only(folder):
        # The worker itself cannot write that it waits.
        state["status"] = "paused"
        state["message"] = READ_ONLY
    return state


def is_read_only(folder: Path) -> bool:
    """Whether the file system is mounted so (POSIX; elsewhere a worker's own word is all there is)."""
    if not hasattr(os, "statvfs"):
        return False
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    except OSError:
        return False


READ_ONLY = tr_later("The disk is read-only. Training continues as soon as it is writable again.")
INTERRUPTED = tr_later("The training process ended unexpectedly. Resume continues from the last checkpoint.")
LIKELY_NO_MEMORY = tr_later(
    "The training process ended unexpectedly, probably because memory ran out. Close "
    "other programs, then "
    "Resume continues from the last checkpoint; or train again with a smaller batch size or a smaller "
    "network."
)
NO_MEMORY = tr_later(
    "Memory ran out, and the system ended the training process. Close other programs, "
    "then Resume continues "
    "from the last checkpoint; or train again with a smaller batch size or a smaller network."
)


def write_state(folder: RunFolder, state: RunState, *, durable: bool = False) -> None:
    write_json(folder.state, state, durable=durable)


def update_state(folder: RunFolder, **changes: Any) -> RunState:
    """Change fields of the state; only for whoever owns the run at that moment.

    Raises:
        DamagedFile: what is there is no state, and stays as it is. RunError: nothing is there.
    """
    state = parse_state(folder.state)
    if state is None:
        raise RunError(tr("There is no run {id!r}.").format(id=folder.id), code="no-run")
    state.update(cast("RunState", changes))
    write_state(folder, state, durable=True)
    return state


@contextmanager
def state_lock(folder: RunFolder) -> Iterator[None]:
    """Held while another process's state is read and then changed: resuming a run, or marking it as dead."""
    from filelock import FileLock

    with FileLock(folder.path / "state.lock"):
        yield


@dataclass(frozen=True)
class DamagedRun:
    """A folder of a run that cannot be read, for lists; `problem` in words."""

    run: str
    problem: str


def scan_runs(workspace: Path) -> Iterator[RunState | DamagedRun]:
    """Every run, newest first; what is damaged holds up no one."""
    runs = workspace / "runs"
    try:
        names = sorted(os.listdir(runs), reverse=True)
    except OSError:
        return
    index = index_of(runs)
    for name in names:
        if name.startswith("."):
            continue
        try:
            state = index.read(name)
        except DamagedFile as error:
            yield DamagedRun(name, error.message)
            continue
        if state is not None:
            yield correct_state(state, runs / name)
        elif is_orphan(RunFolder(runs / name)):
            yield DamagedRun(name, tr("state.json is missing."))
    index.keep(names)


def list_states(workspace: Path) -> Iterator[RunState]:
    """States of all runs, newest first; of a run that has not changed, no file is read again."""
    return (found for found in scan_runs(workspace) if not isinstance(found, DamagedRun))


def list_damaged(workspace: Path) -> list[DamagedRun]:
    """Runs that cannot be read."""
    return [found for found in scan_runs(workspace) if isinstance(found, DamagedRun)]


class MetricsWriter:
    """Appends rows to metrics.jsonl; knows the last good length, so a failed write leaves no torn line.

    Args:
        until_step: rows after this step are cut away first (they come again after a resume).
    """

    def __init__(self, path: Path, *, until_step: int | None = None) -> None:
        self.path = path
        kept = [row for row in read_rows(path) if until_step is None or row["step"] <= until_step]
        if path.exists():
            data = b"".join(encode_row(row) for row in kept)
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


def read_rows(path: Path) -> list[Row]:
    """All whole lines of a metrics file up to the first that is none: a torn last line is left out."""
    try:
        data = read_file(path, MOST_LINES)
    except OSError:
        return []
    rows: list[Row] = []
    for line in data.split(b"\n")[:-1]:
        try:
            row = parse_json(line)
        except ValueError:
            break
        if not isinstance(row, dict) or not isinstance(row.get("step"), int):
            break
        rows.append(cast("Row", row))
    return rows


def now_iso() -> str:
    return time.strftime(TIME, time.gmtime())
