"""Rooms and people for tests."""

from __future__ import annotations

from pathlib import Path

from selfsup_core.room.people import Joining, Person
from selfsup_core.room.store import Room
from selfsup_core.shared import person_workspace


def opened(host: Path, capacity: int = 1) -> Room:
    host.mkdir(parents=True, exist_ok=True)
    room = Room(host)
    room.open(capacity)
    return room


def joined(room: Room, nickname: str) -> Person:
    return room.join(Joining.of({"code": room.read()["code"], "nickname": nickname}))


def place_of(room: Room, person: Person) -> Path:
    """A person's workspace."""
    return person_workspace(room.host, person["id"])
