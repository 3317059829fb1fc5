"""What pages share of the workspace: where it is, how a run is started, how errors are shown."""

from __future__ import annotations

import os
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import streamlit as st

from pages.parts.shared import door, viewer
from selfsup_core.errors import StudioError
from selfsup_core.files import disk_error
from selfsup_core.runs.check import check_spec
from selfsup_core.runs.control import send
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.queue import submit
from selfsup_core.runs.spec import RunSpec
from selfsup_core.translation import tr
from selfsup_core.workers.supervisor import ensure_supervisor

REFUSAL = "refused"  # (where, what was said) of the last click that failed
STATUS_STYLE = {
    "queued": ("gray", ":material/hourglass_empty:"),
    "starting": ("blue", ":material/play_circle:"),
    "running": ("blue", ":material/play_circle:"),
    "paused": ("orange", ":material/pause_circle:"),
    "finished": ("green", ":material/check_circle:"),
    "stopped": ("gray", ":material/stop_circle:"),
    "failed": ("red", ":material/error:"),
    "interrupted": ("orange", ":material/bolt:"),
}


def guard() -> None:
    """Stop the page when the app runs without access control."""
    if not door.is_there:
        st.error(
            tr(
                "SelfSup Studio was started with `streamlit run`, which lets in anyone who can reach this "
                "address. Start it with `make run` or `python server.py`."
            ),
            icon=":material/lock:",
        )
        st.stop()


def workspace() -> Path:
    """The workspace of whoever looks; every page asks here, so that none is shown without access control."""
    guard()
    return viewer.here().workspace


def serves_this_machine_only() -> bool:
    """Whether no one but the people at this machine can open the pages: it listens to no other, and no proxy
    does.
    """
    names = st.get_option("server.allowedHosts")
    return st.get_option("server.address") in door.LOCAL and set(names) <= set(door.LOCAL)


def plain(text: str) -> str:
    """A person's text with all Markdown escaped: no link, picture, formula or bold text."""
    return re.sub(r"([\\`*_\[\]<>#|$~]|:(?=\w))", r"\\\1", text.replace("\n", " "))


@contextmanager
def errors_shown() -> Iterator[None]:
    """Show a studio error as one sentence with its remedy, and a full disk in words; the page continues."""
    try:
        yield
    except StudioError as error:
        st.error(plain(str(error)), icon=":material/error:")
    except OSError as error:
        st.error(plain(str(disk_error(error))), icon=":material/error:")


@contextmanager
def acting(where: str) -> Iterator[None]:
    """Wrap the action of a click in a fragment that reruns by itself: an error stays until the next click.

    `show_refusal` shows the error; the next action, here or elsewhere, clears it.
    """
    forget_refusal()
    try:
        yield
    except StudioError as error:
        refuse(where, error)
    except OSError as error:
        refuse(where, disk_error(error))


def refuse(where: str, error: StudioError) -> None:
    """Keep an error for `show_refusal` until the next click."""
    st.session_state[REFUSAL] = (where, str(error))


def forget_refusal() -> None:
    st.session_state.pop(REFUSAL, None)


def is_refused(where: str) -> bool:
    return bool(st.session_state.get(REFUSAL, ("", ""))[0] == where)


def show_refusal(where: str) -> None:
    """The error of the last click there, if it failed."""
    if is_refused(where):
        st.error(plain(st.session_state[REFUSAL][1]), icon=":material/error:")


def start(spec: RunSpec, *, preset: str = "", button: str) -> str:
    """Queue a run for a click; a second click of the same moment gives the same run.

    Args:
        button: key of the button; its submission token lives until a run has come of it.
    """
    check_spec(workspace(), spec)
    tokens: dict[str, Any] = st.session_state.setdefault("submissions", {})
    token = tokens.setdefault(button, uuid.uuid4().hex)
    folder = submit(workspace(), spec, submission=token, preset=preset)
    ensure_supervisor(workspace())
    tokens.pop(button, None)
    return folder.id


def steer(folder: RunFolder, action: str) -> None:
    """Send a request; a paused run continues when a supervisor finds it a free slot."""
    send(folder, action)
    ensure_supervisor(folder.workspace)


def age(created: str) -> str:
    """Time since an ISO date in words: "3 min ago"."""
    import calendar

    return age_of(time.time() - calendar.timegm(time.strptime(created, "%Y-%m-%dT%H:%M:%SZ")))


def age_of(seconds: float) -> str:
    """Seconds since something in words: "3 min ago"."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return tr("{seconds} {unit} ago").format(seconds=int(seconds // size), unit=unit)
    return tr("just now")


def hub_is_on() -> bool:
    """On unless said otherwise, where only this machine can open the page; never for a room's people."""
    if viewer.in_room() and not viewer.here().is_teacher:
        return False
    wanted = os.environ.get("SELFSUP_HUB", "")
    if wanted:
        return wanted.lower() in ("1", "on", "true", "yes")
    return serves_this_machine_only()
