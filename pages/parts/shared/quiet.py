"""What keeps a server quick that many people ask at once: little for the collector to look at, few changes of
thread, answers that do not wait.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from streamlit.runtime.app_session import AppSession
from streamlit.web.server.starlette import starlette_server

from selfsup_core.translation import tr

ROOT = Path(__file__).parents[3]
PAGE_LIBRARIES = ("pandas", "pyarrow", "plotly.graph_objects", "PIL.Image")
GATHER_SECONDS = 0.005  # Streamlit itself waits twice as long between two deliveries
MANY = 40  # modules that were imported since, from which on the heap is frozen again

_frozen = 0


def answer_at_once() -> None:
    """Without this the head of an answer goes out, and its body waits 40 ms for the browser's receipt.

    asyncio turns that waiting off only for sockets that name their protocol, and Streamlit's does not;
    connections take the option over from the socket that listens.
    """
    bind = starlette_server._bind_socket

    def bind_quick(*arguments: Any) -> socket.socket:
        listening = bind(*arguments)
        if listening.family != getattr(socket, "AF_UNIX", None):
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening

    starlette_server._bind_socket = bind_quick


def import_pages() -> None:
    """Import what pages import when somebody opens them, so that no visitor waits for it."""
    for path in sorted((ROOT / "pages" / "parts").rglob("*.py")):
        importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    for library in PAGE_LIBRARIES:
        importlib.import_module(library)


def freeze() -> None:
    """Have the collector pass over all that is there: Streamlit collects after every script run, and looking
    through the modules of pandas and Plotly takes longer than most pages.

    What was frozen before is looked at once more, since sessions have ended meanwhile.
    """
    global _frozen
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    _frozen = len(sys.modules)


def freeze_new() -> None:
    """Freeze again once pages have imported much more."""
    if len(sys.modules) - _frozen >= MANY:
        freeze()


class Gathered:
    """What a script tells its session, handed to the server's thread in a batch.

    A page is a hundred messages. Streamlit wakes the server's thread for each, and the two pass Python's lock
    to and fro; with thirty pages at work each passing waits its turn.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.lock = threading.Lock()
        self.waiting: deque[Callable[[], None]] = deque()
        self.is_awake = False

    def add(self, act: Callable[[], None]) -> None:
        """Raises RuntimeError: the loop is closed."""
        with self.lock:
            self.waiting.append(act)
            if self.is_awake:
                return
            self.is_awake = True
        self.loop.call_soon_threadsafe(self.loop.call_later, GATHER_SECONDS, self.act)

    def act(self) -> None:
        """All that waits, in its order; on the loop's thread."""
        with self.lock:
            acts = list(self.waiting)
            self.waiting.clear()
            self.is_awake = False
        for act in acts:
            try:
                act()
            except Exception as error:  # as the loop itself does it: the others are done all the same
                self.loop.call_exception_handler({"message": tr("an event of a session"), "exception": error})


def gather_messages() -> None:
    """Have sessions use `Gathered`."""
    before = AppSession._call_soon_on_event_loop

    def call_gathered(session: AppSession, act: Callable[[], None]) -> None:
        loop = session._event_loop
        if loop.is_closed():
            before(session, act)  # which knows what becomes of it
        else:
            vars(session).setdefault("gathered", Gathered(loop)).add(act)

    AppSession._call_soon_on_event_loop = call_gathered  # type: ignore[method-assign]
