"""Keep the address that a page has written, though a request on its way brings the one before it.

A browser sends its address along with every request. What a person or a component does before the browser has
heard of a new address still carries the old one, which would undo the choice that made it new. Back and
Forward bring an address of before, too, and mean it: of their requests the browser says so.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

STALE_SECONDS = 1.5  # afterwards an earlier address is a wish, whoever asks for it
LAST, REPLACED, BEGAN, WISH = "address-last", "address-replaced", "address-began", "address-wish"
# Whether the whole page runs in this thread; not kept in the session, where st.stop() would leave it.
running = threading.local()


def whole_address() -> dict[str, list[str]]:
    """Name → all that the address says of it: a name may stand there more than once."""
    return {name: list(st.query_params.get_all(name)) for name in st.query_params}


def wish(params: Mapping[str, str | list[str]]) -> None:
    """Go to an address of this page, as a link does: also to the one that was there a moment ago."""
    st.query_params.from_dict(dict(params))
    st.session_state[WISH] = True


def is_wish() -> bool:
    """Whether the page runs because someone has asked for its address: by a link, or by Back or Forward."""
    context = get_script_run_ctx()
    return bool(st.session_state.get(WISH, False) or (context and context.is_history_navigation))


def begin_address(page: str) -> None:
    """Put the newest address back where a request brought the one that it has just replaced.

    Args:
        page: whose address it is; that of another page is never put back.
    """
    now = whole_address()
    last_page, last = st.session_state.get(LAST, (page, now))
    replaced = [
        (old, at) for old, at in st.session_state.get(REPLACED, []) if time.monotonic() - at < STALE_SECONDS
    ]
    if last_page != page or is_wish():
        replaced = []
    elif now != last:
        if any(now == old for old, _ in replaced):
            st.query_params.from_dict(last)
            now = last
        else:
            replaced.append((last, time.monotonic()))
    st.session_state[REPLACED], st.session_state[BEGAN] = replaced, now
    running.page = page


def end_address(page: str) -> None:
    """Remember the address that the page has left, and the one that it began with."""
    running.page = ""
    now, began = whole_address(), st.session_state[BEGAN]
    if now != began:
        st.session_state[REPLACED].append((began, time.monotonic()))
    st.session_state[LAST] = (page, now)
    st.session_state.pop(WISH, None)


@contextmanager
def own_address(page: str) -> Iterator[None]:
    """Around a fragment that reads the address: where it runs alone, the same is done for it."""
    if getattr(running, "page", ""):
        yield
        return
    begin_address(page)
    try:
        yield
    finally:
        end_address(page)
