"""Lists of runs leave out the short ones that a comparison has made by the dozen, unless asked for them."""

from __future__ import annotations

from collections.abc import Sequence

from selfsup_core.runs.folder import ACTIVE, DamagedRun
from selfsup_core.runs.state import RunState
from selfsup_core.translation import tr
from selfsup_core.wording import counted

Listed = RunState | DamagedRun


def is_aside(run: Listed) -> bool:
    """Whether a list leaves a run out: it was made for a comparison or a sweep, and has ended."""
    return not isinstance(run, DamagedRun) and bool(run["part_of"]) and run["status"] not in ACTIVE


def without_short(runs: Sequence[Listed]) -> tuple[list[Listed], int]:
    """What a list shows, and how many short runs it leaves out."""
    shown = [run for run in runs if not is_aside(run)]
    return shown, len(runs) - len(shown)


def say_short(count: int) -> str:
    """ "12 short runs of sweeps and of “Which augmentation helps?”" """
    return tr("{count} of sweeps and of “Which augmentation helps?”").format(
        count=counted(count, "short run")
    )
