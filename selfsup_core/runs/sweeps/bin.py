"""Deleting a sweep with undo: its folder is moved to the trash, as a run's is; its runs stay unless asked."""

from __future__ import annotations

import os
from contextlib import suppress

from selfsup_core.errors import RunError, StudioError
from selfsup_core.runs.folder import ENDED, RunFolder
from selfsup_core.runs.sweeps.folder import SweepFolder, read_sweep_plan, read_sweep_state
from selfsup_core.runs.sweeps.results import read_trials
from selfsup_core.runs.trash import delete
from selfsup_core.translation import tr


def delete_sweep(folder: SweepFolder, *, with_runs: bool = False) -> int:
    """Move a sweep to the trash, where it is kept for seven days; how many runs went with it.

    Raises:
        RunError: it is at work, or someone deleted it already.
    """
    try:
        status = read_sweep_state(folder)["status"]
    except RunError as error:
        if error.code == "no-sweep":
            raise already_deleted(folder) from error
        status = "failed"  # a damaged one can be deleted
    if status == "running":
        raise RunError(
            tr("The sweep is {status}.").format(status=status),
            code="sweep-active",
            remedy=tr("Stop it first, then delete it."),
        )
    runs = ended_runs(folder) if with_runs else []
    trash = folder.workspace / "trash"
    trash.mkdir(exist_ok=True)
    try:
        os.rename(folder.path, trash / folder.id)
    except FileNotFoundError as error:
        raise already_deleted(folder) from error
    os.utime(trash / folder.id)  # its age in the trash counts from now
    for run in runs:
        with suppress(RunError):  # someone deleted it already
            delete(run)
    return len(runs)


def ended_runs(folder: SweepFolder) -> list[RunFolder]:
    """Runs of a sweep that can be deleted; of a damaged sweep none is known."""
    try:
        trials = read_trials(folder, read_sweep_plan(folder))
    except StudioError:
        return []
    return [
        RunFolder(folder.workspace / "runs" / trial["run"])
        for trial, _ in trials
        if trial["run"] and trial["status"] in ENDED
    ]


def already_deleted(folder: SweepFolder) -> RunError:
    return RunError(tr("The sweep {id} is already deleted.").format(id=folder.id), code="already-deleted")
