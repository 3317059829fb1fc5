"""Runs that a comparison or a sweep makes by the dozen: handed in one at a time, so that the queue keeps room
for other runs, and found again by what they compute.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from selfsup_core.errors import RunError
from selfsup_core.runs.control import send
from selfsup_core.runs.folder import ENDED, RunFolder, read_state
from selfsup_core.runs.queue import LOCAL, resume, submit
from selfsup_core.runs.spec import RunSpec

AGAIN = ("stopped", "interrupted")  # a run that ended so is continued


def hand_in(
    workspace: Path,
    spec: RunSpec,
    found: RunFolder | None,
    *,
    submission: str,
    part_of: str,
    preset: str = "",
    owner: str = LOCAL,
    fill: Callable[[Path], None] | None = None,
) -> RunFolder | None:
    """The run, queued unless it has ended for good; None while the queue is full.

    Args:
        found: the run where it is there already.
        fill: puts more into the folder of a new run.
    """
    if found and read_state(found)["status"] in AGAIN:
        resume(found)
    elif found is None:
        try:
            found = submit(
                workspace, spec, preset=preset, submission=submission, part_of=part_of, fill=fill, owner=owner
            )
        except RunError as error:
            if error.code != "queue-full":
                raise
            return None
    return found


def halt(run: RunFolder, reason: str = "") -> None:
    """Stop a run, whether it waits or works. Args: reason: said as why it stopped; by hand if not given."""
    if read_state(run)["status"] not in ENDED:
        with suppress(RunError):  # it has ended just now
            send(run, "stop", reason=reason)
