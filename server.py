"""SelfSup Studio as a server: the app of app.py with the stage's routes, a door, security headers and a quiet
collector.

`python server.py` starts it on http://localhost:8501 and prints the address with the token that opens it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import sys
import threading
import webbrowser
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from starlette.middleware import Middleware
from starlette.responses import Response
from streamlit.runtime.pages_manager import PagesManager

from pages.parts.shared import carry, door, login, qr, quiet, routes, updated, upload_store, viewer
from pages.parts.shared.welcome import (
    addresses,
    hosts_by_https,
    hosts_of,
    refuse_open,
    room_lines,
    welcome,
    with_token,
    write_open_file,
)
from pages.parts.space import routes as routes_space
from selfsup_core.data.quota import DISK_MB, LEAST_MB, MOST_MB
from selfsup_core.environment import close_machine
from selfsup_core.errors import StudioError
from selfsup_core.files import disk_error, keep_private, policy_hash
from selfsup_core.pretrained.remote.connection import NAMES as REMOTE
from selfsup_core.room.store import MOST_CAPACITY, Room
from selfsup_core.runs.access import forget_token
from selfsup_core.runs.folder import default_workspace
from selfsup_core.workers.measure import NotMeasured
from selfsup_core.workers.supervisor import SERVER_SECONDS, ensure_supervisor, keep_warm


def inline_scripts() -> list[str]:
    """What a policy calls the scripts that Streamlit's own page holds: hashes, by which these run and no
    others.
    """
    index = (Path(st.__file__).parent / "static" / "index.html").read_text("utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", index, re.DOTALL)
    return [policy_hash(script) for script in scripts]


POLICY = {
    "default-src": "'none'",
    "manifest-src": "'self'",
    # Streamlit makes modules of components from blobs, and its front end holds a little WebAssembly. Plotly's
    # charts on WebGL would need 'unsafe-eval': ours are drawn as SVG.
    "script-src": " ".join(["'self'", "blob:", "'wasm-unsafe-eval'", *inline_scripts()]),
    # Streamlit 1.67 cannot do without: emotion, styled-components, Plotly and WaveSurfer insert style
    # elements that they compute in the browser, and none of them gets a nonce. Pages whose styles stand still
    # (the door, the offline map) have hashes. A style that someone smuggles in can still send nothing
    # anywhere: all addresses below are our own.
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "worker-src": "'self' blob:",
    "media-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-src": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"geolocation=(), payment=(), usb=()"),
    (b"content-security-policy", "; ".join(f"{name} {value}" for name, value in POLICY.items()).encode()),
]


CLOSED = "/_stcore/metrics"  # Streamlit's own counters: no one's business


class SecurityHeaders:
    """Adds the headers above to every answer, and closes what no one needs."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].endswith(CLOSED):
            await Response("Not found", 404)(scope, receive, send)
            return

        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *HEADERS]
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


async def stay_warm(workspace: Path) -> None:
    """Have a supervisor ready for as long as the server is up, and no files of those who have left."""
    while True:
        with contextlib.suppress(OSError):
            await asyncio.to_thread(keep_warm, workspace)
            await asyncio.to_thread(ensure_supervisor, workspace)
            await asyncio.to_thread(upload_store.drop_closed)
            await asyncio.to_thread(quiet.freeze_new)
        await asyncio.sleep(SERVER_SECONDS)


def prepare_pages() -> None:
    """Import what pages need while the browser still loads the app."""
    quiet.import_pages()
    quiet.freeze()


@contextlib.asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    keep_private()
    task = asyncio.create_task(stay_warm(default_workspace()))
    if access.room:  # a class opens all pages at once
        quiet.import_pages()
    else:
        threading.Thread(target=prepare_pages, daemon=True).start()
    quiet.freeze()
    yield
    task.cancel()
    upload_store.close()


def has_screen() -> bool:
    """Whether a browser window could be seen; on a bare Linux console one would open in the terminal."""
    is_linux = sys.platform.startswith("linux")
    return not is_linux or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


