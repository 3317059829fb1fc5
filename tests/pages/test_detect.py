"""The page Scenarios, mode Detection, through AppTest."""

from __future__ import annotations

from selfsup_core.runs.folder import list_states
from tests.pages.test_pages import buttons, texts
from tests.tasks.detect_helpers import NAME, make_data

PAGE = "pages/scenarios.py"


def test_boxes_are_hidden_and_a_run_starts(studio, workspace):
    make_data(workspace)
    page = studio(PAGE, do="detect", data=NAME)
    assert page.segmented_control[0].value == "detect"
    main = [w for w in [*page.selectbox, *page.number_input, *page.button] if w.key.startswith("detect-")]
    assert main
    assert all(w.help for w in main)
    assert "a heat map of their centers" in texts(page)
    known = page.number_input(key=f"scenarios-known-detect-emoji-{NAME}")
    assert known.value == 5.0
    known.set_value(50.0).run()
    assert "24 of 48 training rows show their answer" in texts(page)
    buttons(page)["detect-train"].click().run()
    assert not page.exception
    (state,) = list_states(workspace)
    assert (state["task"], state["source"]) == ("detect", NAME)
    assert (page.query_params["run"], page.query_params["do"]) == (state["run"], "detect")


def test_data_without_boxes_are_refused_in_words(studio):
    page = studio(PAGE, do="detect", data="newsgroups")
    assert "Detection takes pictures with boxes." in texts(page)
