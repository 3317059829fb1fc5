"""The language of a session: of the address (`?lang=zh`), chosen in the header, or the browser's."""

from __future__ import annotations

import threading

import streamlit as st
from starlette.requests import HTTPConnection, Request
from streamlit.runtime.scriptrunner import get_script_run_ctx

from selfsup_core.translation import ENGLISH, known_languages

PARAM = "lang"
KEY = "language"  # of the session
COOKIE = "selfsup-language"  # what was chosen by hand; the header writes it
NAMES = {"en": "English", "zh": "简体中文"}

# Of a thread: the run of a page that it works for, and the language of that session. A look into the session
# for each message would take longer than the message.
_seen = threading.local()


def decide() -> str:
    """The language of this run of the page."""
    known = known_languages()
    asked = st.query_params.get(PARAM, "")
    if asked in known:
        st.session_state[KEY] = asked
    elif KEY not in st.session_state:
        chosen = st.context.cookies.get(COOKIE, "")
        st.session_state[KEY] = chosen if chosen in known else nearest(st.context.locale or "", known)
    code: str = st.session_state[KEY]
    return code


def nearest(locale: str, known: tuple[str, ...]) -> str:
    """The language of a browser, "zh-CN" → "zh"; English where there is no catalog for it."""
    code = locale.replace("_", "-").split("-")[0].lower()
    return code if code in known else ENGLISH


def session_language() -> str | None:
    """The language of the session whose page runs in this thread; None where none does."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return None
    if getattr(_seen, "context", None) is not context:
        _seen.context, _seen.code = context, ENGLISH  # while it is decided
        _seen.code = decide()
    code: str = _seen.code
    return code


def language_of(request: Request) -> str:
    """The language that a request of the stage asks for."""
    asked = request.query_params.get(PARAM, "")
    return asked if asked in known_languages() else ENGLISH


def language_of_visitor(connection: HTTPConnection) -> str:
    """The language of somebody whom no page knows yet: as `decide`, from what the browser sends."""
    first = connection.headers.get("accept-language", "").split(",")[0].partition(";")[0]
    for code in (connection.query_params.get(PARAM, ""), connection.cookies.get(COOKIE, "")):
        if code in known_languages():
            return code
    return nearest(first.strip(), known_languages())


def languages() -> list[dict[str, str]]:
    """Code of each language and what it calls itself, for a list to choose from."""
    return [{"code": code, "name": NAMES.get(code, code)} for code in known_languages()]
