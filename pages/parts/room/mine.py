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
from selfsup_core.translation import tr

SECONDS = 3.0


def show(me: Viewer) -> None:
    st.markdown(say_place(me))
    if not me.resume and st.button(tr("Sign out"), icon=":material/logout:", key="room-sign-out"):
        st.logout()
    st.caption(
        tr("{say_space} Your runs and data are yours: of the others only the teacher sees them.").format(
            say_space=say_space(me)
        )
    )
    st.fragment(run_every=SECONDS)(draw)()


def say_place(me: Viewer) -> str:
    """Who they are, and how they come back on another device, as Markdown."""
    if not me.resume:
        return tr("You are **{nickname}**. Signing in with the same account brings you back here.").format(
            nickname=plain(me.nickname)
        )
    return tr(
        "You are **{nickname}**, resume code **{shown_code}**: with this nickname and "
        "code another device brings you back here."
    ).format(nickname=plain(me.nickname), shown_code=shown_code(me.resume))


def say_space(me: Viewer) -> str:
    """How much of their disk space they use."""
    used, allowed = used_bytes(me.workspace) / MB, (allowed_bytes(me.workspace) or 0) / MB
    return tr("You use {used:,.0f} of {allowed:,.0f} MB of disk.").format(used=used, allowed=allowed)


def draw() -> None:
    """What the teacher shows and asks, drawn again by itself."""
    me = viewer.here()
    if viewer.access and viewer.access.room:
        voting.show(viewer.access.room, me)
        spotlight.show(viewer.access.room)
