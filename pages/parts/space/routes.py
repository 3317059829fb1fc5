"""The routes behind maps: layouts as bytes, row numbers, and questions; each asks for the map's signed
token.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pages.parts.shared import routes, viewer
from selfsup_core.errors import DataError, StudioError
from selfsup_core.files import DISK_ERRORS, disk_error
from selfsup_core.inspection.client import LabClient, lab_info
from selfsup_core.inspection.space import layouts
from selfsup_core.inspection.subject import Subject
from selfsup_core.runs.access import is_allowed, sign
from selfsup_core.settings import short, whole_number
from selfsup_core.translation import tr

ASKED = ("colors", "color", "items", "pictures", "pause", "resume", "cancel")
PRIVATE = {"Cache-Control": "private, max-age=3600", "Vary": "Cookie", "Content-Encoding": "identity"}
FRESH = {"Cache-Control": "no-store", "Content-Encoding": "identity"}


def client(workspace: Path | None = None) -> LabClient:
    return routes.maps(workspace)


def token_of(key: str) -> str:
    """The signed token of a map, for the page that shows it."""
    return sign(viewer.here().workspace, f"map-{key}")


def guarded(endpoint: Any) -> Any:
    async def answer(request: Request) -> Response:
        key = request.path_params["map"]
        if len(key) > routes.LONGEST_ID:
            return routes.problem(404, tr("There is no map with this name."))
        token = request.headers.get("x-studio-token", "")
        try:
            workspace = viewer.of_scope(request.scope).workspace
            if viewer.in_room():
                layouts.read_map(workspace, key)  # somebody else's is not there, whatever token comes with it
            if not is_allowed(workspace, f"map-{key}", token):
                return routes.problem(403, tr("This address needs the token from the page of the map."))
            return await endpoint(request, key, workspace)
        except StudioError as error:
            missing = error.code in ("no-map", "no-layout", "no-run")
            return routes.problem(404 if missing else 422, error)
        except OSError as error:
            return routes.problem(507 if error.errno in DISK_ERRORS else 500, disk_error(error))

    return answer


@guarded
async def about(request: Request, key: str, workspace: Path) -> Response:
    """How the map stands; one whose process has died is no longer running."""
    found = layouts.read_map(workspace, key)
    if found["job"]["status"] in ("running", "paused") and lab_info(workspace, "maps") is None:
        found["job"] = found["job"] | {"status": "cancelled"}
    return Response(json.dumps(found), media_type="application/json", headers=FRESH)


@guarded
async def layout(request: Request, key: str, workspace: Path) -> Response:
    is_partial = "partial" in request.query_params
    asked = request.query_params.get("epoch", "") or "0"
    if (epoch := whole_number(asked)) is None:
        return routes.problem(
            422, tr("epoch must be a whole number; found {asked}.").format(asked=short(asked, 40))
        )

    def read() -> bytes:
        points = layouts.read_layout(workspace, key, epoch, partial=is_partial)
        return layouts.packed_layout(points)

    try:
        body = await run_in_threadpool(read)
    except DataError as error:
        if is_partial and error.code == "no-layout":
            return Response(status_code=204)  # the map was finished meanwhile
        raise
    return Response(body, media_type="application/octet-stream", headers=FRESH if is_partial else PRIVATE)


@guarded
async def rows(request: Request, key: str, workspace: Path) -> Response:
    found = layouts.read_rows(workspace, key)
    return Response(found.astype(np.uint32).tobytes(), media_type="application/octet-stream", headers=PRIVATE)


@guarded
async def ask(request: Request, key: str, workspace: Path) -> Response:
    tool = request.path_params["tool"]
    if tool not in ASKED:
        return routes.problem(404, tr("There is no tool {tool!r}.").format(tool=tool))
    values = await routes.read_body(request, 64_000)
    space = Subject("space", layouts.read_map(workspace, key)["space"])
    blob = await routes.in_question_pool(client(workspace).ask_packed, space, tool, values | {"key": key})
    return Response(blob, media_type="application/octet-stream", headers=FRESH)


def space_routes() -> list[Route]:
    one = f"{routes.BASE}/maps/{{map}}"
    return [
        Route(f"{one}/about", about),
        Route(f"{one}/layout", layout),
        Route(f"{one}/rows", rows),
        Route(f"{one}/ask/{{tool}}", ask, methods=["POST"]),
    ]
