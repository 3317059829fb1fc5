"""The run in the spotlight on the whole stage: everybody may watch it, until the teacher ends it."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import routes, viewer
from pages.parts.shared.go import link_here, rerun
from pages.parts.shared.live import assets_path, base_path, stage
from pages.parts.shared.standing import draw_figures
from pages.parts.shared.workspace import acting, errors_shown, plain
from selfsup_core.room import spotlight
from selfsup_core.room.store import Room
from selfsup_core.runs.folder import RunFolder, read_state
from selfsup_core.runs.recipes import list_presets
from selfsup_core.translation import tr

ADDRESS = {"do": "watch"}  # of the Room page
SECONDS = 2.0  # within which the page notices that the teacher has ended it, or shows another run


def is_asked() -> bool:
    return st.query_params.get("do") == ADDRESS["do"]


def show(room: Room) -> None:
    """The stage; a sentence where no run is shown, and the stage by itself as soon as there is one."""
    on = spotlight.in_spotlight(room)
    st.fragment(run_every=SECONDS)(look_again)(room, on and on[1].path)
    link_here(tr("Back to the room"), icon=":material/arrow_back:", key="watch-back", params={})
    if on is None:
        st.info(tr("The teacher shows no run at the moment."), icon=":material/highlight_off:")
        return
    with errors_shown():
        show_words(room, *on)
        if routes.is_mounted and not st.session_state.get("stage_failed"):
            show_stage(room, on[1])
        else:
            draw_figures(on[1])


def look_again(room: Room, shown: object) -> None:
    """Draw the page again when another run is in the spotlight than the one that is shown, or none."""
    on = spotlight.in_spotlight(room)
    if (on and on[1].path) != shown:
        rerun()


def show_words(room: Room, nickname: str, folder: RunFolder) -> None:
    """Whose run it is and what it learns from; the stage itself names the run."""
    state = read_state(folder)
    preset = list_presets("").get(state["preset"])
    recipe = f"{preset['title']} · " if preset else ""
    st.markdown(tr("##### In the spotlight: {nickname}").format(nickname=plain(nickname)))
    st.caption(
        plain(
            tr("{recipe}{source_title} · {parameters:,} parameters").format(
                recipe=recipe, source_title=state["source_title"], parameters=state["parameters"]
            )
        )
    )
    me = viewer.here()
    if me.is_teacher:
        if st.button(tr("End the spotlight"), icon=":material/highlight_off:", key="watch-end"):
            with acting("room"):
                spotlight.take_off(room)
                rerun()
    elif me.workspace == folder.workspace:
        st.caption(tr("This is your run: everybody in the room can watch it until the teacher ends it."))


@st.fragment
def show_stage(room: Room, folder: RunFolder) -> None:
    """The same stage as on the page of the run, without what steers, asks or starts."""
    result = stage(
        key=f"watch-{folder.workspace.name}-{folder.id}",
        data={
            "base": f"{base_path()}{routes.BASE}{routes.SPOTLIGHT}",
            "assets": assets_path(),
            "run": folder.id,
            "token": spotlight.watch_token(room, folder),
            "epoch": None,
            "task": read_state(folder).get("task", "autoencoder"),
            "beside": "",
            "isWatched": True,
        },
        default={"status": None},
        on_status_change=lambda: None,
        on_failed_change=lambda: None,
    )
    if result.failed:
        st.session_state["stage_failed"] = result.failed
        rerun()
