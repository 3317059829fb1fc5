"""A real server with a room, and people who talk to it as browsers do: by HTTP and WebSocket."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import urllib.parse
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string
from websockets.sync.client import ClientConnection, connect

from benchmarks.served import ROOT, free_port, wait_until_it_answers
from selfsup_core.inspection.client import stop_lab
from selfsup_core.room.store import Room
from selfsup_core.runs.access import app_token
from selfsup_core.workers.supervisor import stop_supervisor

FORM = {"Accept": "text/html", "Content-Type": "application/x-www-form-urlencoded"}


class Served:
    """`python server.py --room` on a free port."""

    def __init__(self, workspace: Path) -> None:
        self.workspace, self.port = workspace, free_port()
        self.url = f"http://localhost:{self.port}"
        self.room = Room(workspace)
        self.pid = 0

    def browser(self, **headers: str) -> httpx.Client:
        """One that has not been here before."""
        return httpx.Client(base_url=self.url, headers=headers, timeout=60)

    def teacher(self) -> httpx.Client:
        return self.browser(Authorization=f"Bearer {app_token(self.workspace)}")

    def join(self, nickname: str, **fields: str) -> httpx.Client:
        """The browser of somebody who sent the form."""
        browser = self.browser()
        answer = self.send_form(browser, nickname, **fields)
        assert answer.status_code == 200, answer.text
        return browser

    def send_form(self, browser: httpx.Client, nickname: str, **fields: str) -> httpx.Response:
        form = {"code": self.room.read()["code"], "nickname": nickname} | fields
        return browser.post("/", content=urllib.parse.urlencode(form), headers=FORM)

    @contextlib.contextmanager
    def connected(self, browser: httpx.Client, session: str = "") -> Iterator[ClientConnection]:
        """The WebSocket of a browser's page; with a session as one that comes back to it."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}
        if "Authorization" in browser.headers:
            headers["Authorization"] = browser.headers["Authorization"]
        protocols = ["streamlit", generate_xsrf_token_string(), session] if session else ["streamlit"]
        with connect(
            f"ws://localhost:{self.port}/_stcore/stream",
            subprotocols=protocols,
            origin=self.url,
            additional_headers=headers,
            max_size=None,
        ) as socket:
            yield socket

    def page(self, browser: httpx.Client, name: str = "", query: str = "") -> bytes:
        """All that a page sends to the browser."""
        with self.connected(browser) as socket:
            return open_page(socket, name, query)[1]


def open_page(socket: ClientConnection, name: str = "", query: str = "") -> tuple[str, bytes]:
    """(the session, all that a page sends until its script has ended)."""
    ask = BackMsg()
    ask.rerun_script.page_name, ask.rerun_script.query_string = name, query
    socket.send(ask.SerializeToString())
    session, said = "", b""
    while True:
        data = socket.recv(timeout=60)
        message = ForwardMsg.FromString(data)
        said += data
        if message.WhichOneof("type") == "new_session":
            session = message.new_session.initialize.session_id
        elif message.WhichOneof("type") == "script_finished":
            if message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                continue
            assert message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
            return session, said


def upload(
    browser: httpx.Client, session: str, content: bytes, *, method: str = "PUT", name: str = ""
) -> int:
    """Send a file as a page does; the status of the answer."""
    token = generate_xsrf_token_string()
    edge = uuid.uuid4().hex
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'.encode()
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    headers = {
        "Content-Type": f"multipart/form-data; boundary={edge}",
        "Cookie": f"{cookies}; _streamlit_xsrf={token}".strip("; "),
        "X-Xsrftoken": token,
    }
    place = f"/_stcore/upload_file/{session}/{name or uuid.uuid4()}"
    body = head + content + f"\r\n--{edge}--\r\n".encode()
    return browser.request(method, place, content=body, headers=headers).status_code


@contextlib.contextmanager
def serve_room(workspace: Path) -> Iterator[Served]:
    served = Served(workspace)
    workspace.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"SELFSUP_WORKSPACE": str(workspace)}
    command = [sys.executable, "server.py", "--room", "--runs", "2", "--port", str(served.port)]
    with open(workspace / "server.log", "ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)

    try:
        wait_until_it_answers(served.port, process, workspace / "server.log", dict(served.teacher().headers))
        served.pid = process.pid
        yield served
    finally:
        process.kill()
        process.wait()
        stop_supervisor(workspace)
        stop_lab(workspace)
        stop_lab(workspace, "maps")
