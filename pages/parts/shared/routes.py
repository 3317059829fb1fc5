"""The routes behind the stage: its own files (`assets.py`), and frames, snapshots and requests of a run.

They are reachable without the page, so each asks for the run's signed token.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pages.parts.shared import viewer
from pages.parts.shared.assets import BASE, asset, problem
from pages.parts.shared.guarded import LONGEST_ID, guarded, live_runs
from selfsup_core.errors import StudioError
from selfsup_core.files import parse_json
from selfsup_core.inspection.client import LabClient, warm
from selfsup_core.inspection.subject import Subject
from selfsup_core.runs.beside import list_relatives
from selfsup_core.runs.control import send
from selfsup_core.runs.family import Member, describe_family, start_family
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.queue import submit
from selfsup_core.runs.spec import make_spec, read_spec
from selfsup_core.settings import short, whole_number
from selfsup_core.shared import host_of
from selfsup_core.translation import tr
from selfsup_core.workers.live import LiveRuns
from selfsup_core.workers.supervisor import ensure_supervisor

__all__ = ["LONGEST_ID", "guarded", "live_runs", "problem"]

T = TypeVar("T")
SPOTLIGHT = "/spotlight"  # below it, the run that the teacher shows
MAX_BODY = 4096
MAX_TOOL_BODY = 4_000_000  # an image and a mask in base64

# Set by server.py: pages ask whether the routes are there (they are not under `streamlit run app.py`).
is_mounted = False


@guarded("live")
async def live(request: Request, run: str, runs: LiveRuns) -> Response:
    since = request.query_params.get("since", "0")
    # Small reads of a warm file: quicker here than a trip through a thread.
    body = runs.snapshot(run, since)
    if runs.state(run)["status"] == "queued":
        await run_in_threadpool(ensure_supervisor, runs.workspace)
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


def binary(blob: bytes, *, is_final: bool = True) -> Response:
    # The stage keeps what it needs; a frame may be written again after a resume, so browsers ask again.
    headers = {"Cache-Control": "private, max-age=3600" if is_final else "no-cache"}
    headers["Vary"] = "Cookie"  # somebody else at this browser gets nothing from its cache
    headers["Content-Encoding"] = "identity"  # floats of half precision and pictures hardly compress
    return Response(blob, media_type="application/octet-stream", headers=headers)


@guarded("static")
async def static(request: Request, run: str, runs: LiveRuns) -> Response:
    blob = runs.shared(run, "static")
    # Someone is viewing this run: start the helper process, so that it is ready for the first question.
    await run_in_threadpool(warm, runs.workspace)
    return binary(blob)


@guarded("thumbnails")
async def thumbnails(request: Request, run: str, runs: LiveRuns) -> Response:
    return binary(runs.shared(run, "thumbnails"))


@guarded("frame")
async def frame(request: Request, run: str, runs: LiveRuns) -> Response:
    step = request.query_params.get("step", "")
    number, epoch = whole_number(step), whole_number(request.path_params["epoch"])
    if epoch is None:
        return problem(
            422,
            tr("An epoch must be a whole number; found {epoch}.").format(
                epoch=short(request.path_params["epoch"], 40)
            ),
        )
    if step and number is None:
        return problem(422, tr("step must be a whole number; found {step}.").format(step=short(step, 40)))
    blob = runs.frame(run, epoch, number)
    return binary(blob, is_final=False)


# Questions wait for a helper process. They have threads of their own, so that nothing else waits behind them.
MOST_QUESTIONS = 8
_questions: RunVar[CapacityLimiter] = RunVar("questions")


async def in_question_pool(ask: Callable[..., T], *arguments: Any) -> T:
    """Ask in a thread; with `MOST_QUESTIONS` under way the next one waits its turn without a thread."""
    try:
        limiter = _questions.get()
    except LookupError:
        limiter = CapacityLimiter(MOST_QUESTIONS)
        _questions.set(limiter)
    return await to_thread.run_sync(partial(ask, *arguments), limiter=limiter)


async def read_body(request: Request, most: int = MAX_BODY) -> dict[str, Any]:
    """A small JSON object. Raises StudioError for anything else."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise StudioError(
                tr("The request is larger than {most} bytes.").format(most=most), code="bad-request"
            )
    try:
        values = parse_json(body)
    except ValueError as error:
        raise StudioError(tr("The request is not JSON."), code="bad-request") from error
    if not isinstance(values, dict):
        raise StudioError(tr("The request must be a JSON object."), code="bad-request")
    return values


@guarded("control")
async def control(request: Request, run: str, runs: LiveRuns) -> Response:
    values = await read_body(request)
    folder = runs.view(run).folder
    action, name = str(values.get("action", "")), str(values.get("name", ""))

    def act() -> None:
        send(folder, action, name=name, value=values.get("value"))
        ensure_supervisor(folder.workspace)

    await run_in_threadpool(act)
    return Response('{"ok": true}', media_type="application/json")


