"""The modes of a page: a row of choices that stands in the address, so that a link opens one."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.parts.shared.workspace import plain


def choose_mode(page: str, modes: dict[str, tuple[str, str, Callable[[], None]]]) -> None:
    """Show the choice and what was chosen.

    Args:
        page: prefix of the session's keys. modes: name → (title, icon, what shows it); the first is the default.
    """
    written, key = f"{page}-do", f"{page}-mode"
    # An address other than the one that this page wrote is a request: a link, or typed by a person.
    wanted = st.query_params.get("do", "")
    # Without widget state, a person has returned to this page: the mode is in the address.
    if wanted in modes and (wanted != st.session_state.get(written) or key not in st.session_state):
        st.session_state[key] = wanted
    elif wanted and wanted not in modes:
        st.error(
            f"There is no mode {plain(repr(wanted))} here. Known: {', '.join(modes)}.",
            icon=":material/error:",
        )
    st.session_state.setdefault(key, next(iter(modes)))
    mode = st.segmented_control(
        "What to do",
        list(modes),
        required=True,
        label_visibility="collapsed",
        key=key,
        format_func=lambda name: f"{modes[name][1]} {modes[name][0]}",
    )
    st.query_params["do"] = st.session_state[written] = mode
    modes[mode][2]()
