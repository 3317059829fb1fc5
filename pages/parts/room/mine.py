"""What a participant sees of the room: their own place, the run in the spotlight, and the question."""

from __future__ import annotations

import streamlit as st

from pages.parts.room import spotlight, voting
from pages.parts.shared import viewer
from pages.parts.shared.workspace import plain
from selfsup_core.data.quota import allowed_bytes, used_bytes
from selfsup_core.files import MB
from selfsup_core.room.people import shown_code
from selfsup_core.room.viewer import Viewer

SECONDS = 3.0


def show(me: Viewer) -> None:
    st.markdown(say_place(me))
    if not me.resume and st.button("Sign out", icon=":material/logout:", key="room-sign-out"):
        st.logout()
    st.caption(f"{say_space(me)} Your runs and data are yours: of the others only the teacher sees them.")
    st.fragment(run_every=SECONDS)(draw)()


def say_place(me: Viewer) -> str:
    """Who they are, and how they come back on another device, as Markdown."""
    if not me.resume:
        return f"You are **{plain(me.nickname)}**. Signing in with the same account brings you back here."
    return (
        f"You are **{plain(me.nickname)}**, resume code **{shown_code(me.resume)}**: with this nickname and "
        "code another device brings you back here."
    )


def say_space(me: Viewer) -> str:
    """How much of their disk space they use."""
    used, allowed = used_bytes(me.workspace) / MB, (allowed_bytes(me.workspace) or 0) / MB
    return f"You use {used:,.0f} of {allowed:,.0f} MB of disk."


def draw() -> None:
    """What the teacher shows and asks, drawn again by itself."""
    me = viewer.here()
    if viewer.access and viewer.access.room:
        voting.show(viewer.access.room, me)
        spotlight.show(viewer.access.room)
