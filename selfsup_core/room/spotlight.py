"""The spotlight: the one run that everybody in the room may watch, for as long as the teacher shows it.

It is the only work of another that a participant gets to see. What they may do with it is said in
`runs/access.py`. Each time that something is read, the room's file is asked which run is shown.
"""

from __future__ import annotations

from selfsup_core.errors import RunError
from selfsup_core.room.store import Room, RoomAbout, Shown
from selfsup_core.runs.access import is_same, sign
from selfsup_core.runs.folder import RunFolder, find_run
from selfsup_core.shared import person_workspace
from selfsup_core.translation import tr


def put_on(room: Room, person: str, run: str) -> None:
    """Show a run to everybody.

    Raises:
        RunError: there is no such run.
    """
    if find_run(person_workspace(room.host, person), run) is None or not person:
        raise RunError(tr("There is no run {run!r}.").format(run=run), code="no-run")

    def show(about: RoomAbout) -> None:
        about["spotlight"] = Shown(person=person, run=run)

    room.change(show)


def take_off(room: Room) -> None:
    def hide(about: RoomAbout) -> None:
        about["spotlight"] = None

    room.change(hide)


def in_spotlight(room: Room) -> tuple[str, RunFolder] | None:
    """(nickname, run) that everybody may watch; None where there is none, or no room any more."""
    about = room.peek()
    shown = about.get("spotlight") if about else None
    person = room.person(shown["person"]) if shown else None
    if shown is None or person is None:
        return None
    folder = find_run(person_workspace(room.host, person["id"]), shown["run"])
    return (person["nickname"], folder) if folder else None


def watch_token(room: Room, folder: RunFolder) -> str:
    """What the page of the spotlight shows to the routes; it opens no other run, nor this one later."""
    return sign(room.host, f"spotlight:{folder.workspace.name}:{folder.id}")


def watched(room: Room, run: str, token: str) -> RunFolder:
    """The run in the spotlight, for somebody who watches it.

    Raises:
        RunError: it is not shown, or no longer.
    """
    on = in_spotlight(room)
    if on is None or on[1].id != run or not is_same(watch_token(room, on[1]), token):
        raise RunError(tr("This run is not in the spotlight any more."), code="not-shown")
    return on[1]
