"""The sweeps of the workspace, newest first."""

from __future__ import annotations

import streamlit as st

from pages.parts.runs.sweep_shown import PARAM, delete_button, show_status
from pages.parts.shared.go import link_here
from pages.parts.shared.workspace import age, errors_shown, plain, show_refusal, workspace
from selfsup_core.errors import StudioError
from selfsup_core.runs.sweeps.folder import SweepFolder, list_sweeps
from selfsup_core.runs.sweeps.results import read_sweep
from selfsup_core.runs.sweeps.words import say_best, say_progress
from selfsup_core.translation import tr

SHOWN = 20
REFRESH = 5.0


@st.fragment(run_every=REFRESH)
def show_list() -> None:
    found = list_sweeps(workspace())
    if not found:
        return
    st.subheader(tr("Sweeps so far"), anchor=False)
    with errors_shown():
        for folder in found[:SHOWN]:
            show_one(folder)
    if len(found) > SHOWN:
        st.caption(tr("{count} older ones: `sweep list` shows them.").format(count=len(found) - SHOWN))


def show_one(folder: SweepFolder) -> None:
    with st.container(border=True):
        about, buttons = st.columns((9, 1), vertical_alignment="center")
        try:
            sweep = read_sweep(folder)
        except StudioError as error:
            about.markdown(f"**{plain(folder.id)}**")
            about.caption(plain(error.message))
            with buttons:
                delete_button(folder, "listed", is_active=False)
            show_refusal(f"listed-{folder.id}")
            return
        with about.container(horizontal=True, vertical_alignment="center"):
            link_here(
                sweep["name"] or folder.id,
                icon=":material/tune:",
                key=f"open-sweep-{folder.id}",
                params={PARAM: folder.id},
            )
            show_status(sweep)
        said = say_best(sweep) or say_progress(sweep)
        varied = ", ".join(tr(title) for title in sweep["paths"].values())
        about.caption(plain(f"{varied} · {age(sweep['created'])} · {said}"))
        with buttons:
            delete_button(folder, "listed", is_active=sweep["status"] == "running")
        show_refusal(f"listed-{folder.id}")
