"""A click that comes while the page runs is not lost."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest


def page(how: str) -> None:
    """While it runs, the browser asks for another address, and then the page asks to be run again."""
    import streamlit as st
    from streamlit.runtime.scriptrunner import get_script_run_ctx
    from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

    from pages.parts.shared.go import rerun

    if not st.session_state.get("has-run"):
        st.session_state["has-run"] = True
        context = get_script_run_ctx()
        context.script_requests.request_rerun(
            RerunData(query_string="do=use", page_script_hash=context.page_script_hash)
        )
        rerun() if how == "ours" else st.rerun()  # noqa: TID251 (what is compared)
    st.text(st.query_params.get("do", "nothing"))


@pytest.mark.parametrize(("how", "shown"), [("ours", "use"), ("streamlit's", "nothing")])
def test_an_address_that_was_clicked_meanwhile_is_opened(how, shown):
    """The second case says why this is ours; when it fails, Streamlit keeps the click itself."""
    app = AppTest.from_function(page, args=(how,)).run()
    assert not app.exception
    assert app.text[0].value == shown


def link_page() -> None:
    import streamlit as st

    from pages.parts.shared.go import link_here

    st.text(" ".join(f"{k}={v}" for k, v in st.query_params.items()))
    link_here("Use it", icon=":material/link:", key="use", params={"do": "use", "run": "a"})


def test_a_link_to_the_same_page_sets_its_address():
    app = AppTest.from_function(link_page)
    app.query_params["do"] = "train"
    app.query_params["epoch"] = "3"
    app.run().button(key="use").click().run()
    assert app.text[0].value == "do=use run=a"