# app.py calls st.navigation, but Streamlit believes in its older way, a page for each file of `pages/`, until
# that call was made once: the first visitor of a deep link would get bare pages.
PagesManager.uses_pages_directory = False
routes.is_mounted = door.is_there = True
upload_store.install()
access = viewer.Access()
code_begun = updated.code_state()
app = st.App(
    "app.py",
    routes=[*routes.routes(), *qr.qr_routes(), *routes_space.space_routes()],
    middleware=[
        Middleware(SecurityHeaders),
        Middleware(door.Door, access=access),
        Middleware(upload_store.TakesUploads),  # behind the door
    ],
    lifespan=lifespan,
    on_script_error=lambda _error: updated.explain_updated(code_begun),
)


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Start SelfSup Studio.")
    parser.add_argument("--port", type=int, default=8501, help="Port on this machine (8501).")
    parser.add_argument("--open", action="store_true", help="Open the app in the browser.")
    parser.add_argument(
        "--address", help="Address to listen on (127.0.0.1: this machine only; 0.0.0.0: all networks)."
    )
    parser.add_argument(
        "--url",
        default="",
        help="Public address of a proxy in front of the app, such as https://studio.example.org.",
    )
    parser.add_argument(
        "--no-token",
        action="store_true",
        help="Let in anyone who can reach the port: for a server behind a login of its own.",
    )
    parser.add_argument(
        "--room",
        action="store_true",
        help="Open a room: people join with a code and a nickname, each with a workspace of their own.",
    )
    parser.add_argument(
        "--runs",
        type=int,
        choices=range(1, MOST_CAPACITY + 1),
        metavar="N",
        help="Runs at once in a room; without it this is measured when the room opens.",
    )
    parser.add_argument(
        "--disk",
        type=int,
        metavar="MB",
        help=f"Megabytes of disk that each person in a room may use ({DISK_MB}).",
    )
    parser.add_argument(
        "--new-token", action="store_true", help="Create a new token; the old one stops working."
    )
    arguments = parser.parse_args()
    if arguments.url and not urlsplit(arguments.url).hostname:
        parser.error(f"--url must begin with https:// or http:// and name a host; found {arguments.url!r}.")
    if arguments.runs and not arguments.room:
        parser.error("--runs is for a room; add --room.")
    if arguments.disk is not None and not arguments.room:
        parser.error("--disk is for a room; add --room.")
    if arguments.disk is not None and not LEAST_MB <= arguments.disk <= MOST_MB:
        parser.error(f"--disk must be {LEAST_MB} to {MOST_MB:,} MB; found {arguments.disk}.")
    if arguments.room and arguments.no_token:
        parser.error("--room needs the token, by which the teacher is known; leave out --no-token.")
    return arguments


def measure_room(room: Room, port: int) -> None:
    """Find out what this machine can carry, print it, show it on the wall, and let so many runs work at once.

    In a thread of its own, since it asks the server that runs here.
    """
    try:
        found = carry.find(port, access.token)
    except (NotMeasured, OSError):
        access.carries = "What this machine can carry could not be measured; one run works at a time."
    else:
        access.carries, access.capacity = carry.sentence(found), found.runs
        room.open(found.runs)
    print(f"  {access.carries}\n", flush=True)


def main() -> None:
    """Start the app and say where it is."""
    arguments = read_arguments()
    keep_private()
    address = arguments.address or st.get_option("server.address") or "0.0.0.0"
    refuse_open(address, needs_token=not arguments.no_token)
    hosts = [*hosts_of(address, arguments.url), *(st.get_option("server.allowedHosts") or [])]
    access.needs_token, access.hosts = not arguments.no_token, hosts
    access.secure_hosts = hosts_by_https(arguments.url)
    if arguments.new_token:
        forget_token(access.workspace)
    token = access.token if access.needs_token else ""
    here, others = addresses(address, arguments.port, st.get_option("server.baseUrlPath"), arguments.url)
    viewer.reachable = others
    room = Room(access.workspace)
    if arguments.room:
        access.room, access.shared, viewer.access = room, others or [here], access
        close_machine()
        for name in REMOTE.values():  # the host's model and key are not for everybody who joins
            os.environ.pop(name, None)
        access.capacity = arguments.runs or 1
        access.disk_mb = arguments.disk or DISK_MB
        access.login = login.read_login(hosts)
        about = room.open(access.capacity, access.disk_mb)
        if not arguments.runs:
            threading.Thread(target=measure_room, args=(room, arguments.port), daemon=True).start()
        print(room_lines(here, others, token, "" if access.login else about["code"]), flush=True)
    else:
        room.close()
        print(welcome(here, others, token), flush=True)
    if arguments.open and has_screen():
        page = write_open_file(access.workspace, with_token(here, token)).as_uri()
        # A moment later, when the server answers; a daemon, so that Ctrl-C does not wait for it.
        opener = threading.Timer(1.5, webbrowser.open, [page])
        opener.daemon = True
        opener.start()
    quiet.answer_at_once()
    quiet.gather_messages()
    app.run(
        config={
            "server.port": arguments.port,
            "server.address": address,
            "server.allowedHosts": hosts,
            "logger.hideWelcomeMessage": True,
        }
    )


if __name__ == "__main__":
    try:
        main()
    except StudioError as error:
        sys.exit(f"Error: {error}")
    except OSError as error:
        sys.exit(f"Error: {disk_error(error)}")
