"""After a run on views: did it help, and which augmentation helps, one at a time."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared.choice import refuse_asked, shorten, take_asked, write_asked
from pages.parts.shared.go import rerun
from pages.parts.views.ablation import show_ablation
from pages.parts.views.benefit import show_benefit
from selfsup_core.runs.folder import ACTIVE, RunFolder, RunState, read_state
from selfsup_core.translation import tr, tr_later

PARAM = "next"
NEXT = {
    "help": (tr_later("Did it help?"), ":material/balance:", show_benefit),
    "augment": (tr_later("Which augmentation helps?"), ":material/query_stats:", show_ablation),
}
POLL = 2.0


def show_after(folder: RunFolder) -> None:
    """What can be asked of a run; the address keeps which question is open."""
    asked, key = st.query_params.get(PARAM, ""), "views-next"
    if not take_asked(asked, key=key, known=NEXT):
        refuse_asked(PARAM, tr("There is no question {asked!r} here.").format(asked=shorten(asked)))
    chosen = st.segmented_control(
        tr("What next"),
        list(NEXT),
        key=key,
        label_visibility="collapsed",
        format_func=lambda name: f"{NEXT[name][1]} {NEXT[name][0]}",
    )
    if chosen:
        write_asked(chosen, key=key, param=PARAM)
    elif asked in NEXT:
        st.query_params.pop(PARAM, None)
    for name in NEXT:
        # Each has its own place, and that of the other is emptied at once. In one place the rest of the other
        # would stay, with buttons that do something else, until the page has run to its end, and a comparison
        # that is started before that takes seconds to begin.
        if name != chosen:
            st.empty()
            continue
        with st.container(key=f"next-{name}"):
            show_when_ended(folder, name)


def show_when_ended(folder: RunFolder, chosen: str) -> None:
    """The question; while the run is on, that it has to end first."""
    state: RunState = read_state(folder)
    if state["status"] not in ACTIVE:
        NEXT[chosen][2](folder, state)
        return

    @st.fragment(run_every=POLL)
    def wait() -> None:
        if read_state(folder)["status"] not in ACTIVE:
            rerun()
        st.caption(tr("This can be asked once the run has ended."))

    wait()
