"""The teacher's wall: what everybody's runs do, and what the teacher may do with all of them at once.

Only `Viewer.is_teacher` gets here; whoever calls these asks first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from selfsup_core.errors import StudioError
from selfsup_core.room import votes
from selfsup_core.room.line import FILE, TURNS
from selfsup_core.room.people import Person
from selfsup_core.room.store import Room, RoomAbout, Shown
from selfsup_core.runs.control import send
from selfsup_core.runs.examples import list_examples
from selfsup_core.runs.folder import ACTIVE, RunFolder, find_run, list_states
from selfsup_core.runs.short_runs import is_aside
from selfsup_core.runs.state import RunState
from selfsup_core.shared import person_workspace

COLUMNS = (
    "nickname",
    "run",
    "name",
    "data",
    "objective",
    "network",
    "status",
    "stop_reason",
    "epoch",
    "epochs",
    "validation_loss",
    "accuracy",
    "seconds",
)
Act = Callable[[Room], int]  # what a button of the wall does; how many runs were asked


@dataclass(frozen=True)
class Live:
    """What the wall shows of a person.

    Attributes:
        folder, state: the run at work, or else the newest; None where there is none yet.
        waiting: how many of their runs wait.
    """

    person: Person
    folder: RunFolder | None = None
    state: RunState | None = None
    waiting: int = 0

    @property
    def loss(self) -> float | None:
        """Validation loss of the newest epoch."""
        found = self.state["metrics"].get("val_loss") if self.state else None
        return float(found) if isinstance(found, (int, float)) else None


def overview(room: Room) -> list[Live]:
    """Everybody, in the order in which they came."""
    return [look_at(room, person) for person in room.read()["people"]]


def look_at(room: Room, person: Person) -> Live:
    workspace = person_workspace(room.host, person["id"])
    states = [state for state in list_states(workspace) if not is_aside(state) and is_own(state)]
    waiting = sum(state["status"] == "queued" for state in states)
    at_work = [state for state in states if state["status"] in ACTIVE and state["status"] != "queued"]
    shown = max(
        at_work or [s for s in states if s["status"] != "queued"] or states,
        key=lambda one: one["created"],
        default=None,
    )
    if shown is None:
        return Live(person)
    return Live(person, RunFolder(workspace / "runs" / shown["run"]), shown, waiting)


def is_own(state: RunState) -> bool:
    """Whether somebody has trained it here: examples come with the program."""
    return state["run"] not in list_examples()


def all_runs(room: Room) -> Iterator[tuple[Person, RunFolder, RunState]]:
    for person in room.read()["people"]:
        workspace = person_workspace(room.host, person["id"])
        for state in filter(is_own, list_states(workspace)):
            yield person, RunFolder(workspace / "runs" / state["run"]), state


def pause_all(room: Room) -> int:
    """Let nothing begin and pause what works; how many runs were asked to pause."""

    def pause(about: RoomAbout) -> None:
        about["is_paused"] = True

    room.change(pause)
    found = [
        (Shown(person=person["id"], run=folder.id), folder)
        for person, folder, state in all_runs(room)
        if state["status"] in ("starting", "running")
    ]
    held = [shown for shown, folder in found if asked(folder, "pause")]

    def hold(about: RoomAbout) -> None:
        about["held"] += [shown for shown in held if shown not in about["held"]]

    room.change(hold)
    return len(held)


def resume_all(room: Room) -> int:
    """Let everything go on that `pause_all` has paused, and the line move again."""

    def resume(about: RoomAbout) -> list[Shown]:
        held, about["held"], about["is_paused"] = about["held"], [], False
        return held

    folders = [
        find_run(person_workspace(room.host, shown["person"]), shown["run"]) for shown in room.change(resume)
    ]
    return sum(asked(folder, "resume") for folder in folders if folder)


def reset(room: Room) -> int:
    """Stop everything that works or waits; people, and what they have trained, stay."""

    def begin(about: RoomAbout) -> None:
        about["is_paused"], about["held"], about["spotlight"] = False, [], None

    found = [folder for _, folder, state in all_runs(room) if state["status"] in ACTIVE]
    count = sum(asked(folder, "stop") for folder in found)
    room.change(begin)
    return count


def asked(folder: RunFolder, action: str) -> bool:
    """Send a request; False for a run that has ended in this moment."""
    try:
        send(folder, action)
    except StudioError:
        return False
    return True


def results(room: Room) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """(names of columns, a row for each run of each person)."""
    rows = []
    for person, folder, state in all_runs(room):
        metrics, best = state["metrics"], state["best"]
        accuracy = next(
            (metrics[k] for k in ("val_accuracy", "accuracy", "probe_accuracy") if k in metrics), None
        )
        rows.append(
            (
                person["nickname"],
                folder.id,
                state["name"],
                state["source_title"],
                state["objective"],
                state["network"],
                state["status"],
                state["stop_reason"],
                state["epoch"],
                state["epochs"],
                best["val_loss"] if best else None,
                accuracy,
                round(state["seconds"], 1),
            )
        )
    return COLUMNS, rows


def remove(room: Room, person: str) -> None:
    """Delete a person with all that is theirs, their votes included. Raises RunError: there is no room."""
    room.remove(person)
    votes.forget(room, person)


def delete_all(room: Room, wait: Callable[[], None] = lambda: None) -> None:
    """Stop everything and delete the room with all that is in it.

    Args:
        wait: called between the two, so that workers may end.

    Raises:
        OSError: something of it could not be removed.
    """
    reset(room)
    wait()
    room.delete()
    for name in (FILE, TURNS):  # of the line; both name people
        (room.host / "supervisor" / name).unlink(missing_ok=True)
