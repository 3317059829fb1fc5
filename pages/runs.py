"""Runs: every run of the workspace, newest first."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared.choice import refuse_param, take_text, write_text
from pages.parts.shared.forms import number_field
from pages.parts.shared.runlist import keep_fresh, show_deleted, show_rows
from pages.parts.shared.workspace import workspace
from selfsup_core.runs.folder import ACTIVE, DamagedRun, scan_runs
from selfsup_core.runs.short_runs import Listed, say_short, without_short
from selfsup_core.translation import tr, tr_later

PAGE_SIZE = 20
FEW = 6  # up to so many are found without a search
MOST_LETTERS = 100  # of a search
SHORT, SHOWN = "short", "shown"  # of the address
ID_LETTERS = 4  # of an id: a single digit occurs in almost every one

st.title(tr_later("Runs"), anchor=False)


def matches(state: Listed, words: list[str]) -> bool:
    """Whether every word occurs in the run's name, data, status or id."""
    if isinstance(state, DamagedRun):
        run, about = state.run, "damaged"
    else:
        run, about = (
            state["run"],
            " ".join((state["name"], state["source_title"], state["status"])).casefold(),
        )
    return all(word in about or (len(word) >= ID_LETTERS and word in run.casefold()) for word in words)


def show_list() -> None:
    states = list(scan_runs(workspace()))
    if not states:
        st.caption(tr("No runs yet."))
        st.page_link("pages/home.py", label=tr("Start one"), icon=":material/home:")
        return
    active = sum(not isinstance(state, DamagedRun) and state["status"] in ACTIVE for state in states)
    count = "1 run" if len(states) == 1 else tr("{count} runs").format(count=len(states))
    st.caption(tr("{count}, {active} running or queued.").format(count=count, active=active))
    if len(states) > FEW:
        take_text("search", key="runs-search")
        asked = st.text_input(
            tr("Search"),
            key="runs-search",
            placeholder=tr("Name, data set or status"),
            label_visibility="collapsed",
            max_chars=MOST_LETTERS,
        )
        write_text(asked, key="runs-search", param="search")
        states = [state for state in states if matches(state, asked.casefold().split())]
        if not states:
            st.caption(tr("No run matches this search."))
            return
    states = leave_out_short(states)
    pages = -(-len(states) // PAGE_SIZE)
    number = number_field(st, tr("Page"), 1, pages, 1, key="runs-page") if pages > 1 else 1
    show_rows(states[(number - 1) * PAGE_SIZE : number * PAGE_SIZE], where="runs")


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
        say_short(count), key=key, help=tr("The page of the run that they belong to compares them.")
    )
    write_text(SHOWN if is_on else "", key=key, param=SHORT)
    return list(states) if is_on else shown


keep_fresh(show_list)
show_deleted()
