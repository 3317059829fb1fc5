"""What can be asked of the map, one question at a time."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared.choice import shorten, take_asked, write_asked
from pages.parts.shared.workspace import errors_shown, plain
from pages.parts.space.ask import MapAsked
from pages.parts.space.panels.act import show_edit, show_export
from pages.parts.space.panels.compare import show_compare
from pages.parts.space.panels.groups import show_groups
from pages.parts.space.panels.search import show_search
from pages.parts.space.panels.selection import show_point, show_why
from pages.parts.space.panels.trust import show_trust
from selfsup_core.inspection.space.layouts import MapAndJob
from selfsup_core.translation import tr, tr_later


def show_panels(asked: MapAsked, about: MapAndJob, bits: str, source: str) -> None:
    """One question at a time."""
    wanted = st.query_params.get("panel", "")
    if not take_asked(wanted, key="space-panel", known=PANELS):
        st.error(
            tr("There is no panel {wanted}. Choose one of those below.").format(
                wanted=plain(repr(shorten(wanted)))
            ),
            icon=":material/error:",
        )
    st.session_state.setdefault("space-panel", st.session_state.pop(KEPT, None) or FIRST)
    chosen = st.pills(
        tr("Ask the map"),
        list(PANELS),
        key="space-panel",
        format_func=lambda n: f"{PANELS[n][1]} {tr(PANELS[n][0])}",
        label_visibility="collapsed",
    )
    if chosen is None and wanted and wanted not in PANELS:
        return
    chosen = chosen or FIRST
    if chosen != FIRST:
        write_asked(chosen, key="space-panel", param="panel")
    else:
        st.query_params.pop("panel", None)
    with errors_shown():
        PANELS[chosen][2](asked, about, bits, source)


def keep_panel() -> None:
    """While no panels are shown: the session forgets what no widget of it is drawn for."""
    if "space-panel" in st.session_state:
        st.session_state[KEPT] = st.session_state["space-panel"]


KEPT = "space-panel-kept"  # of the session: the panel that was open before a map was drawn
FIRST = "why"
PANELS = {
    "why": (tr_later("Why together?"), ":material/help:", show_why),
    "point": (tr_later("A point"), ":material/adjust:", show_point),
    "search": (tr_later("Search"), ":material/search:", show_search),
    "groups": (tr_later("Groups"), ":material/workspaces:", show_groups),
    "trust": (tr_later("Can I trust this map?"), ":material/verified:", show_trust),
    "compare": (tr_later("Compare"), ":material/splitscreen_right:", show_compare),
    "edit": (tr_later("Edit labels"), ":material/label:", show_edit),
    "act": (tr_later("Export"), ":material/ios_share:", show_export),
}
