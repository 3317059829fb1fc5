"""Room: the teacher's wall; for everybody else their place, the run in the spotlight and the question."""

from __future__ import annotations

import streamlit as st

from pages.parts.room import mine, wall, watch
from pages.parts.shared import viewer
from pages.parts.shared.workspace import guard
from selfsup_core.translation import tr

guard()
st.title(tr("Room"), anchor=False)
room = viewer.access.room if viewer.access else None
if room is None:
    st.info(
        tr(
            "There is no room. `make room` or `python server.py --room` opens one: people "
            "join with a code and a "
            "nickname, each with a workspace of their own."
        ),
        icon=":material/groups:",
    )
elif watch.is_asked() and viewer.here():
    watch.show(room)
elif viewer.here().is_teacher:
    wall.show()
else:
    mine.show(viewer.here())
