"""Rerun the page, or open another part of it, without losing a click made in the meantime."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Literal, NoReturn

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.parts.shared.address import wish


def rerun(scope: Literal["app", "fragment"] = "app") -> NoReturn:
    """Like st.rerun(), but requests that the browser has sent in the meantime come first.

    A bare st.rerun() puts its own address in the place of the one that a waiting click has asked for, so that
    a link which was clicked while a part of the page ran does nothing. An element is a place where a waiting
    request is taken first.
    """
    st.empty()
    st.rerun(scope=scope)  # noqa: TID251 (the one place)


def link_here(label: str, *, icon: str, key: str, params: Mapping[str, str | list[str]]) -> None:
    """A button that opens another part of this page.

    A link to the page itself is lost when a part that runs by itself asks for something in the same moment:
    the later request brings the old address along. The click of a button is kept.

    In a part that runs by itself a click runs that part alone; the whole page is run after it.
    """
    is_clicked = st.button(label, key=key, icon=icon, type="tertiary", on_click=partial(wish, params))
    context = get_script_run_ctx()
    if is_clicked and context and context.fragment_ids_this_run:
        rerun()
