"""The one run that the teacher shows to everybody: the teacher's switch, and the card on the Room page."""

from __future__ import annotations

import streamlit as st

from pages.parts.room.watch import ADDRESS
from pages.parts.shared import viewer
from pages.parts.shared.go import link_here, rerun
from pages.parts.shared.runlist import describe_best, look
from pages.parts.shared.workspace import STATUS_STYLE, acting, errors_shown, plain
from selfsup_core.figures.standing import loss_figure
from selfsup_core.room import spotlight, wall
from selfsup_core.room.store import Room
from selfsup_core.runs.folder import read_rows, read_state
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.translation import tr


def show_switch(room: Room, live: wall.Live) -> None:
    """Put a person's run into the spotlight."""
    on = spotlight.in_spotlight(room)
    is_on = bool(on and live.folder and on[1] == live.folder)
    if st.button(
        tr("Spotlight"),
        icon=":material/highlight:",
        key="room-spotlight",
        disabled=live.folder is None or is_on,
        help=tr("Everybody can watch this run, with the nickname, until you end the spotlight."),
    ):
        with acting("person"):
            assert live.folder is not None
            spotlight.put_on(room, live.person["id"], live.folder.id)
            rerun()


def show_on(room: Room) -> None:
    """For the teacher, whoever is chosen below: what is in the spotlight, its stage, and the end of it."""
    on = spotlight.in_spotlight(room)
    if on is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="room-on"):
        st.markdown(
            tr(":material/highlight: In the spotlight: **{on}**").format(on=plain(on[0])), width="content"
        )
        link_here(tr("Open the stage"), icon=":material/slideshow:", key="room-watch-wall", params=ADDRESS)
        if st.button(tr("End the spotlight"), icon=":material/highlight_off:", key="room-spotlight-off"):
            with acting("room"):
                spotlight.take_off(room)
                rerun()


def show(room: Room) -> None:
    """The run in the spotlight; nothing where there is none."""
    with errors_shown():
        on = spotlight.in_spotlight(room)
        if on is None:
            return
        nickname, folder = on
        state = read_state(folder)
        color, icon = STATUS_STYLE[state["status"]]
        with st.container(border=True, key="room-spotlight-run"):
            st.markdown(
                tr("**In the spotlight: {nickname}** · {value}").format(
                    nickname=plain(nickname), value=plain(state["name"] or state["run"])
                )
            )
            if viewer.here().workspace == folder.workspace:
                st.caption(
                    tr("This is your run: everybody in the room can watch it until the teacher ends it.")
                )
            with st.container(horizontal=True, vertical_alignment="center"):
                st.badge(state["status"], color=color, icon=icon)
                link_here(tr("Open the stage"), icon=":material/slideshow:", key="room-watch", params=ADDRESS)
            left, right = st.columns(2)
            left.html(look(str(folder.path), state["epoch"], state["task"]) or "<span></span>")
            left.caption(describe_best(state, (state["best"] or {}).get("val_loss")))
            rows = epoch_rows(read_rows(folder.metrics))
            if rows:
                right.plotly_chart(loss_figure(rows, state["epoch"], None), key="room-spotlight-loss")


def announce() -> None:
    """On every other page, for participants: one click leads to the run that the teacher shows."""
    room = viewer.access.room if viewer.access else None
    if room is None or viewer.here().is_teacher:
        return
    with errors_shown():
        if on := spotlight.in_spotlight(room):
            st.page_link(
                "pages/room.py",
                label=tr("The teacher shows a run of **{on}**: watch it").format(on=plain(on[0])),
                icon=":material/slideshow:",
                query_params=ADDRESS,
            )
