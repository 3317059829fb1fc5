"""The line as the supervisor sees it, and how pages learn of it: a file, written when something changes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from selfsup_core.files import read_shaped
from selfsup_core.runs.folder import RunFolder, list_states
from selfsup_core.runs.queue import WAITING
from selfsup_core.runs.state import RunState
from selfsup_core.runs.waiting import in_words, waiting_for, what_takes_time
from selfsup_core.shared import host_of, label_of, person_of
from selfsup_core.translation import join_sentences, recorded, tr

FILE = "line.json"
TURNS = "turns.json"  # who had a turn when, beside it


class LinePlace(TypedDict):
    """A run's place.

    Attributes:
        position: 1 for the next. seconds: until its turn, None when that is not known yet.
        why: beside the turns of others it waits for the end of a run of the same person ("own"), or until
            they resume or stop one of their paused runs ("paused"); else "".
        paused: how many of their runs are paused and keep a worker.
    """

    position: int
    seconds: float | None
    why: NotRequired[Literal["", "own", "paused"]]
    paused: NotRequired[int]


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


def place_of(folder: RunFolder) -> tuple[Line, LinePlace] | None:
    """The line and a run's place in it; None when it is in none."""
    line = read_line(folder.workspace)
    place = (
        line["places"].get(label_of(host_of(folder.workspace), folder.workspace, folder.id)) if line else None
    )
    return (line, place) if line and place else None


def say_place(folder: RunFolder) -> str:
    """How a person's run stands in the line and why it waits, with nothing of the others' runs; "" when it is
    not in it.
    """
    found = place_of(folder)
    if found is None:
        return ""
    line, place = found
    position, count, seconds = place["position"], len(line["places"]), place["seconds"]
    if line["is_paused"]:
        return tr("The teacher has paused the room. Number {position} in the queue.").format(
            position=position
        )
    if place.get("why") == "paused":
        paused = place.get("paused", 0)
        return tr(
            "Number {position} of {count} in the queue. {paused} of your runs are paused, and each keeps "
            "its memory: this one starts after you resume or stop one of them."
        ).format(position=position, count=count, paused=paused)
    said = (
        tr("Number {position} of {count} in the queue. When it starts is not known yet.").format(
            position=position, count=count
        )
        if seconds is None
        else tr("Number {position} of {count} in the queue, starts in about {in_words}.").format(
            position=position, count=count, in_words=in_words(seconds)
        )
        if seconds
        else tr("Number {position} of {count} in the queue.").format(position=position, count=count)
    )
    if place.get("why") == "own":
        return tr("{said} Another run of yours is training, and everybody trains one at a time.").format(
            said=said
        )
    return said


def say_wait(folder: RunFolder, state: RunState) -> str:
    """What a run waits for, for pages and command line; "" for one that does not wait.

    Outside of a room as `Waiting.sentence`; in one its place and what it waits for apart from its turn, such
    as memory, which its state says.
    """
    if state["status"] != "queued" and not state.get("frees_slot"):
        return ""
    if not person_of(folder.workspace):
        waits = waiting_for(folder)
        return waits.sentence() if waits else ""
    place = say_place(folder)
    more = "" if state["message"] == WAITING or state["status"] != "queued" else state["message"]
    return join_sentences(part for part in (place, recorded(more)) if part)


def say_briefly(folder: RunFolder) -> str:
    """A run's place for the teacher's wall; "" when it is not in the line."""
    found = place_of(folder)
    if found is None:
        return ""
    _, place = found
    position, seconds = place["position"], place["seconds"]
    if place.get("why") == "paused":
        return tr("number {position}, after one of {paused} paused runs ends or goes on").format(
            position=position, paused=place.get("paused", 0)
        )
    return (
        tr("number {position}, in about {in_words}").format(position=position, in_words=in_words(seconds))
        if seconds
        else tr("number {position}").format(position=position)
    )
