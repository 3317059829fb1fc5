"""Deleting runs with undo: a deleted run is moved to `trash/` and stays there for seven days."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from selfsup_core.errors import RunError
from selfsup_core.runs.folder import ACTIVE, RunFolder, read_state
from selfsup_core.runs.queue import withdraw

KEEP_DAYS = 7


def delete(folder: RunFolder) -> None:
    """Move a run to the trash.

    Raises:
        RunError: it is at work, or somebody deleted it already.
    """
    try:
        status: str = read_state(folder)["status"]
    except RunError as error:
        if error.code != "damaged-run":
            raise already_deleted(folder) from error
        status = "running" if has_worker(folder) else "damaged"
    if status in ACTIVE:
        raise RunError(f"The run is {status}.", code="run-active", remedy="Stop it first, then delete it.")
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


def already_deleted(folder: RunFolder) -> RunError:
    return RunError(f"The run {folder.id} is already deleted.", code="already-deleted")


def restore(workspace: Path, run: str) -> RunFolder:
    """Undo a deletion. Raises RunError when the run is not in the trash."""
    folder = RunFolder(workspace / "runs" / run)
    try:
        os.rename(workspace / "trash" / run, folder.path)
    except FileNotFoundError as error:
        raise RunError(f"The run {run} is not in the trash.", code="not-in-trash") from error
    return folder


def empty_old(workspace: Path, *, days: float = KEEP_DAYS) -> int:
    """Delete for good what has been in the trash for longer than `days`; how many that were."""
    count = 0
    for entry in (workspace / "trash").glob("*"):
        try:
            is_old = time.time() - entry.lstat().st_mtime > days * 86_400
        except OSError:
            continue  # another process was quicker
        if is_old:
            shutil.rmtree(entry, ignore_errors=True)
            count += 1
    return count
