"""Embeddings that are running, unfinished and finished, each with a way to open it; found again in any
session.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import streamlit as st

from pages.parts.shared import routes
from pages.parts.shared.choice import write_asked
from pages.parts.shared.workspace import age_of, plain, serves_this_machine_only, workspace
from selfsup_core.data.sources import find_source
from selfsup_core.errors import StudioError
from selfsup_core.export.embeddings import list_embedded
from selfsup_core.inspection.subject import Subject
from selfsup_core.pretrained.encoders.catalogue import ENCODERS
from selfsup_core.translation import join_sentences, recorded, tr
from selfsup_core.wording import percent

FOLDER = "a folder"
MOST = 20
POLL = 2.0
AT_WORK = ("running", "paused")
BADGES = {
    "running": ("blue", ":material/play_circle:"),
    "paused": ("orange", ":material/pause_circle:"),
    "stopped": ("gray", ":material/stop_circle:"),
    "failed": ("red", ":material/error:"),
    "finished": ("green", ":material/check_circle:"),
}


def collect() -> list[dict[str, Any]]:
    """{"source", "title", "encoder", "status", "done", "total", "said"}: what is running first, then the
    newest on disk.
    """
    kept = list_embedded(workspace())
    try:
        jobs = routes.lab().ask(Subject("embedding", ""), "jobs", {}).about["jobs"]
    except StudioError:
        jobs = []  # the list of what is on disk is worth showing
    found = [
        {
            "source": job["source"],
            "title": title_of(job["source"]),
            "encoder": job["encoder"],
            "status": job["status"],
            "done": job["done"] if job["stage"] != "reading" else 0,
            "total": job["total"],
            "said": job["error"],
        }
        for job in jobs
    ]
    known = {(one["source"], one["encoder"]) for one in found}
    for one in kept:
        if (one["source"], one["encoder"]) not in known:
            found.append(
                {
                    "source": one["source"],
                    "title": one["title"] or tr("A data set that was deleted"),
                    "encoder": one["encoder"],
                    "status": "finished" if one["is_finished"] else "stopped",
                    "done": one["done"],
                    "total": one["total"],
                    "said": age_of(time.time() - one["changed"]),
                }
            )
    return sorted(found, key=lambda one: one["status"] not in AT_WORK)


def title_of(source: str) -> str:
    try:
        return find_source(source, workspace()).title
    except StudioError:  # deleted while it was embedded
        return source


def encoder_title(name: str) -> str:
    return ENCODERS[name].title if name in ENCODERS else Path(name).name


def open_embedded(source: str, encoder: str) -> None:
    """Choose the two in the row of controls."""
    st.session_state["embed-data"] = source
    write_asked(source, key="embed-data", param="data")
    write_asked(encoder, key="embed-encoder", param="encoder")
    if encoder in ENCODERS:
        st.session_state["embed-encoder"] = encoder
    else:
        st.session_state["embed-encoder"], st.session_state["embed-folder"] = FOLDER, encoder


def show_list(source: str, encoder: str) -> None:
    """Args: source, encoder: the two that are shown already."""
    found = collect()
    if not found:
        return
    st.markdown(tr("##### Embeddings in this workspace"))
    for number, one in enumerate(found[:MOST]):
        show_one(one, number, is_open=(one["source"], one["encoder"]) == (source, encoder))
    if len(found) > MOST:
        st.caption(
            tr("The first {most} of {count}; `language embeddings` lists all.").format(
                most=MOST, count=len(found)
            )
        )


def show_one(one: dict[str, Any], number: int, *, is_open: bool) -> None:
    """One line; only the status of a running job refreshes, so a click on its button is not lost."""
    can_open = one["source"] and (one["encoder"] in ENCODERS or serves_this_machine_only())
    with st.container(border=True):
        name, status, button = st.columns((5, 3, 1.4), vertical_alignment="center")
        name.markdown(f"**{plain(one['title'])}** · {plain(encoder_title(one['encoder']))}")
        with status:
            st.fragment(run_every=POLL if one["status"] in AT_WORK else None)(show_status)(one)
        if is_open:
            button.caption(tr("Shown above"))
        elif can_open:
            button.button(
                tr("Open"),
                key=f"embed-open-{number}-{one['source']}-{one['encoder']}",
                icon=":material/open_in_full:",
                width="stretch",
                on_click=open_embedded,
                args=(one["source"], one["encoder"]),
                help=tr("Show it above, where it can be continued.")
                if one["status"] == "stopped"
                else tr("Show it above."),
            )


def show_status(one: dict[str, Any]) -> None:
    if one["status"] in AT_WORK:
        mine = (one["source"], one["encoder"])
        one = next((new for new in collect() if (new["source"], new["encoder"]) == mine), one)
    color, icon = BADGES[one["status"]]
    share = tr("{done} done.").format(done=percent(one["done"] / max(1, one["total"])))
    said = (
        tr("{total:,} texts, {said}").format(total=one["total"], said=recorded(one["said"]))
        if one["status"] == "finished"
        else join_sentences([share, recorded(one["said"])])
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(tr(one["status"]), color=color, icon=icon)
        st.caption(plain(said.strip()))
