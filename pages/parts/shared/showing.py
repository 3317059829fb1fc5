"""How pages are shown: in presenter's mode, and with which controls hidden.

    ?present=1&hide=advanced,data

The address says it, and the session keeps it while one goes from page to page, as it keeps an open lesson.
Hidden controls are there and count; they are only not seen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from pages.parts.shared.address import is_wish, whole_address, wish
from pages.parts.shared.choice import refuse_asked
from selfsup_core.errors import SettingError
from selfsup_core.lessons.link import BETWEEN, HIDDEN, read_hidden, read_present
from selfsup_core.places import ASSETS
from selfsup_core.translation import tr

T = TypeVar("T")
PRESENT, HIDE = "present", "hide"  # of the address
KEPT = "showing-"  # of the session, before one of these names


def column_with(*keys: str) -> str:
    """The column of a new run's controls that holds a widget whose key begins so."""
    held = ", ".join(f'[class*="st-key-{key}"]' for key in keys)
    return f'.st-key-new-run [data-testid="stColumn"]:has({held})'


# Group of controls → where they are.
PLACES = {
    "pages": '[data-testid="stTopNav"], [data-testid="stExpandSidebarButton"], [data-testid="stSidebar"]',
    "modes": '[class*="-mode"]:has(> [data-testid="stButtonGroup"]), [class*="-mode"] [role="radiogroup"]',
    "settings": ".st-key-new-run",
    "data": column_with("data-", "classify-data", "pseudo-data", "lm-data", "views-data"),
    "model": column_with("network", "classify-preset", "pseudo-preset", "lm-preset", "views-preset"),
    "epochs": column_with("epochs-", "classify-epochs", "pseudo-epochs", "lm-epochs", "views-epochs"),
    "advanced": column_with("advanced-open"),
    "tools": ".lab",
}


def follow_address() -> None:
    """Before a page: show it as the address asks, or say why not."""
    if take(PRESENT, read_present, default=False):
        st.html(ASSETS / "present.css")
    if hidden := take(HIDE, read_hidden, default=()):
        places = ", ".join(PLACES[name] for name in hidden)
        st.html(f"<style>{places} {{ display: none !important }}</style>")
        show_hidden(hidden)


def show_hidden(hidden: tuple[str, ...]) -> None:
    """Say that controls are hidden, and show them on a click."""
    titles = ", ".join(tr(HIDDEN[name]) for name in hidden)
    with st.container(horizontal=True, vertical_alignment="center", key="hidden-note"):
        st.caption(
            tr(":material/visibility_off: Hidden on this page: {titles}.").format(titles=titles),
            width="content",
        )
        st.button(
            tr("Show all controls"),
            key="show-hidden",
            type="tertiary",
            icon=":material/visibility:",
            on_click=show_all,
        )


def take(name: str, read: Callable[[str], T], *, default: T) -> T:
    """What the address says, or the session where it says nothing."""
    if name not in st.query_params:
        kept: T = st.session_state.get(KEPT + name, default)
        return kept
    try:
        found = read(st.query_params[name])
    except SettingError as error:
        st.session_state.pop(KEPT + name, None)
        refuse_asked(name, str(error))
        return default
    st.session_state[KEPT + name] = found
    return found


def is_presenting() -> bool:
    return bool(st.session_state.get(KEPT + PRESENT, False))


def kept() -> dict[str, list[str]]:
    """What the address says of it."""
    said = {PRESENT: ["1"]} if is_presenting() else {}
    hidden = st.session_state.get(KEPT + HIDE, ())
    return said | ({HIDE: [BETWEEN.join(hidden)]} if hidden else {})


def keep() -> None:
    """After a page: links between pages lose what the address says; Back and Forward keep it as it is."""
    now = whole_address() | kept()
    if not is_wish() and now != whole_address():
        st.query_params.from_dict(now)


def change(name: str, value: object) -> None:
    """Of a click: show pages so from now on."""
    st.session_state[KEPT + name] = value
    wish({key: said for key, said in whole_address().items() if key != name} | kept())


def show_all() -> None:
    change(HIDE, ())


def present(*, on: bool) -> None:
    change(PRESENT, on)
