"""What a click was refused stays to be read, though its part of the page runs again by itself, until the next
click.
"""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.language.models import shorten
from pages.parts.shared import routes, runlist
from selfsup_core.errors import RunError, SettingError
from selfsup_core.inspection.answer import Answer
from tests.helpers import ROOT, make_run, run_here
from tests.pages.test_pages import buttons, texts


def test_a_refused_click_in_a_list_is_said_until_the_next_one(studio, workspace, monkeypatch):
    first, second = make_run(workspace), make_run(workspace)
    run_here(first)
    run_here(second)

    def refuse(folder):
        raise RunError(f"{folder.id} is held by another program.", remedy="Close it.")

    app = studio("pages/runs.py")
    with monkeypatch.context() as patch:
        patch.setattr(runlist, "delete", refuse)
        buttons(app)[f"delete-runs-{first.id}"].click().run()
    assert "is held by another program" in texts(app)
    app.run()  # as the list does by itself every two seconds
    assert "is held by another program" in texts(app)
    buttons(app)[f"delete-runs-{second.id}"].click().run()
    assert "is held by another program" not in texts(app)


@pytest.mark.parametrize(("before", "is_kept"), [("Home", True), ("Runs", False)])
def test_it_does_not_wait_for_whoever_comes_back_to_the_page(studio, before, is_kept):
    studio()  # the workspace of this test
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.session_state["page-shown"] = before
    app.session_state["refused"] = ("runs-1", "It is held by another program.")
    app.run()
    assert ("refused" in app.session_state) == is_kept


def test_a_model_that_cannot_be_loaded_is_not_loaded_again_unasked(studio, monkeypatch):
    asked = []

    class Damaged:
        def ask(self, subject, tool, values):
            asked.append(values)
            if "wait" in values:  # the page's own question; the others come once a second
                return Answer(about={"state": "loading", "said": "Reading.", "seconds": 1.0})
            raise SettingError("The model is damaged.", remedy="Fetch it again.")

    monkeypatch.setattr(routes, "lab", Damaged)
    app = studio("pages/language.py")
    count = len([values for values in asked if "wait" not in values])
    assert "The model is damaged." in texts(app)
    app.run()
    assert "The model is damaged." in texts(app)
    assert len([values for values in asked if "wait" not in values]) == count
    buttons(app)["language-again"].click().run()
    assert len([values for values in asked if "wait" not in values]) == count + 1


@pytest.mark.parametrize(("is_alone", "shown"), [(True, "{}/runs/a"), (False, "{name}/runs/a")])
def test_the_files_of_a_model_are_where_they_are(workspace, monkeypatch, is_alone, shown):
    monkeypatch.setenv("SELFSUP_WORKSPACE", str(workspace))
    monkeypatch.setattr("pages.parts.language.models.serves_this_machine_only", lambda: is_alone)
    assert shorten(str(workspace / "runs" / "a")) == shown.format(workspace, name=workspace.name)
    beside = workspace.with_name(workspace.name + "-2") / "gpt"
    assert shorten(str(beside)) == (str(beside) if is_alone else "gpt")
