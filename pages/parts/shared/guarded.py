"""What stands before the routes of a run: whose run it is, and whether they may ask for this."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from pages.parts.shared import viewer
from pages.parts.shared.assets import problem
from pages.parts.shared.speech import language_of
from selfsup_core.errors import RunError, StudioError
from selfsup_core.files import DISK_ERRORS, disk_error
from selfsup_core.room import spotlight
from selfsup_core.runs.access import Action, is_allowed, require
from selfsup_core.shared import host_of
from selfsup_core.translation import speak, tr
from selfsup_core.workers.live import MAX_FRAMES, LiveRuns

LONGEST_ID = 200
MOST_WORKSPACES = 64  # of a room whose runs are kept at hand
FEW_FRAMES = 64  # of each of its people
MISSING = ("no-run", "no-frame", "no-room", "not-shown")


@lru_cache(maxsize=MOST_WORKSPACES)
def live_runs(workspace: Path) -> LiveRuns:
    return LiveRuns(workspace, MAX_FRAMES if workspace == host_of(workspace) else FEW_FRAMES)


def own_runs(request: Request, run: str, token: str) -> LiveRuns | None:
    """The runs of whoever asks; None where they have not shown the token of this one.

    Raises:
        RunError: in a room, there is no such run of theirs.
    """
    runs = live_runs(viewer.of_scope(request.scope).workspace)
    if viewer.in_room():
        runs.view(run)  # somebody else's is not there, whatever token comes with it
    return runs if is_allowed(runs.workspace, run, token) else None


def shown_runs(request: Request, run: str, token: str) -> LiveRuns:
    """The runs among which the one in the spotlight is. Raises RunError: this one is not in it."""
    viewer.of_scope(request.scope)  # raises for somebody who was not let in
    room = viewer.access.room if viewer.access else None
    if room is None:
        raise RunError(tr("There is no room here."), code="no-room")
    return live_runs(spotlight.watched(room, run, token).workspace)


def guarded(action: Action) -> Callable[[Any], Any]:
    """Answer 403 without the run's token, and to watchers what is not for them; turn studio errors into JSON.

    The endpoint gets the run and the runs of whoever asks: no others are looked for, except for the one in
    the spotlight.
    """

    def guard(endpoint: Any) -> Any:
        async def answer(request: Request, *, is_watched: bool = False) -> Response:
            run = request.path_params["run"]
            if len(run) > LONGEST_ID:
                return problem(404, tr("There is no run with this name."))
            with speak(language_of(request)):
                return await answer_in_language(request, run, is_watched=is_watched)

        async def answer_in_language(request: Request, run: str, *, is_watched: bool) -> Response:
            token = request.headers.get("x-studio-token", "")
            try:
                runs = (shown_runs if is_watched else own_runs)(request, run, token)
                if runs is None:
                    return problem(403, tr("This address needs the token from the page of the run."))
                require("watcher" if is_watched else "owner", action)
                response = await endpoint(request, run, runs)
            except RunError as error:
                if error.code == "only-watching":
                    return problem(403, error)
                return problem(404 if error.code in MISSING else 409, error)
            except StudioError as error:
                return problem(422, error)
            except OSError as error:
                return problem(507 if error.errno in DISK_ERRORS else 500, disk_error(error))
            if is_watched:
                response.headers["Cache-Control"] = "no-store"  # nothing of it stays when the spotlight ends
            return response

        return answer

    return guard
