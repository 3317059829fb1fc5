"""The modes of a page: a row of choices that stands in the address, so that a link opens one; one that is not
there is refused.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.parts.shared.address import whole_address
from pages.parts.shared.asked import OF_A_FORM
from pages.parts.shared.choice import shorten, take_asked, write_asked
from pages.parts.shared.workspace import plain
from selfsup_core.translation import tr


def choose_mode(page: str, modes: dict[str, tuple[str, str, Callable[[], None]]]) -> None:
    """Show the choice and what was chosen.

    Args:
        page: prefix of the session's keys. modes: name → (title, icon, what shows it); the first is the
        default.
    """
    key, wanted = f"{page}-mode", st.query_params.get("do", "")
    is_there = take_asked(wanted, key=key, known=modes)
    st.session_state.setdefault(key, next(iter(modes)))
    if not is_there:
        st.error(
            tr("There is no mode {wanted} here. Choose one of those below.").format(
                wanted=plain(repr(shorten(wanted)))
            ),
            icon=":material/error:",
        )
    mode = st.segmented_control(
        tr("What to do"),
        list(modes),
        required=True,
        label_visibility="collapsed",
        key=key,
        format_func=lambda name: f"{modes[name][1]} {modes[name][0]}",
    )
    if mode is None:
        return  # nothing takes the place of what was asked for
    if wanted and wanted != mode:  # settings of a new run are those of one mode
        kept = {name: said for name, said in whole_address().items() if name not in OF_A_FORM}
        st.query_params.from_dict(kept | {"do": [mode]})
    write_asked(mode, key=key, param="do")
    modes[mode][2]()
