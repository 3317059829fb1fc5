"""SelfSup Studio as a server: the app of app.py with the stage's routes, security headers and a quiet collector.

`python server.py` starts it on http://localhost:8501; `streamlit run app.py` gives the same pages without live views.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import Response
from streamlit.runtime.pages_manager import PagesManager
from streamlit.web.server.starlette import starlette_server

from pages.parts.shared import routes, upload_store
from pages.parts.space import routes as routes_space
from selfsup_core.runs.folder import default_workspace
from selfsup_core.workers.supervisor import ensure_supervisor, keep_warm

HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"geolocation=(), payment=(), usb=()"),
    # Streamlit's front end makes modules from blobs and sets styles inline; nothing may come from elsewhere.
    (
        b"content-security-policy",
        b"default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
        b"style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        b"connect-src 'self' ws: wss: data: blob:; worker-src 'self' blob:; media-src 'self' blob:; "
        b"object-src 'none'; base-uri 'self'; frame-ancestors 'self'",
    ),
]


def answer_at_once() -> None:
    """Without this the head of an answer goes out, and its body waits 40 ms for the browser's receipt.

    asyncio turns that waiting off only for sockets that name their protocol, and Streamlit's does not; connections
    take the option over from the socket that listens.
    """
    bind = starlette_server._bind_socket

    def bind_quick(*arguments: Any) -> socket.socket:
        listening = bind(*arguments)
        if listening.family != getattr(socket, "AF_UNIX", None):
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening

    starlette_server._bind_socket = bind_quick


CLOSED = "/_stcore/metrics"  # Streamlit's own counters: nobody's business


class SecurityHeaders:
    """Adds the headers above to every answer, and closes what nobody needs."""

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
        await asyncio.sleep(30)


@contextlib.asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    task = asyncio.create_task(stay_warm(default_workspace()))
    # Streamlit collects garbage after every script run; what is imported by now need not be looked at again.
    gc.collect()
    gc.freeze()
    yield
    task.cancel()
    upload_store.close()


def has_screen() -> bool:
    """Whether a browser window could be seen; on a bare Linux console one would open in the terminal."""
    is_linux = sys.platform.startswith("linux")
    return not is_linux or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


# app.py calls st.navigation, but Streamlit believes in its older way, a page for each file of `pages/`, until that
# call was made once: the first visitor of a deep link would get bare pages.
PagesManager.uses_pages_directory = False
routes.is_mounted = True
upload_store.install()
app = st.App(
    "app.py",
    routes=[*routes.routes(), *routes_space.space_routes()],
    middleware=[
        Middleware(SecurityHeaders),
        # A page of a foreign site whose name leads here (DNS rebinding) gets nothing.
        Middleware(
            TrustedHostMiddleware, allowed_hosts=st.get_option("server.allowedHosts"), www_redirect=False
        ),
        Middleware(upload_store.TakesUploads),
    ],
    lifespan=lifespan,
)

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Start SelfSup Studio.")
    parser.add_argument("--port", type=int, default=8501, help="Port on this machine (8501).")
    parser.add_argument("--open", action="store_true", help="Open it in the browser.")
    arguments = parser.parse_args()
    if arguments.open and has_screen():
        # A moment later, when the server answers; a daemon, so that Ctrl-C does not wait for it.
        opener = threading.Timer(1.5, webbrowser.open, [f"http://localhost:{arguments.port}"])
        opener.daemon = True
        opener.start()
    answer_at_once()
    app.run(config={"server.port": arguments.port})
