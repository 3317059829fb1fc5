"""Parsing runs in a process of its own, with limits on memory, CPU time and file size: a bomb or a crash ends
only it.

`python -m selfsup_core.data.library.child JOB`, or a fork of the prepared process, reads a job's JSON and
writes `result.json` beside it.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, TypedDict

from selfsup_core.data.library.limited import (
    MAPPED,
    STEP,
    ChildResult,
    Ended,
    die_with_parent,
    lower_priority,
    memory_for_one,
    run_limited,
    set_limits,
)
from selfsup_core.data.library.turns import Say, Tell, turn
from selfsup_core.data.limits import LIMITS, MB
from selfsup_core.data.quota import require_space
from selfsup_core.errors import DataError, StudioError
from selfsup_core.files import keep_private, sweep, write_json
from selfsup_core.translation import tr

MODULE = "selfsup_core.data.library.child"
MAKING = ("build", "mend")  # tasks that make a data set
SAYING = ("check",)  # tasks that say what they are at
Arguments = dict[str, Any]  # of a task of `child_tasks.py`, by name, in plain values


class Job(TypedDict):
    """job.json: which task is to be done."""

    task: str
    workspace: str
    values: Arguments


def run_job(
    task: str, workspace: Path, *, tell: Tell | None = None, say: Say | None = None, **values: Any
) -> Any:
    """Do a task of `child_tasks.py` in a limited child and return its result.

    So many work at once in a workspace; this waits for its turn.

    Args:
        tell: is called several times a second, with a sentence while this waits and "" while it works; what
            it raises (a person has cancelled it) ends the child.
        say: is called as often with the step that the task is at, for those of SAYING.

    Raises:
        StudioError: a person of a room has no disk space left.
        DataError: what the task raised, or that it ran out of memory, time or crashed.
    """
    workspace.mkdir(parents=True, exist_ok=True)
    sweep(workspace)  # left by an import that was killed together with its parent
    if task in MAKING:
        require_space(workspace)
    with turn(workspace, title_of(values), tell):
        return do_job(task, workspace, values, tell, say)


def title_of(values: Arguments) -> str:
    """The title that jobs waiting behind this one see."""
    names = [Path(file).name for file in values.get("files", [values.get("folder", "another data set")])]
    return (
        names[0]
        if len(names) == 1
        else tr("{names} with {count} more files").format(names=names[0], count=len(names) - 1)
    )


def do_job(task: str, workspace: Path, values: Arguments, tell: Tell | None, say: Say | None = None) -> Any:
    job: Job = {"task": task, "workspace": str(workspace), "values": values}
    try:
        ended = run_limited(
            MODULE, job, workspace, seconds=LIMITS.cpu_seconds, tell=tell, say=say, is_prepared=True
        )
    except BaseException:
        drop_unfinished(workspace, values)
        raise
    if ended.result is None:
        drop_unfinished(workspace, values)
        raise died(ended)
    return ended.value()


def drop_unfinished(workspace: Path, values: Arguments) -> None:
    """Remove what a child had begun to write."""
    for leftover in (workspace / "datasets").glob(f".{values.get('name', '?')}.*.tmp"):
        shutil.rmtree(leftover, ignore_errors=True)


def died(ended: Ended) -> DataError:
    """The error for a child that left no result."""
    if ended.was_slow:
        return DataError(
            tr("Reading the files took more than {cpu_seconds} s or too much memory and was ended.").format(
                cpu_seconds=LIMITS.cpu_seconds
            ),
            code="import-too-long",
            remedy=tr("Take a sample of the data."),
        )
    if ended.was_full:
        return memory_error()
    return DataError(
        tr("The files made the reader crash; nothing was imported."),
        code="import-crashed",
        remedy=tr("Save them again with another program, or leave files out."),
    )


def memory_error() -> DataError:
    return DataError(
        tr(
            "Reading the files needs more than {memory_for_one:,} MB of memory, which is what an "
            "import may take here."
        ).format(memory_for_one=memory_for_one() // MB),
        code="import-memory",
        remedy=tr("Take a sample of the data."),
    )


def carry_out(job: Job, say: Say | None = None) -> ChildResult:
    """What a job ends with: the task's value, or the error in words."""
    from selfsup_core.data.library import child_tasks as tasks

    more = {"say": say} if say and job["task"] in SAYING else {}
    return outcome(
        lambda: getattr(tasks, f"do_{job['task']}")(Path(job["workspace"]), **job["values"], **more)
    )


def outcome(do: Callable[[], Any]) -> ChildResult:
    """What reading files ends with: what `do` gives, or its error in words."""
    try:
        return {"value": do()}
    except StudioError as error:
        return {"error": error.as_dict()}
    except MemoryError:
        return {"error": memory_error().as_dict()}
    except OSError as error:
        message = tr("Could not write to disk: {value}.").format(value=error.strerror or type(error).__name__)
        return {"error": {"code": "disk", "message": message, "remedy": tr("Make space and try again.")}}
    except Exception as error:
        # A reader's own mistake must not look like a finished import; the log keeps where it was.
        import traceback

        traceback.print_exc()
        return {
            "error": {
                "code": "import-failed",
                "message": tr("The files could not be read ({name}).").format(name=type(error).__name__),
                "remedy": tr("Save them again with another program, or leave files out."),
            }
        }


def prepare(path: Path) -> None:
    """Import the libraries that a job needs by its task and the names of its files, which are not opened."""
    lower_priority()
    from selfsup_core.data.library import child_tasks as tasks

    job: Job = json.loads(path.read_bytes())
    for library in tasks.libraries_for(job["task"], job["values"].get("files", [])):
        import_module(library)


def main(path: Path) -> None:
    job: Job = json.loads(path.read_bytes())
    die_with_parent(path.parent)
    set_limits(memory_for_one() + MAPPED, LIMITS.cpu_seconds)
    write_json(path.with_name("result.json"), carry_out(job, partial(write_json, path.with_name(STEP))))


if __name__ == "__main__":
    keep_private()
    main(Path(sys.argv[1]))
