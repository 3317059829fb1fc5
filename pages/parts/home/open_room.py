"""How a room is opened: the command, the address that people then use, and what this machine carries.

It is not opened from here. The address to listen at, and the door that asks who somebody is, are set when a
server starts, and the server behind this page was started for one person.
"""

from __future__ import annotations

import psutil
import streamlit as st

from pages.parts.shared import carry, viewer
from pages.parts.shared.go import rerun
from pages.parts.shared.welcome import machine_addresses
from pages.parts.shared.workspace import acting, plain, serves_this_machine_only, show_refusal
from selfsup_core.errors import StudioError
from selfsup_core.places import APP
from selfsup_core.runs.access import app_token
from selfsup_core.runs.folder import default_workspace
from selfsup_core.runs.memory_left import memory
from selfsup_core.translation import tr
from selfsup_core.workers.measure import NotMeasured

FOUND = "room-carries"  # of the session: what was measured
GB = 1024**3


def show() -> None:
    """A folded part of Home for whoever runs the app on a machine of their own; nothing in a room."""
    if viewer.in_room():
        return
    with st.expander(tr("Open a room for a class"), icon=":material/groups:"):
        st.markdown(
            tr(
                "- People join with a code and a nickname, without a password. Each has "
                "their own workspace.\n"
                "- One queue shares this machine fairly, and you see everybody's runs on one wall.\n"
                "- Your own runs and data stay yours, and this workspace keeps the room for the next time."
            )
        )
        if serves_this_machine_only():
            st.markdown(
                tr(
                    "Only this machine can reach this app, and a running app cannot be "
                    "opened to others. End it "
                    "with Ctrl-C in its terminal (runs go on), then start it again with:"
                )
            )
        else:
            st.markdown(
                tr("End this app with Ctrl-C in its terminal (runs go on), then start it again with:")
            )
        st.code(command(), language="bash")
        st.markdown(where_people_go())
        show_machine()


def command() -> str:
    """What opens a room: in a checkout, and where the package was installed."""
    return "make room" if (APP / "Makefile").exists() else "selfsup app --room --address 0.0.0.0"


def where_people_go() -> str:
    """The addresses for others, as Markdown."""
    found = machine_addresses()
    if not found:
        return tr("This machine is in no network at the moment, so that nobody else can reach it.")
    shown = " or ".join(f"`http://{address}:{port()}`" for address in found[:2])
    return tr("People then open {shown} and enter the code that your terminal shows.").format(shown=shown)


def port() -> int:
    return int(st.get_option("server.port"))


def show_machine() -> None:
    """What this machine has, and on demand what it carries, as the room itself will measure it."""
    left, total = memory()
    cores = psutil.cpu_count() or 1
    st.caption(
        tr(
            "This machine has {cores} processor cores and {total:.1f} GB of memory, of which "
            "{left:.1f} GB are free."
        ).format(cores=cores, total=total / GB, left=left / GB)
    )
    if said := st.session_state.get(FOUND):
        st.markdown(plain(said))
    if st.button(
        tr("Measure what it carries"),
        icon=":material/speed:",
        key="room-measure",
        help=tr("Trains two small networks for about ten seconds. Runs at work make the result smaller."),
    ):
        with acting("open-room"), st.spinner(tr("Measuring …")):
            st.session_state[FOUND] = measured()
            rerun()
    show_refusal("open-room")


def measured() -> str:
    """What this machine carries, in one sentence. Raises StudioError: that could not be found out."""
    try:
        return carry.sentence(carry.find(port(), app_token(default_workspace())))
    except NotMeasured as error:
        raise StudioError(
            tr("What this machine carries could not be measured."),
            code="not-measured",
            remedy=tr("Try again when no run is training."),
        ) from error
