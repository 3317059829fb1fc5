"""The one run that the teacher shows to everybody."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared.go import rerun
from pages.parts.shared.runlist import describe_best, look
from pages.parts.shared.workspace import STATUS_STYLE, acting, errors_shown, plain
from selfsup_core.figures.standing import loss_figure
from selfsup_core.room import wall
from selfsup_core.room.store import Room
from selfsup_core.runs.folder import read_rows, read_state
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.translation import tr


def show_switch(room: Room, live: wall.Live) -> None:
    """Put a person's run into the spotlight, or take it out again."""
    on = wall.in_spotlight(room)
    is_on = bool(on and live.folder and on[1] == live.folder)
    if is_on:
        if st.button(tr("End the spotlight"), icon=":material/highlight_off:", key="room-spotlight-off"):
            with acting("room"):
                wall.take_off(room)
                rerun()
    elif st.button(
        tr("Spotlight"),
        icon=":material/highlight:",
        key="room-spotlight",
        disabled=live.folder is None,
        help=tr("Everybody sees this run, with the nickname, on their Room page."),
    ):
        with acting("room"):
            assert live.folder is not None
            wall.put_on(room, live.person["id"], live.folder.id)
            rerun()


def show(room: Room) -> None:
    """The run in the spotlight; nothing where there is none."""
    with errors_shown():
        on = wall.in_spotlight(room)
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
            st.badge(state["status"], color=color, icon=icon)
            left, right = st.columns(2)
            left.html(look(str(folder.path), state["epoch"], state["task"]) or "<span></span>")
            left.caption(describe_best(state, (state["best"] or {}).get("val_loss")))
            rows = epoch_rows(read_rows(folder.metrics))
            if rows:
                right.plotly_chart(loss_figure(rows, state["epoch"], None), key="room-spotlight-loss")
