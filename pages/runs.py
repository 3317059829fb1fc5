"""Runs: every run of the workspace, newest first."""

from __future__ import annotations

import streamlit as st

from pages.parts.runs.listed import NEWEST, SORTS, matches, sort_runs
from pages.parts.runs.ticked import show_actions, show_tick
from pages.parts.shared.choice import refuse_param, take_text, write_text
from pages.parts.shared.forms import number_field
from pages.parts.shared.open_file import show_open_file
from pages.parts.shared.runlist import keep_fresh, show_deleted, show_rows
from pages.parts.shared.workspace import guard, workspace
from selfsup_core.runs.folder import ACTIVE, DamagedRun, scan_runs
from selfsup_core.runs.short_runs import Listed, say_short, without_short
from selfsup_core.translation import tr
from selfsup_core.wording import counted

PAGE_SIZE = 20
FEW = 6  # up to so many are found without a search
MOST_LETTERS = 100  # of a search
SHORT, SHOWN, SORT = "short", "shown", "sort"  # of the address

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
    everything = list(scan_runs(workspace()))
    states: list[Listed] = everything
    if not states:
        st.caption(tr("No runs yet."))
        st.page_link("pages/home.py", label=tr("Start one"), icon=":material/home:")
        return
    active = sum(not isinstance(state, DamagedRun) and state["status"] in ACTIVE for state in states)
    runs = counted(len(states), "run")
    st.caption(tr("{runs}, {active} running or queued.").format(runs=runs, active=active))
    if len(states) > FEW:
        take_text("search", key="runs-search")
        asked = st.text_input(
            tr("Search"),
            key="runs-search",
            placeholder=tr("Name, data set, status, note or #tag"),
            label_visibility="collapsed",
            max_chars=MOST_LETTERS,
        )
        write_text(asked, key="runs-search", param="search")
        states = [state for state in states if matches(state, asked.casefold().split())]
        if not states:
            st.caption(tr("No run matches this search."))
            return
    states = choose_order(leave_out_short(states))
    show_actions(everything)
    pages = -(-len(states) // PAGE_SIZE)
    number = number_field(st, tr("Page"), 1, pages, 1, key="runs-page") if pages > 1 else 1
    show_rows(states[(number - 1) * PAGE_SIZE : number * PAGE_SIZE], where="runs", tick=show_tick)


def choose_order(states: list[Listed]) -> list[Listed]:
    """Sorted as the address says; with few runs there is nothing to choose."""
    if len(states) <= FEW and not st.query_params.get(SORT):
        return states
    if refuse_param(SORT, tuple(SORTS)):
        return states
    take_text(SORT, key="runs-order")
    st.session_state["runs-order"] = st.session_state["runs-order"] or NEWEST
    order = st.selectbox(
        tr("Order"),
        list(SORTS),
        key="runs-order",
        format_func=lambda name: SORTS[name],
        label_visibility="collapsed",
    )
    write_text("" if order == NEWEST else order, key="runs-order", param=SORT)
    return sort_runs(states, order)


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
