"""What a waiting run waits for: its place in the queue, the runs before it, and about how long they take
together.
"""

from __future__ import annotations

from dataclasses import dataclass

from typing_extensions import TypedDict

from selfsup_core.runs.folder import RunFolder, list_states, sound_state
from selfsup_core.runs.queue import list_queue
from selfsup_core.runs.spec import RunSpec
from selfsup_core.runs.state import RunState
from selfsup_core.shared import person_of
from selfsup_core.translation import join_sentences, tr

PAUSABLE = ("starting", "running")  # what gives its slot away when it is paused


class Named(TypedDict):
    """A run and what it is called."""

    run: str
    name: str


class Waits(TypedDict):
    """What a view needs of `Waiting`: the run before, and the one that works and can be paused."""

    position: int
    ahead: Named
    working: Named | None
    seconds: float | None


@dataclass(frozen=True)
class Waiting:
    """What is known of the wait.

    Attributes:
        position: 1 for the next. ahead: the run just before it; None for none.
        working: the run that has the slot and gives it away when it is paused; None where there is none.
        seconds: until its turn, of the runs of which it is known. unknown: names of the others.
    """

    position: int
    ahead: Named | None = None
    working: Named | None = None
    seconds: float | None = None
    unknown: tuple[str, ...] = ()

    def sentence(self) -> str:
        """For the page and the command line."""
        if not self.ahead:
            return tr("Waiting for its turn.")
        about = {"position": self.position, "name": self.ahead["name"]}
        if self.seconds is not None:
            about["time"] = in_words(self.seconds)
        said = [self.place().format(**about)]
        if self.unknown:
            names = tr(" and ").join(repr(name) for name in self.unknown[:2])
            if len(self.unknown) > 2:
                names = tr("{names} and {count} more").format(names=names, count=len(self.unknown) - 2)
            message = (
                tr("How long {names} takes is not known yet.")
                if len(self.unknown) == 1
                else tr("How long {names} take is not known yet.")
            )
            said.append(message.format(names=names))
        return join_sentences(said)

    def place(self) -> str:
        """The message of its place, and how long that takes as far as it is known."""
        is_next = self.position == 1
        if self.seconds is None:
            if is_next:
                return tr("Next in the queue, after {name!r}.")
            return tr("Number {position} in the queue, after {name!r}.")
        if self.unknown:
            if is_next:
                return tr("Next in the queue, after {name!r}, at least {time} until its turn.")
            return tr("Number {position} in the queue, after {name!r}, at least {time} until its turn.")
        if is_next:
            return tr("Next in the queue, after {name!r}, about {time} left.")
        return tr("Number {position} in the queue, after {name!r}, about {time} until its turn.")

    def for_view(self) -> Waits | None:
        if not self.ahead:
            return None
        return {
            "position": self.position,
            "ahead": self.ahead,
            "working": self.working,
            "seconds": None if self.unknown else self.seconds,
        }


def in_words(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return (
        tr("{seconds} min").format(seconds=round(seconds / 60))
        if seconds < 5400
        else tr("{hours:.1f} h").format(hours=seconds / 3600)
    )


def waiting_for(folder: RunFolder) -> Waiting | None:
    """None when the run is not in the queue, and in a room, whose line is not this workspace's alone
    (`room.line.say_place`).

    One run works at a time: the wait is what the working run has left, and all of each run before this one in
    the queue. Where several have a slot, the first of them to end counts.
    """
    queue = [entry["run"] for entry in list_queue(folder.workspace)]
    if folder.id not in queue or person_of(folder.workspace):
        return None
    place = queue.index(folder.id)
    states = list(list_states(folder.workspace))
    busy = at_work(states, folder.id)
    first = min(
        busy, key=lambda s: s["seconds_left"] if s["seconds_left"] is not None else float("inf"), default=None
    )
    before = [(run, sound_state(RunFolder(folder.workspace / "runs" / run))) for run in queue[:place]]
    parts = [(name_of(first), first["seconds_left"])] if first else []
    parts += [
        (name_of(state) if state else run, state and expected_seconds(state, states)) for run, state in before
    ]
    ahead: Named | None = None
    if before:
        run, state = before[-1]
        ahead = {"run": run, "name": name_of(state) if state else run}
    elif first:
        ahead = {"run": first["run"], "name": name_of(first)}
    known = [seconds for _, seconds in parts if seconds is not None]
    return Waiting(
        place + 1,
        ahead,
        {"run": first["run"], "name": name_of(first)} if first and first["status"] in PAUSABLE else None,
        sum(known) if known else None,
        tuple(name for name, seconds in parts if seconds is None),
    )


def at_work(states: list[RunState], but: str) -> list[RunState]:
    """Runs that have a slot."""
    return [
        state
        for state in states
        if state["run"] != but
        and state["status"] in ("starting", "running", "paused")
        and not state.get("frees_slot")
    ]


def expected_seconds(state: RunState, states: list[RunState]) -> float | None:
    """About how long a run that waits will train: by its own epochs before a pause, or by those of the newest
    run like it.
    """
    left = state["epochs"] - state["epoch"]
    like = [state, *(other for other in states if is_like(other, state))]
    paces = (one["seconds"] / one["epoch"] for one in like if one["epoch"] and one["seconds"])
    pace = next(paces, None)
    if pace is None:
        return None
    slowest = 1 / state["epochs_per_second"] if state["epochs_per_second"] else 0.0
    return left * max(pace, slowest)


def expected_of(preset: str, spec: RunSpec, states: list[RunState]) -> float | None:
    """About how long a run that is not there yet will train, in seconds: by the newest one with its preset,
    data, network and objective at full speed. None where there is none.
    """
    wanted = (preset, spec.data.source, spec.model.kind, spec.objective.kind)
    paces = (
        one["seconds"] / one["epoch"]
        for one in sorted(states, key=lambda one: one["created"], reverse=True)
        if (one["preset"], one["source"], one["network"], one.get("objective")) == wanted
        and one["epoch"]
        and one["seconds"]
        and not one["epochs_per_second"]
    )
    pace = next(paces, None)
    return None if pace is None else pace * spec.train.epochs


def is_like(one: RunState, other: RunState) -> bool:
    """Whether an epoch of one takes about as long as one of the other: same recipe, data and size."""
    return what_takes_time(one) == what_takes_time(other)


def what_takes_time(state: RunState) -> tuple[object, ...]:
    return (
        state["preset"],
        state["source"],
        state["task"],
        state["network"],
        state["parameters"],
        state["epochs_per_second"],
    )


def name_of(state: RunState) -> str:
    return state["name"] or state["run"]
