"""The invitation to the tour; once it was seen or put aside, a quiet button that repeats it."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import routes
from pages.parts.shared.live import assets_path, base_path, component
from pages.parts.shared.tour import tour

invite = component("selfsup_invite", "header/invite.js")


def show_invite() -> None:
    if not routes.is_mounted or st.session_state.get("header-failed"):
        return
    result = invite(
        key="invite",
        data={"assets": assets_path(), "base": base_path(), "tour": tour()},
        on_failed_change=lambda: None,
    )
    if result.failed:
        st.session_state["header-failed"] = result.failed
