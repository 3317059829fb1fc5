"""Say in words that the code under a running server was changed: its pages are then of two versions at once,
and fail in ways of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import streamlit as st

import selfsup_core
from selfsup_core.translation import tr, tr_later

ROOT, CORE = Path(__file__).parents[3], Path(selfsup_core.__file__).parent
UPDATED = tr_later(
    "The app was updated while it was running. Restart it: stop the server with Ctrl-C and start it again."
)


def code_files() -> Iterator[Path]:
    for name in ("app.py", "server.py"):
        if (path := ROOT / name).is_file():
            yield path
    for folder in (ROOT / "pages", CORE):
        yield from folder.rglob("*.py")


def code_state() -> dict[Path, tuple[int, int]]:
    """File → its time and size."""
    found = {}
    for path in code_files():
        about = path.stat()
        found[path] = (about.st_mtime_ns, about.st_size)
    return found


def explain_updated(begun: dict[Path, tuple[int, int]]) -> bool:
    """Called for an exception of a page; whether it was explained, so that nothing else need be shown.

    Args:
        begun: `code_state` when the server started.
    """
    if code_state() == begun:
        return False
    st.error(UPDATED, icon=":material/restart_alt:")
    st.caption(tr("Runs at work go on meanwhile."))
    return True
