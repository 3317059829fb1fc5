"""The teacher's wall: the code in large type, what everybody's runs do, and what can be done with them."""

from __future__ import annotations

import html

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.parts.room import asking, spotlight
from pages.parts.shared import routes, upload_store, viewer
from pages.parts.shared.go import rerun
from pages.parts.shared.runlist import look
from pages.parts.shared.welcome import with_code
from pages.parts.shared.workspace import acting, errors_shown, plain, show_refusal
from selfsup_core.export.csv_file import csv_bytes
from selfsup_core.inspection.client import stop_lab
from selfsup_core.room import wall
from selfsup_core.room.line import say_briefly
from selfsup_core.room.people import Person, shown_code
from selfsup_core.room.store import Room, RoomAbout
from selfsup_core.runs.state import RunState
from selfsup_core.shared import label_of
from selfsup_core.translation import tr
from selfsup_core.wording import counted
from selfsup_core.workers.supervisor import ensure_supervisor, supervisor_info

SECONDS = 2.0  # after which the wall is drawn again
CERTAIN = "delete"
STATES = {
    "queued": "waiting",
    "starting": "starting",
    "running": "running",
    "paused": "paused",
    "finished": "finished",
    "stopped": "stopped",
    "failed": "failed",
    "interrupted": "interrupted",
}
STUCK = "stuck"


def show() -> None:
    """The whole page; `viewer.here()` is the teacher."""
    room = the_room()
    about = room.read()
    show_way_in(about)
    show_buttons(room, about)
    spotlight.show_on(room)
    st.fragment(run_every=SECONDS)(draw_wall)()
    st.fragment(run_every=SECONDS)(draw_person)()
    asking.show(room)


def the_room() -> Room:
    """The room that this server serves; asked for by the teacher only."""
    viewer.here().require_teacher()
    assert viewer.access is not None and viewer.access.room is not None  # noqa: PT018
    return viewer.access.room


def show_way_in(about: RoomAbout) -> None:
    """Code and address, to be read from the last row of a classroom."""
    addresses = viewer.access.shared if viewer.access else []
    code = shown_code(about["code"])
    is_by_code = viewer.access is None or viewer.access.login is None
    shown = about["code"] if is_by_code else ""
    lines = "".join(f"<p>{html.escape(with_code(one, shown))}</p>" for one in addresses[:2])
    way = f"<div><span>Code</span><strong>{code}</strong></div>" if is_by_code else ""
    st.html(f'<div class="room-way-in">{way}{lines}</div>')
    if not is_by_code:
        st.caption(tr("People join by signing in with their account."))
    if viewer.access and viewer.access.carries:
        st.caption(plain(viewer.access.carries))


def show_buttons(room: Room, about: RoomAbout) -> None:
    with st.container(horizontal=True, key="room-buttons"):
        if about["is_paused"]:
            if st.button(tr("Resume all"), icon=":material/play_arrow:", key="room-resume", type="primary"):
                act(room, wall.resume_all)
        elif st.button(
            tr("Pause all"),
            icon=":material/pause:",
            key="room-pause",
            help=tr("Pauses every run at work, and nothing begins until you resume."),
        ):
            act(room, wall.pause_all)
        st.download_button(
            tr("Results"),
            csv_bytes(*wall.results(room)),
            "results.csv",
            "text/csv",
            key="room-results",
            icon=":material/download:",
            help=tr("All runs of all people as CSV."),
            on_click="ignore",
        )
        with st.popover(tr("Reset"), icon=":material/restart_alt:"):
            st.markdown(tr("Stops everything that works or waits. People, and what they have trained, stay."))
            if st.button(tr("Stop all runs"), key="room-reset"):
                act(room, wall.reset)
        with st.popover(tr("Delete everything"), icon=":material/delete_forever:"):
            show_delete(room)
    show_refusal("room")


def act(room: Room, do: wall.Act) -> None:
    with acting("room"):
        do(room)
        ensure_supervisor(room.host)
        rerun()


def show_delete(room: Room) -> None:
    """Everybody's data, runs and nicknames, after a word that nobody types by accident."""
    st.markdown(
        tr(
            "Deletes all nicknames, data and runs of everybody in the room. Your own workspace stays. "
            "This cannot be undone."
        )
    )
    typed = st.text_input(tr("Type “{word}”").format(word=CERTAIN), key="room-certain", max_chars=20)
    if st.button(
        tr("Delete everything"),
        key="room-delete",
        type="primary",
        disabled=typed.strip().lower() != CERTAIN,
    ):
        with acting("room"):
            assert viewer.access is not None
            wall.delete_all(room)
            forget()
            room.open(viewer.access.capacity, viewer.access.disk_mb)
            st.session_state.pop("room-certain", None)
            rerun()


