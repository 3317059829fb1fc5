"""The modes of a page: a row of choices that stands in the address, so that a link opens one; one that is not there is refused."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.parts.shared.choice import shorten
from pages.parts.shared.workspace import plain


def choose_mode(page: str, modes: dict[str, tuple[str, str, Callable[[], None]]]) -> None:
    """Show the choice and what was chosen.

    Args:
        page: prefix of the session's keys. modes: name → (title, icon, what shows it); the first is the default.
    """
    written, key = f"{page}-do", f"{page}-mode"
    # The address is a wish when it says other than what this page wrote there: a link, or a person.
    wanted = st.query_params.get("do", "")
    # Without the widget's own state a person has come back to this page: the address alone knows the mode.
    if wanted and (wanted != st.session_state.get(written) or key not in st.session_state):
        st.session_state[written] = wanted
        st.session_state[key] = wanted if wanted in modes else None
    st.session_state.setdefault(key, next(iter(modes)))
    if st.session_state[key] is None:
        st.error(
            f"There is no mode {plain(repr(shorten(wanted)))} here. Choose one of those below.",
            icon=":material/error:",
        )
    mode = st.segmented_control(
        "What to do",
        list(modes),
        required=True,
        label_visibility="collapsed",
        key=key,
        format_func=lambda name: f"{modes[name][1]} {modes[name][0]}",
    )
    if mode is None:
        return  # nothing takes the place of what was asked for
    st.query_params["do"] = st.session_state[written] = mode
    modes[mode][2]()
