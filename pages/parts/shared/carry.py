"""What this machine can carry, in the words that the terminal and the wall show."""

from __future__ import annotations

import asyncio
import http.client
import time
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

from pages.parts.shared import routes, viewer
from pages.parts.shared.assets import BASE
from selfsup_core.room.viewer import Viewer
from selfsup_core.runs.access import sign
from selfsup_core.runs.thinned import list_frames
from selfsup_core.runs.waiting import in_words
from selfsup_core.translation import tr
from selfsup_core.wording import counted
from selfsup_core.workers.measure import TITLE, Carries, NotMeasured, measure

PEOPLE = 30  # a class
SHARE = 0.5  # of one core that viewers may take from the training
LOOKS = 40
MOST_VIEWERS = 500
ANSWER_SECONDS = 60.0


def request_cost(port: int, token: str) -> float:
    """Processor seconds of this server for a request over HTTP that finds nothing: parsing, door, routing.

    The asking is counted too, since it happens here.

    Raises:
        NotMeasured: the server does not answer.
    """
    headers = {"Authorization": f"Bearer {token}"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    until = time.monotonic() + ANSWER_SECONDS

    def ask() -> None:
        connection.request("GET", f"{BASE}/runs/none/live", headers=headers)
        connection.getresponse().read()

    while True:
        try:
            ask()
            break
        except OSError as error:
            connection.close()
            if time.monotonic() > until:
                raise NotMeasured from error
            time.sleep(0.1)
    began = time.process_time()
    for _ in range(LOOKS):
        ask()
    connection.close()
    return (time.process_time() - began) / LOOKS


def update_cost(workspace: Path, run: str) -> float:
    """Processor seconds of the news and a frame of a run, as a viewer asks for them each second."""
    app = Starlette(routes=routes.routes())
    token = sign(workspace, run)
    epoch = list_frames(workspace / "runs" / run / "frames")[0]

    async def ask(path: str) -> None:
        scope = {
            "type": "http",
            "method": "GET",
            "path": f"{BASE}/runs/{run}/{path}",
            "root_path": "",
            "query_string": b"",
            "headers": [(b"x-studio-token", token.encode())],
            viewer.SEEN: Viewer("teacher", workspace),
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start" and message["status"] != 200:
                raise RuntimeError(f"{path} was answered with {message['status']}")

        await app(scope, receive, send)

    async def look() -> float:
        await ask("live")
        began = time.process_time()
        for _ in range(LOOKS):
            await ask("live")
            await ask(f"frames/{epoch}")
        return (time.process_time() - began) / LOOKS

    return asyncio.run(look())


def find(port: int, token: str) -> Carries:
    """Measure this machine with the server that runs here at a port.

    Raises:
        NotMeasured: training did not begin, or the server did not answer. OSError: the disk is full.
    """
    request = request_cost(port, token)
    return measure(lambda workspace, run: update_cost(workspace, run) + 2 * request)


def viewers(carries: Carries) -> int:
    """How many live views may be open, in tens."""
    found = int(SHARE / max(carries.update_seconds, 1e-6))
    return min(MOST_VIEWERS, max(1, found // 10 * 10 or found))


def sentence(carries: Carries) -> str:
    """What the terminal and the wall say."""
    wait = in_words(60 * carries.minutes(PEOPLE))
    return tr(
        "This machine carries {runs} at a time and "
        "{viewers} with an update a second. When {people} people train at "
        "once, the queue takes about {wait} ({title}, {in_words} a run)."
    ).format(
        runs=counted(carries.runs, "run"),
        viewers=counted(viewers(carries), "live view"),
        people=PEOPLE,
        wait=wait,
        title=TITLE,
        in_words=in_words(carries.run_seconds),
    )
