"""Runs: every run of the workspace, newest first."""

from __future__ import annotations

import streamlit as st

from pages.parts.runs.filters import say_none, take_page, take_wanted
from pages.parts.runs.ticked import show_actions, show_tick
from pages.parts.shared.choice import refuse_param, write_text
from pages.parts.shared.open_file import show_open_file
from pages.parts.shared.runlist import keep_fresh, show_deleted, show_rows
from pages.parts.shared.workspace import guard, workspace
from selfsup_core.runs.disk import disk_use
from selfsup_core.runs.folder import ACTIVE, DamagedRun, scan_runs
from selfsup_core.runs.short_runs import Listed, say_short, without_short
from selfsup_core.translation import tr
from selfsup_core.wording import counted

SHORT, SHOWN = "short", "shown"  # of the address

guard()
with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(tr("Runs"), anchor=False, width="content")
    st.page_link(
        "pages/sweep.py",
        label=tr("Sweep"),
        icon=":material/tune:",
        help=tr("Train one recipe with many values of some settings"),
        width="content",
    )


def show_list() -> None:
    everything: list[Listed] = list(scan_runs(workspace()))
    if not everything:
        st.caption(tr("No runs yet."))
        st.page_link("pages/home.py", label=tr("Start one"), icon=":material/home:")
        return
    active = sum(not isinstance(state, DamagedRun) and state["status"] in ACTIVE for state in everything)
    st.caption(
        tr("{count}, {active} running or queued, {disk}.").format(
            count=counted(len(everything), "run"), active=active, disk=disk_use(workspace()).say()
        )
    )
    wanted = take_wanted(everything)
    if wanted is None:
        return
    matching = wanted.select(everything)
    if not matching:
        say_none()
        return
    if len(matching) < len(everything):
        st.caption(tr("Found: {count}.").format(count=counted(len(matching), "run")))
    found = leave_out_short(matching)
    show_actions(everything)
    show_rows(take_page(found, wanted), where="runs", tick=show_tick)


def leave_out_short(states: list[Listed]) -> list[Listed]:
    """Without the short runs of comparisons, unless the switch that says how many there are is on."""
    shown, count = without_short(states)
    if not count:
        return states
    if refuse_param(SHORT, (SHOWN,)):
        return shown
    key = "runs-short"
    asked, mark = st.query_params.get(SHORT, ""), f"{key}-taken"
    if st.session_state.get(mark) != asked or key not in st.session_state:
        st.session_state[key] = asked == SHOWN
    is_on = st.toggle(
        say_short(count),
        key=key,
        help=tr("The page Sweep, or that of the run that they belong to, compares them."),
    )
    write_text(SHOWN if is_on else "", key=key, param=SHORT)
    return list(states) if is_on else shown


keep_fresh(show_list)
show_deleted()
show_open_file()
