"""What a participant sees of the room: their own place, the run in the spotlight, and the question."""

from __future__ import annotations

import streamlit as st

from pages.parts.room import spotlight, voting
from pages.parts.shared import viewer
from pages.parts.shared.workspace import plain
from selfsup_core.room.people import shown_code
from selfsup_core.room.viewer import Viewer

SECONDS = 3.0


def show(me: Viewer) -> None:
    show_place(me)
    st.fragment(run_every=SECONDS)(draw)()


def show_place(me: Viewer) -> None:
    """Who they are, and how they come back on another device."""
    st.markdown(
        f"You are **{plain(me.nickname)}**, resume code **{shown_code(me.resume)}**. To go on with another "
        "device, open the same address there and enter the room's code, this nickname and the resume code."
    )
    st.caption("Your runs and data are yours: of the others only the teacher sees them.")


def draw() -> None:
    """What the teacher shows and asks, drawn again by itself."""
    me = viewer.here()
    if viewer.access and viewer.access.room:
        voting.show(viewer.access.room, me)
        spotlight.show(viewer.access.room)
