"""The line as the supervisor sees it, and how pages learn of it: a file, written when something changes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from typing_extensions import TypedDict

from selfsup_core.files import read_shaped
from selfsup_core.runs.folder import RunFolder, list_states
from selfsup_core.runs.state import RunState
from selfsup_core.runs.waiting import in_words, what_takes_time
from selfsup_core.shared import host_of, label_of
from selfsup_core.translation import tr

FILE = "line.json"


class LinePlace(TypedDict):
    """A run's place. position: 1 for the next; seconds: until its turn, None when that is not known yet."""

    position: int
    seconds: float | None


class Line(TypedDict):
    """What waits in a room. places: by the run's label, as `shared.label_of`; is_paused: by the teacher."""

    is_paused: bool
    places: dict[str, LinePlace]


class Paces:
    """How long an epoch takes, learned from runs that have had some."""

    def __init__(self) -> None:
        self.seconds: dict[tuple[object, ...], float] = {}

    def learn(self, state: RunState) -> None:
        if state["epoch"] and state["seconds"]:
            self.seconds[what_takes_time(state)] = state["seconds"] / state["epoch"]

    def learn_all(self, workspaces: Iterable[Path]) -> None:
        for workspace in workspaces:
            for state in list_states(workspace):
                self.learn(state)

    def lasts(self, state: RunState) -> float | None:
        """Seconds that a run will train, by its own epochs so far or those of one like it; None when nobody
        knows.
        """
        own = state["seconds"] / state["epoch"] if state["epoch"] and state["seconds"] else None
        pace = own or self.seconds.get(what_takes_time(state))
        if pace is None:
            return None
        slowest = 1 / state["epochs_per_second"] if state["epochs_per_second"] else 0.0
        return (state["epochs"] - state["epoch"]) * max(pace, slowest)


def read_line(workspace: Path) -> Line | None:
    """The line of the room to which a workspace belongs, None before the supervisor has written one."""
    return read_shaped(host_of(workspace) / "supervisor" / FILE, Line)


def say_place(folder: RunFolder) -> str:
    """How a person's run stands in the line, with nothing of the others' runs; "" when it is not in it."""
    line, host = read_line(folder.workspace), host_of(folder.workspace)
    place = line["places"].get(label_of(host, folder.workspace, folder.id)) if line else None
    if line is None or place is None:
        return ""
    position, seconds = place["position"], place["seconds"]
    if line["is_paused"]:
        return tr("The teacher has paused the room. Number {position} in the queue.").format(
            position=position
        )
    when = "" if not seconds else tr(", starts in about {in_words}").format(in_words=in_words(seconds))
    return tr("Number {position} of {count} in the queue{when}.").format(
        position=position, count=len(line["places"]), when=when
    )
