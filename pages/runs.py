"""Runs: every run of the workspace, newest first."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared.runlist import show_rows, show_undo
from pages.parts.shared.workspace import workspace
from selfsup_core.runs.folder import ACTIVE, DamagedRun, list_states, scan_runs

PAGE_SIZE = 20

st.title("Runs", anchor=False)
show_undo()


def show_list() -> None:
    states = list(scan_runs(workspace()))
    if not states:
        st.caption("No runs yet.")
        st.page_link("pages/home.py", label="Start one", icon=":material/home:")
        return
    active = sum(not isinstance(state, DamagedRun) and state["status"] in ACTIVE for state in states)
    count = "1 run" if len(states) == 1 else f"{len(states)} runs"
    st.caption(f"{count}, {active} at work or waiting.")
    pages = -(-len(states) // PAGE_SIZE)
    number = st.number_input("Page", 1, pages, 1, key="runs-page") if pages > 1 else 1
    show_rows(states[(number - 1) * PAGE_SIZE : number * PAGE_SIZE], where="runs")


is_busy = any(state["status"] in ACTIVE for state in list_states(workspace()))
st.fragment(run_every=2.0 if is_busy else None)(show_list)()
