"""A long job on a run: its progress with a way to stop it, refreshed until it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.parts.shared import routes
from pages.parts.shared.go import rerun
from pages.parts.shared.workspace import acting, plain, show_refusal, workspace
from selfsup_core.errors import StudioError
from selfsup_core.inspection.client import lab_info
from selfsup_core.inspection.run_jobs import AT_WORK, RunJobAbout
from selfsup_core.inspection.subject import Subject
from selfsup_core.runs.waiting import in_words
from selfsup_core.translation import tr

POLL = 1.0


def ask(run: str, question: str, **values: Any) -> RunJobAbout | None:
    """What is said of the job after a question to it."""
    found: RunJobAbout | None = routes.maps().ask(Subject("job", run), question, values).about["job"]
    return found


def look(run: str, kind: str) -> RunJobAbout | None:
    """The job; a process that is not there has none, and is not started to say so."""
    if routes.is_mounted and lab_info(workspace(), "maps") is None:
        return None
    return ask(run, "look", kind=kind)


def show_job(run: str, kind: str, beside: Callable[[], None] | None = None) -> bool:
    """Progress and Stop while the job is at work; whether it is. What ended it otherwise is said.

    Args:
        beside: draws what there is so far, at each refresh.
    """
    try:
        job = look(run, kind)
    except StudioError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return False
    if not job or job["status"] not in AT_WORK:
        if job and job["error"]:
            st.error(plain(job["error"]), icon=":material/error:")
        return False

    @st.fragment(run_every=POLL)
    def poll() -> None:
        try:
            now = look(run, kind)
        except StudioError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        if not now or now["status"] not in AT_WORK:
            rerun()
        left = (
            tr(" About {in_words} left.").format(in_words=in_words(now["seconds_left"]))
            if now["seconds_left"]
            else ""
        )
        said = tr("Stopping after this step …") if now["status"] == "stopping" else f"{now['said']}{left}"
        st.progress(min(1.0, now["share"]), plain(said))
        st.button(
            tr("Stop"),
            key=f"{kind}-stop",
            icon=":material/stop:",
            disabled=now["status"] == "stopping",
            help=tr("What is done is kept, and you can continue later."),
            on_click=stop,
            args=(run, kind),
        )
        show_refusal(kind)
        if beside:
            beside()

    poll()
    return True


def stop(run: str, kind: str) -> None:
    """Let the job end, for a click."""
    with acting(kind):
        ask(run, "stop", kind=kind)


def start(run: str, kind: str, values: dict[str, Any]) -> None:
    """Begin or continue the job, for a click."""
    with acting(kind):
        ask(run, kind, **values)
        rerun()
