"""Who asks, and which workspace is theirs: decided here, for pages, routes and uploads alike."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from selfsup_core.errors import RunError
from selfsup_core.room.login import Identity, LoginConfig, find_account
from selfsup_core.room.people import Person
from selfsup_core.room.store import Room
from selfsup_core.runs.access import is_same, sign
from selfsup_core.shared import person_workspace
from selfsup_core.translation import tr

Role = Literal["teacher", "participant"]


@dataclass(frozen=True)
class Viewer:
    """Somebody who was let in.

    Attributes:
        role: who holds the app's token is the teacher; without a room everybody is.
        workspace: the only one in which anything is looked for on their behalf.
        person: their name in the room, "" for the teacher.
        nickname, resume: what a participant sees of it; no resume code where people sign in.
    """

    role: Role
    workspace: Path
    person: str = ""
    nickname: str = ""
    resume: str = ""

    @property
    def is_teacher(self) -> bool:
        return self.role == "teacher"

    def require_teacher(self) -> None:
        """Raises RunError: this is for the teacher."""
        if not self.is_teacher:
            raise RunError(tr("Only the teacher can do this."), code="not-teacher")


def cookie_for(room: Room, person: str) -> str:
    """What a participant's browser keeps."""
    return f"{person}.{signature(room, person)}"


def signature(room: Room, person: str) -> str:
    return sign(room.host, f"person:{room.read()['created']}:{person}")


def account_of(room: Room, identity: Identity) -> str:
    """What is kept of an account."""
    return sign(room.host, f"login:{identity.issuer}\n{identity.subject}")


def find_viewer(
    room: Room | None,
    host: Path,
    *,
    is_teacher: bool,
    cookie: str = "",
    login: LoginConfig | None = None,
    identity: Identity | None = None,
) -> Viewer | None:
    """Who asks; None for somebody who is not let in.

    Args:
        is_teacher: the request has shown the app's token.
        cookie: what it has shown as a participant's; it opens nothing where people sign in.
        login: set where people sign in. identity: the account of whoever asks.
    """
    if is_teacher:
        return Viewer("teacher", host)
    if room is None or room.peek() is None:
        return None
    if login is not None:
        if identity is None or not login.may_join(identity):
            return None
        if login.is_teacher(identity):
            return Viewer("teacher", host)
        known = find_account(room.read()["people"], account_of(room, identity))
        return seen(room, known, resume="") if known else None
    name, _, given = cookie.partition(".")
    person = room.person(name)
    if person is None or not is_same(signature(room, name), given):
        return None
    return seen(room, person, resume=person["resume"])


def seen(room: Room, person: Person, *, resume: str) -> Viewer:
    workspace = person_workspace(room.host, person["id"])
    return Viewer("participant", workspace, person["id"], person["nickname"], resume)
