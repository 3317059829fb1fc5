"""Deleting runs with undo: a deleted run is moved to `trash/` and stays there for seven days."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from selfsup_core.data.quota import forget_counted
from selfsup_core.data.sources import OWN_NAME
from selfsup_core.errors import RunError
from selfsup_core.files import read_json
from selfsup_core.runs.folder import ACTIVE, RunFolder, read_state
from selfsup_core.runs.queue import withdraw
from selfsup_core.translation import tr

KEEP_DAYS = 7


@dataclass(frozen=True)
class Deleted:
    """A run or a data set in the trash.

    Attributes:
        name: what it was called; its id where that cannot be read.
        days_left: until it is deleted for good.
    """

    id: str
    name: str
    is_data: bool
    days_left: float


def list_trash(workspace: Path) -> list[Deleted]:
    """What can still be restored, the newest deletion first."""
    found = []
    for entry in (workspace / "trash").glob("*"):
        is_data = bool(OWN_NAME.fullmatch(entry.name))
        try:
            age = time.time() - entry.stat().st_mtime
            about = read_json(entry / ("dataset.json" if is_data else "state.json"))
        except OSError:
            continue  # restored or deleted for good at this moment
        known = about if isinstance(about, dict) else {}
        name = str(known.get("title" if is_data else "name") or entry.name)
        found.append(Deleted(entry.name, name, is_data, KEEP_DAYS - age / 86_400))
    return sorted(found, key=lambda deleted: -deleted.days_left)


def delete(folder: RunFolder) -> None:
    """Move a run to the trash.

    Raises:
        RunError: it is running, or someone deleted it already.
    """
    try:
        status: str = read_state(folder)["status"]
    except RunError as error:
        if error.code != "damaged-run":
            raise already_deleted(folder) from error
        status = "running" if has_worker(folder) else "damaged"
    if status in ACTIVE:
        raise RunError(
            tr("The run is {status}.").format(status=status),
            code="run-active",
            remedy=tr("Stop it first, then delete it."),
        )
    trash = folder.workspace / "trash"
    trash.mkdir(exist_ok=True)
    try:
        os.rename(folder.path, trash / folder.id)
    except FileNotFoundError as error:
        raise already_deleted(folder) from error
    withdraw(folder)
    os.utime(trash / folder.id)  # its age in the trash counts from now


def has_worker(folder: RunFolder) -> bool:
    """Whether a process holds the run, whatever its state says."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(folder.path / "worker.lock", blocking=False):
            return False
    except Timeout:
        return True
    except OSError:
        return False  # no lock can be held there


def already_deleted(folder: RunFolder) -> RunError:
    return RunError(tr("The run {id} is already deleted.").format(id=folder.id), code="already-deleted")


def restore(workspace: Path, run: str) -> RunFolder:
    """Undo the deletion of a run or a sweep. Raises RunError when it is not in the trash."""
    folder = RunFolder(workspace / "runs" / run)
    try:
        if folder.id != run or run == ".." or not os.path.lexists(workspace / "trash" / run):
            raise FileNotFoundError(run)
        if (workspace / "trash" / run / "sweep.yaml").is_file():
            folder = RunFolder(workspace / "sweeps" / run)
        os.rename(workspace / "trash" / run, folder.path)
    except FileNotFoundError as error:
        raise RunError(
            tr("The run {run} is not in the trash.").format(run=run), code="not-in-trash"
        ) from error
    return folder


def remove(entry: Path) -> None:
    """Delete for good; of a link the link alone."""
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry, ignore_errors=True)
        return
    with contextlib.suppress(OSError):
        entry.unlink()


def empty(workspace: Path, *, is_data: bool) -> int:
    """Delete all runs, or all data sets, in the trash for good; how many that were."""
    found = [entry for entry in list_trash(workspace) if entry.is_data is is_data]
    for entry in found:
        remove(workspace / "trash" / entry.id)
    forget_counted(workspace)
    return len(found)


def empty_old(workspace: Path, *, days: float = KEEP_DAYS) -> int:
    """Delete for good what has been in the trash for longer than `days`; how many that were."""
    count = 0
    for entry in (workspace / "trash").glob("*"):
        try:
            is_old = time.time() - entry.lstat().st_mtime > days * 86_400
        except OSError:
            continue  # another process was quicker
        if is_old:
            remove(entry)
            count += 1
    return count