def forget() -> None:
    """Take what this process and its helpers still hold of people that are gone."""
    room = the_room()
    for role in ("lab", "maps"):
        stop_lab(room.host, role)
    routes.live_runs.cache_clear()
    st.cache_data.clear()
    store, context = upload_store.installed(), get_script_run_ctx()
    for session in store.arrivals.sessions_held() if store and context else ():
        if context and store and session != context.session_id:
            store.arrivals.drop_session(session)


def draw_wall() -> None:
    """Everybody's newest run, as one piece of HTML: thirty cards cost one message."""
    room = the_room()
    with errors_shown():
        lives = wall.overview(room)
        if not lives:
            st.caption(tr("Nobody has joined yet."))
            return
        about = supervisor_info(room.host)
        silent = set(about["silent"]) if about else set()
        at_work = sum(bool(one.state and one.state["status"] in ("starting", "running")) for one in lives)
        waiting = sum(one.waiting for one in lives)
        st.caption(
            tr("{count}, {at_work} training, {waiting} waiting.").format(
                count=counted(len(lives), "person", "people"), at_work=at_work, waiting=waiting
            )
        )
        st.html('<div class="room-wall">' + "".join(card(room, one, silent) for one in lives) + "</div>")


def card(room: Room, live: wall.Live, silent: set[str]) -> str:
    """A person's card. Every text in it is escaped: names are anybody's."""
    name = html.escape(live.person["nickname"])
    if live.state is None or live.folder is None:
        return f'<section class="room-card"><h3>{name}</h3><p class="room-none">no run yet</p></section>'
    state = live.state
    word = (
        STUCK
        if label_of(room.host, live.folder.workspace, live.folder.id) in silent
        else STATES[state["status"]]
    )
    loss = "" if live.loss is None else tr("loss {loss:.4f}").format(loss=live.loss)
    more = (
        tr(", {waiting} waiting").format(waiting=live.waiting)
        if live.waiting and state["status"] != "queued"
        else ""
    )
    place = say_briefly(live.folder) if state["status"] == "queued" else ""
    picture = (
        look(str(live.folder.path), state["epoch"], state["task"])
        or '<span class="room-none">no map yet</span>'
    )
    return (
        f'<section class="room-card room-{word}"><h3>{name}</h3>'
        f'<p class="room-run">{html.escape(state["name"] or state["run"])}</p>{picture}'
        f'<p><span class="room-word">{word}</span> {how_far(state)}{more}</p><p>{loss or place}</p></section>'
    )


def how_far(state: RunState) -> str:
    unit = "round" if state["task"] == "pseudo" else "epoch"
    return tr("{unit} {epoch} of {epochs}").format(unit=unit, epoch=state["epoch"], epochs=state["epochs"])


def draw_person() -> None:
    """What can be done for one of the people, drawn again by itself: they join, and their runs begin."""
    room = the_room()
    with errors_shown():
        people = room.read()["people"]
        if people:
            with st.container(border=True, key="room-person"):
                show_person(room, people)


def show_person(room: Room, people: list[Person]) -> None:
    names = {person["id"]: person["nickname"] for person in people}
    chosen = st.selectbox(tr("Person"), list(names), format_func=lambda one: names[one], key="room-chosen")
    person = next(one for one in people if one["id"] == chosen)
    live = wall.look_at(room, person)
    with st.container(horizontal=True, vertical_alignment="center"):
        spotlight.show_switch(room, live)
        if not person.get("login"):
            with st.popover(tr("Resume code"), icon=":material/key:"):
                st.markdown(
                    tr(
                        "On another device {nickname} enters the room's code, this "
                        "nickname and **{shown_code}**."
                    ).format(nickname=plain(person["nickname"]), shown_code=shown_code(person["resume"]))
                )
        with st.popover(tr("Remove"), icon=":material/person_remove:"):
            st.markdown(
                tr("Deletes {nickname} with all data and runs.").format(nickname=plain(person["nickname"]))
            )
            if st.button(tr("Remove for good"), key="room-remove"):
                with acting("person"):
                    wall.remove(room, person["id"])
                    rerun()
    show_refusal("person")
