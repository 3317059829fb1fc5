"""A choice stays, though a request that was on its way brings the address that the choice replaced."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext
from streamlit.testing.v1 import AppTest

from pages.parts.shared import address

SCRIPT = """
import streamlit as st
from pages.parts.shared.address import begin_address, end_address
from pages.parts.shared.choice import choose_asked

page = st.session_state.get("page", "one")
begin_address(page)
try:
    chosen = choose_asked(st, "Set", {"a": "A", "b": "B", "c": "C"}, key="set", param="data", default="a",
        refusal=str, writes=True)
    if st.checkbox("Further", key="further"):
        st.stop()
finally:
    end_address(page)
"""
# As a fragment runs alone, and as it runs within the whole page.
ALONE = """
import streamlit as st
from pages.parts.shared.address import own_address
from pages.parts.shared.choice import choose_asked

with own_address(st.session_state.get("page", "one")):
    chosen = choose_asked(st, "Set", {"a": "A", "b": "B", "c": "C"}, key="set", param="data", default="a",
        refusal=str, writes=True)
    if st.checkbox("Further", key="further"):
        st.stop()
"""
WITHIN = SCRIPT.replace(
    "import begin_address, end_address", "import begin_address, end_address, own_address"
).replace("    chosen =", "  with own_address(page):\n    chosen =")


@pytest.fixture(params=[SCRIPT, ALONE, WITHIN], ids=["page", "fragment", "both"])
def app(request: pytest.FixtureRequest) -> AppTest:
    made = AppTest.from_string(request.param)
    made.query_params["data"] = "a"
    made.run()
    made.selectbox(key="set").select("b").run()
    assert made.query_params["data"] == "b"
    return made


def test_what_was_sent_with_the_address_before_undoes_nothing(app: AppTest):
    app.query_params["data"] = "a"
    app.checkbox(key="further").check().run()
    assert app.selectbox(key="set").value == "b"
    assert app.query_params["data"] == "b"
    app.query_params["data"] = "a"  # and what was sent behind it
    app.run()
    assert app.selectbox(key="set").value == "b"
    assert app.checkbox(key="further").value


def test_a_name_that_stands_there_twice_stays_so(app: AppTest):
    app.query_params.update({"data": "a", "set": ["seed=1", "train.epochs=5"]})
    app.run()
    app.selectbox(key="set").select("c").run()
    app.query_params["data"] = "a"
    app.checkbox(key="further").check().run()
    assert app.query_params == {"data": "c", "set": ["seed=1", "train.epochs=5"]}


def test_another_address_is_a_wish_at_any_time(app: AppTest):
    app.query_params["data"] = "c"
    app.run()
    assert app.selectbox(key="set").value == "c"


def test_going_back_is_a_wish_however_soon(app: AppTest, monkeypatch: pytest.MonkeyPatch):
    """The browser says of a request that Back or Forward made it."""
    reset = ScriptRunContext.reset

    def by_history(context: ScriptRunContext, **request: Any) -> None:
        reset(context, **request | {"is_history_navigation": True})

    app.query_params["data"] = "a"
    with monkeypatch.context() as patch:
        patch.setattr(ScriptRunContext, "reset", by_history)
        app.run()
    for _ in range(2):  # and what was done next begins there
        assert app.selectbox(key="set").value == "a"
        assert app.query_params["data"] == "a"
        app.run()


def test_an_earlier_address_is_a_wish_after_a_while(app: AppTest, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(address, "STALE_SECONDS", 0.0)
    app.query_params["data"] = "a"
    app.run()
    assert app.selectbox(key="set").value == "a"


def test_another_page_has_its_own_address(app: AppTest):
    app.session_state["page"] = "two"
    app.query_params["data"] = "a"
    app.run()
    assert app.selectbox(key="set").value == "a"