@guarded("repeat")
async def repeat(request: Request, run: str, runs: LiveRuns) -> Response:
    """A new run from the same spec and seed; with `leave_out`, that class is kept out of its training
    rows.
    """
    values = await read_body(request)
    view = runs.view(run)
    state = runs.state(run)

    left_out = values.get("leave_out")

    def again() -> str:
        spec = read_spec(view.folder.spec)
        if left_out is not None:
            name = f"{spec.name.split(' · without ')[0]} · without {left_out}"[:120]
            spec = make_spec(spec.as_dict(), {"data.leave_out": str(left_out), "name": name})
        folder = submit(
            view.folder.workspace,
            spec,
            owner=state["owner"],
            preset=state["preset"],
            submission=str(values.get("submission", "")),
        )
        ensure_supervisor(folder.workspace)
        return folder.id

    new = await run_in_threadpool(again)
    return Response(json.dumps({"run": new}), media_type="application/json")


@cache
def helper(host: Path, role: str) -> LabClient:
    return LabClient(host, role)


def lab(workspace: Path | None = None) -> LabClient:
    """The client of quick questions; in a page of whoever looks, elsewhere of a workspace that is given."""
    place = workspace or viewer.here().workspace
    return helper(host_of(place), "lab").within(place)


def maps(workspace: Path | None = None) -> LabClient:
    """As `lab`, of slow questions."""
    place = workspace or viewer.here().workspace
    return helper(host_of(place), "maps").within(place)


# Answered by the process that draws maps, so that no one's network waits for a layout.
BY_MAPS = ("umap",)


@guarded("tool")
async def tool(request: Request, run: str, runs: LiveRuns) -> Response:
    """What a tool makes of the run's network at an epoch."""
    values = await read_body(request, MAX_TOOL_BODY)
    runs.view(run)  # says that a run is gone before a process is asked
    subject, name = Subject("run", run), request.path_params["name"]
    client = (maps if name in BY_MAPS else lab)(runs.workspace)
    blob = await in_question_pool(client.ask_packed, subject, name, values)
    headers = {"Cache-Control": "no-store", "Content-Encoding": "identity"}
    return Response(blob, media_type="application/octet-stream", headers=headers)


@guarded("archive")
async def archive(request: Request, run: str, runs: LiveRuns) -> Response:
    """The run as a script with its data."""
    answer = await in_question_pool(lab(runs.workspace).ask, Subject("run", run), "archive", {})
    headers = {"Content-Disposition": f'attachment; filename="run-{run}.zip"'}
    content = answer.arrays["zip"].tobytes()
    return Response(content, media_type="application/zip", headers=headers)


@guarded("family")
async def family(request: Request, run: str, runs: LiveRuns) -> Response:
    """The runs that are looked at side by side with this one; POST trains those of a family that are missing.

    Of a run that learns from views these are the ones that differ in a single safeguard.
    """
    folder = runs.view(run).folder
    if request.method == "POST":
        values = await read_body(request)
        begun = await run_in_threadpool(
            start_family, folder, str(values.get("submission", "")) or uuid.uuid4().hex
        )
        await run_in_threadpool(ensure_supervisor, folder.workspace)
        return Response(json.dumps({"runs": begun}), media_type="application/json")
    describe: Callable[[RunFolder], Sequence[Member]] = (
        list_relatives if runs.state(run).get("task") == "views" else describe_family
    )
    body = json.dumps({"members": await run_in_threadpool(describe, folder)})
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


def routes() -> list[Route]:
    """All routes, for the server. Those of a run are there a second time for people who watch it in the
    spotlight; what these may ask is decided in `runs/access.py`.
    """
    own, spotlight = f"{BASE}/runs/{{run}}", f"{BASE}{SPOTLIGHT}/runs/{{run}}"
    return [
        Route(f"{BASE}/assets/{{digest}}/{{name:path}}", asset),
        *(Route(f"{own}/{path}", ask, methods=methods) for path, ask, methods in OF_A_RUN),
        *(
            Route(f"{spotlight}/{path}", partial(ask, is_watched=True), methods=methods)
            for path, ask, methods in OF_A_RUN
        ),
    ]


OF_A_RUN: list[tuple[str, Any, list[str]]] = [
    ("live", live, ["GET"]),
    ("static", static, ["GET"]),
    ("thumbnails", thumbnails, ["GET"]),
    ("frames/{epoch}", frame, ["GET"]),
    ("control", control, ["POST"]),
    ("repeat", repeat, ["POST"]),
    ("tools/{name}", tool, ["POST"]),
    ("family", family, ["GET", "POST"]),
    ("script.zip", archive, ["GET"]),
]
