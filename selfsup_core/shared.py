"""Where the workspaces of a room are: a folder for each person below the workspace of whoever opened it.

    workspace/                    the teacher's own, and that of the helper processes
      room/room.json              who is in the room (selfsup_core/room)
      room/people/<person>/       a workspace like any other

One supervisor, one `lab` and one `maps` process serve all of them: `host_of` says in whose folder these live.
"""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from selfsup_core.errors import RunError
from selfsup_core.translation import tr

ROOM, PEOPLE = "room", "people"
PERSON = re.compile(r"[0-9a-f]{24}")


def new_person() -> str:
    """A random name for a person's folder and cookie: 96 bits."""
    return secrets.token_hex(12)


def room_folder(host: Path) -> Path:
    return host / ROOM


def person_workspace(host: Path, person: str) -> Path:
    """The workspace of a person; that of the host for "".

    Raises:
        RunError: this is no person's name, so that nothing else is ever read by it.
    """
    if not person:
        return host
    if not PERSON.fullmatch(person):
        raise RunError(tr("There is no such person in this room."), code="no-person")
    return room_folder(host) / PEOPLE / person


def person_of(workspace: Path) -> str:
    """Whose workspace in a room this is; "" for one that is no person's."""
    above = workspace.parent
    is_one = above.name == PEOPLE and above.parent.name == ROOM and PERSON.fullmatch(workspace.name)
    return workspace.name if is_one else ""


def host_of(workspace: Path) -> Path:
    """The workspace in which the helper processes of this one live: itself, except for a person's."""
    return workspace.parents[2] if person_of(workspace) else workspace


def people_workspaces(host: Path) -> list[Path]:
    """The workspaces of all people, in the order of their names."""
    folder = room_folder(host) / PEOPLE
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    return [folder / name for name in names if PERSON.fullmatch(name)]


def label_of(host: Path, workspace: Path, run: str) -> str:
    """How helper processes call a run: by its id in the host's own workspace, with its person elsewhere."""
    return run if workspace == host else f"{workspace.name}/{run}"
