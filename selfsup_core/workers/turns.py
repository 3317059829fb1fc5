"""Whose requests the scheduler looks at: the workspace's and, where it has a room, those of its people.

Who had a turn when is written down: turns go round also when the supervisor is killed and another begins.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

from selfsup_core.files import read_shaped, write_json
from selfsup_core.room.fair import Waits, next_turn, whole_line
from selfsup_core.room.line import TURNS, Line, LinePlace, Paces
from selfsup_core.room.store import Room, RoomAbout
from selfsup_core.runs.folder import RunFolder, sound_state
from selfsup_core.runs.queue import QueueEntry, list_queue
from selfsup_core.runs.state import RunState
from selfsup_core.shared import PERSON, label_of, people_workspaces, person_of


class Asked(NamedTuple):
    """A request, the run that it is for, and whose turn it would be."""

    folder: RunFolder
    entry: QueueEntry
    who: str
    label: str

    @property
    def waits(self) -> Waits:
        return Waits(self.who, self.entry["asked"], self.label)


class Turns:
    """Requests of a workspace and of the people of its room.

    Attributes:
        served: person → when they last had a turn: a number that is larger for each later turn.
    """

    def __init__(self, host: Path) -> None:
        self.host = host
        self.room = Room(host)
        self.path = host / "supervisor" / TURNS
        self.served: dict[str, float] = read_shaped(self.path, dict[str, float]) or {}
        self.paces = Paces()
        self._states: dict[str, RunState] = {}

    def workspaces(self) -> list[Path]:
        return [self.host, *people_workspaces(self.host)]

    def about(self) -> RoomAbout | None:
        """The room while a server serves it."""
        about = self.room.peek()
        return about if about and about["is_open"] else None

    def who(self, workspace: Path, owner: str) -> str:
        """In a room everybody has one turn at a time, whatever their runs say of an owner."""
        return person_of(workspace) or owner

    def label(self, folder: RunFolder) -> str:
        return label_of(self.host, folder.workspace, folder.id)

    def take(self, who: str) -> None:
        """Somebody has a turn now; people who are gone are forgotten."""
        there = {place.name for place in people_workspaces(self.host)}
        kept = {one: at for one, at in self.served.items() if one in there or not PERSON.fullmatch(one)}
        self.served = kept | {who: max(kept.values(), default=0.0) + 1.0}
        with contextlib.suppress(OSError):  # a full disk: then a restart forgets it
            write_json(self.path, self.served)

    def waiting(self) -> list[Asked]:
        """All requests, of each workspace the oldest first."""
        found = []
        for workspace in self.workspaces():
            for entry in list_queue(workspace):
                folder = RunFolder(workspace / "runs" / entry["run"])
                found.append(Asked(folder, entry, self.who(workspace, entry["owner"]), self.label(folder)))
        return found

    def next(self, queue: Sequence[Asked], busy: Collection[str]) -> Asked | None:
        """The request whose turn it is, None when nobody may start. Nobody in a room that is paused may."""
        about = self.about()
        if about and about["is_paused"]:
            queue = [asked for asked in queue if asked.folder.workspace == self.host]
        found = next_turn([asked.waits for asked in queue], self.served, busy)
        return next((asked for asked in queue if found and asked.label == found.run), None)

    def line(
        self,
        queue: Sequence[Asked],
        working: Mapping[str, tuple[str, RunFolder]],
        capacity: int,
        held: Mapping[str, int] = MappingProxyType({}),
    ) -> Line:
        """The line for the pages.

        Args:
            working: label of a run at work → whose it is, and its folder.
            held: label of a run that cannot start yet → how many runs its owner keeps paused.
        """
        about = self.about()
        is_paused = bool(about and about["is_paused"])
        ends = {}
        for who, folder in working.values():
            state = sound_state(folder)
            ends[who] = state["seconds_left"] if state else None
        self._states = {
            asked.label: state
            for asked in queue
            if (state := self._states.get(asked.label) or sound_state(asked.folder))
        }

        def lasts(waits: Waits) -> float | None:
            state = self._states.get(waits.run)
            return self.paces.lasts(state) if state else None

        places = whole_line(
            [asked.waits for asked in queue],
            self.served,
            ends,
            capacity=0 if is_paused else capacity,
            lasts=lasts,
            held=held,
        )

        def why(waits: Waits) -> Literal["", "own", "paused"]:
            return "paused" if waits.run in held else "own" if waits.who in ends else ""

        return {
            "is_paused": is_paused,
            "places": {
                place.waits.run: LinePlace(
                    position=place.position,
                    seconds=None if place.seconds is None else float(round(place.seconds)),
                    why=why(place.waits),
                    paused=held.get(place.waits.run, 0),
                )
                for place in places
            },
        }
