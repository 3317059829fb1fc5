"""The room's file: who is in it and what the teacher has set. One small JSON file, changed under a lock and
replaced whole; only its owner may read it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NotRequired, TypeVar

from pydantic import Field
from typing_extensions import TypedDict

from selfsup_core.data.quota import write_limits
from selfsup_core.errors import RunError
from selfsup_core.files import read_checked, write_private
from selfsup_core.room.login import find_account, nickname_from
from selfsup_core.room.people import Joining, Person, add, admit, new_code
from selfsup_core.runs.folder import now_iso
from selfsup_core.shared import person_workspace, room_folder
from selfsup_core.translation import tr

T = TypeVar("T")
FILE = "room.json"
MOST_CAPACITY = 64


class Shown(TypedDict):
    """A run of a person."""

    person: str
    run: str


class RoomAbout(TypedDict):
    """room.json.

    Attributes:
        is_open: a server serves the room.
        capacity: how many runs may be at work at once.
        is_paused: nothing of the people is started. held: runs that the teacher has paused, to be resumed.
        spotlight: the run that everybody may look at.
    """

    code: str
    created: str
    is_open: bool
    capacity: Annotated[int, Field(ge=1, le=MOST_CAPACITY)]
    is_paused: bool
    held: list[Shown]
    spotlight: NotRequired[Shown | None]
    people: list[Person]


def no_room() -> RunError:
    return RunError(
        tr("There is no room here."), code="no-room", remedy=tr("`python server.py --room` opens one.")
    )


class Room:
    """The room of a host's workspace. Safe to be used by many threads and processes."""

    def __init__(self, host: Path) -> None:
        self.host = host
        self.path = room_folder(host) / FILE
        self._lock = threading.Lock()
        self._seen: tuple[tuple[int, int, int], RoomAbout] | None = None

    def read(self) -> RoomAbout:
        """What is on disk; not to be changed.

        Raises:
            RunError: there is no room. DamagedFile: its file is no room's.
        """
        try:
            status = self.path.stat()
        except OSError as error:
            raise no_room() from error
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        with self._lock:
            if self._seen and self._seen[0] == stamp:
                return self._seen[1]
        about = read_checked(self.path, RoomAbout)
        if about is None:
            raise no_room()
        with self._lock:
            self._seen = (stamp, about)
        return about

    def peek(self) -> RoomAbout | None:
        """As `read`, None where there is no room."""
        with contextlib.suppress(RunError):
            return self.read()
        return None

    def change(self, act: Callable[[RoomAbout], T]) -> T:
        """Let `act` change the room, and write it down unless it raises.

        Raises:
            RunError: there is no room. OSError: the disk is full or read-only.
        """
        from filelock import FileLock

        if not self.path.parent.is_dir():
            raise no_room()
        with FileLock(self.path.with_name(f".{FILE}.lock"), mode=0o600):
            about = read_checked(self.path, RoomAbout)
            if about is None:
                raise no_room()
            result = act(about)
            self._write(about)
            return result

    def _write(self, about: RoomAbout) -> None:
        write_private(self.path, json.dumps(about, ensure_ascii=False, indent=1).encode())

    def open(self, capacity: int, disk_mb: int | None = None) -> RoomAbout:
        """Open the room, the same one again after a restart.

        Args:
            disk_mb: megabytes that each person may use; None leaves it as it is.
        """
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.path.exists():
            self._write(
                {
                    "code": new_code(),
                    "created": now_iso(),
                    "is_open": True,
                    "capacity": capacity,
                    "is_paused": False,
                    "held": [],
                    "people": [],
                }
            )

        def begin(about: RoomAbout) -> None:
            about["is_open"], about["capacity"] = True, capacity

        self.change(begin)
        if disk_mb:
            write_limits(self.host, disk_mb)
        return self.read()

    def close(self) -> None:
        """No server serves it now; everything stays where it is."""

        def end(about: RoomAbout) -> None:
            about["is_open"] = False

        with contextlib.suppress(RunError):
            self.change(end)

    def join(self, asked: Joining) -> Person:
        """A person who is new, or comes back; their workspace is there afterwards.

        Raises:
            WrongCode, SettingError, RunError: as `people.admit`.
        """
        # Most who knock have been here before or have a wrong code: they need no lock.
        about = self.read()
        person = admit(about["code"], list(about["people"]), asked)
        if self.person(person["id"]) is None:
            person = self.change(lambda about: admit(about["code"], about["people"], asked))
        person_workspace(self.host, person["id"]).mkdir(mode=0o700, parents=True, exist_ok=True)
        return person

    def join_account(self, account: str, name: str) -> Person:
        """The person of an account that has signed in: the same one each time.

        Args:
            account: as `viewer.account_of`. name: of which the nickname is made.

        Raises:
            RunError: the room is full, or there is none.
        """

        def enter(about: RoomAbout) -> Person:
            if known := find_account(about["people"], account):
                return known
            person = add(about["people"], nickname_from(name, [one["nickname"] for one in about["people"]]))
            person["login"] = account
            return person

        person = find_account(self.read()["people"], account) or self.change(enter)
        person_workspace(self.host, person["id"]).mkdir(mode=0o700, parents=True, exist_ok=True)
        return person

    def person(self, name: str) -> Person | None:
        """Who is called so by their cookie, None when nobody is (any more)."""
        about = self.peek()
        return next((one for one in about["people"] if one["id"] == name), None) if about else None

    def remove(self, name: str) -> None:
        """Delete a person and all that is theirs."""

        def leave(about: RoomAbout) -> None:
            about["people"] = [one for one in about["people"] if one["id"] != name]
            about["held"] = [one for one in about["held"] if one["person"] != name]
            if (shown := about.get("spotlight")) and shown["person"] == name:
                about["spotlight"] = None

        folder = person_workspace(self.host, name)
        self.change(leave)
        if name:
            shutil.rmtree(folder, ignore_errors=True)

    def delete(self) -> None:
        """Delete the room with everybody's data, runs and nicknames.

        Raises:
            OSError: something of it could not be removed.
        """
        folder = room_folder(self.host)
        if not folder.exists():
            return
        self.path.unlink(missing_ok=True)  # from now on nobody is let in
        for _ in range(3):  # workers that end just now may still write
            shutil.rmtree(folder, ignore_errors=True)
            if not os.path.lexists(folder):
                return
        shutil.rmtree(folder)
