"""The verdict over several splits, beside that of a run with pseudo-labels; a button to get it."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable

import streamlit as st

from pages.parts.shared.go import rerun
from pages.parts.shared.workspace import acting, plain, show_refusal, workspace
from selfsup_core.errors import StudioError
from selfsup_core.runs.folder import RunFolder
from selfsup_core.translation import tr
from selfsup_core.workers.seeds import OTHERS, Seeds, offer_splits, over_seeds, start_seeds
from selfsup_core.workers.supervisor import ensure_supervisor

MOST_WAITING = 2  # with fewer waiting runs than this, the next requested ones are queued


def ask_for_seeds(folder: RunFolder, count: int) -> None:
    """Queue `count` runs in total, this one included; `hand_in` queues those that do not fit now."""
    token = st.session_state.setdefault("seeds-token", uuid.uuid4().hex)
    asked = st.session_state[f"seeds-wanted-{folder.id}"] = (count, f"{token}-{folder.id}-{count}")
    start_seeds(folder, *asked)
    ensure_supervisor(workspace())


def hand_in(folder: RunFolder) -> Seeds | None:
    """The result of a run's group so far; also queues further requested runs when there is room."""
    now = over_seeds(folder)
    asked = st.session_state.get(f"seeds-wanted-{folder.id}")
    if asked and now and now["waiting"] < MOST_WAITING and now["runs"] + now["waiting"] < asked[0]:
        with contextlib.suppress(StudioError):
            start_seeds(folder, *asked)
            ensure_supervisor(workspace())
        now = over_seeds(folder)
    return now


def watch_group(folder: RunFolder, show: Callable[[Seeds | None], None]) -> None:
    """Show the result of a run's group, refreshed while any of its runs is queued or running."""
    said = over_seeds(folder)
    is_busy = bool(said and said["waiting"])

    @st.fragment(run_every=2.0 if is_busy else None)
    def draw() -> None:
        now = hand_in(folder)
        if is_busy and not (now and now["waiting"]):
            st.session_state.pop(f"seeds-wanted-{folder.id}", None)
            rerun()
        show(now)

    draw()


def show_splits(folder: RunFolder) -> None:
    """The verdict over the runs of a group, or why one is needed and a button to get it."""

    def show(now: Seeds | None) -> None:
        if now and now["verdict"]:
            tone = {"helped": st.success, "hurt": st.error}.get(now["verdict"]["outcome"], st.info)
            tone(plain(now["verdict"]["text"]))
        if now and now["waiting"]:
            st.caption(
                tr("{runs} of {runs_2} splits are done.").format(
                    runs=now["runs"], runs_2=now["runs"] + now["waiting"]
                )
            )
        elif offer := offer_splits(folder):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.caption(plain(offer), width="content")
                more = (
                    tr("{others} more").format(others=OTHERS + 1 - now["runs"])
                    if now
                    else tr("{others} other").format(others=OTHERS)
                )
                if st.button(
                    tr("Repeat with {more} splits").format(more=more),
                    key="splits-go",
                    icon=":material/shuffle:",
                ):
                    with acting("splits"):
                        ask_for_seeds(folder, OTHERS + 1)
                        rerun()
            show_refusal("splits")

    watch_group(folder, show)
