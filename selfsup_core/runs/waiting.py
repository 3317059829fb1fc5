"""What a waiting run waits for: its place in the queue, the run before it, and about how long that takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from selfsup_core.runs.folder import RunFolder, list_states, sound_state
from selfsup_core.runs.queue import list_queue
from selfsup_core.runs.state import RunState


@dataclass(frozen=True)
class Waiting:
    """position: 1 for the next; ahead: name of the run before it, "" for none; seconds: None where they are not known."""

    position: int
    ahead: str
    seconds: float | None

    def sentence(self) -> str:
        """For the page and the command line."""
        if not self.ahead:
            return "Waiting for its turn."
        place = "Next in the queue" if self.position == 1 else f"Number {self.position} in the queue"
        left = f", about {in_words(self.seconds)} left" if self.seconds is not None else ""
        return f"{place}, after {self.ahead!r}{left}."


def in_words(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def waiting_for(folder: RunFolder) -> Waiting | None:
    """None when the run is not in the queue.

    The seconds are those of the running runs, where they say so, and only for the next in the queue: the
    duration of a run that has not started is unknown.
    """
    queue = [entry["run"] for entry in list_queue(folder.workspace)]
    if folder.id not in queue:
        return None
    place = queue.index(folder.id)
    if place:
        before = sound_state(RunFolder(folder.workspace / "runs" / queue[place - 1]))
        return Waiting(place + 1, name_of(before) if before else queue[place - 1], None)
    busy = at_work(folder.workspace, folder.id)
    if not busy:
        return Waiting(1, "", None)
    first = min(busy, key=lambda s: s["seconds_left"] if s["seconds_left"] is not None else float("inf"))
    return Waiting(1, name_of(first), first["seconds_left"])


def at_work(workspace: Path, but: str) -> list[RunState]:
    """Runs that have a slot."""
    return [
        state
        for state in list_states(workspace)
        if state["run"] != but
        and state["status"] in ("starting", "running", "paused")
        and not state.get("frees_slot")
    ]


def name_of(state: RunState) -> str:
    return state["name"] or state["run"]
