"""Embed through AppTest: texts are shown before anything is done, and embeddings are found again in a fresh
session.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pages.parts.shared import routes
from selfsup_core.inspection.desk import Desk
from selfsup_core.inspection.subject import Subject
from tests.helpers import wait_for
from tests.models.tiny import tiny_bert
from tests.pages.test_pages import buttons, texts
from tests.tasks.classify_helpers import NAME, make_pets


@pytest.fixture
def desk(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    make_pets(workspace, 60)
    desk = Desk(workspace)
    monkeypatch.setattr(routes, "lab", lambda: desk)
    return desk


@pytest.fixture
def encoder(tmp_path: Path) -> str:
    return str(tiny_bert(tmp_path / "tiny-bert", head=False))


def ask(desk: Desk, tool: str, encoder: str):
    return desk.ask(Subject("embedding", NAME), tool, {"encoder": encoder}).about


def test_before_a_job_the_texts_and_what_will_happen_are_shown(studio, desk, workspace: Path):
    page = studio("pages/language.py", do="embed", data=NAME)
    assert len(page.dataframe[0].value) == 6
    assert "Each of the 60 texts becomes 384 numbers" in texts(page)
    assert "It takes about" in texts(page)
    assert "embed-start" in buttons(page)


def test_a_job_is_found_in_a_fresh_session_and_opened(studio, desk, encoder):
    with desk.embedding.turn:  # the job waits for its turn
        ask(desk, "start", encoder)
        page = studio("pages/language.py", do="embed")
        assert "Pets" in texts(page)
        assert "tiny-bert" in texts(page)
        (key,) = [key for key in buttons(page) if key.startswith("embed-open-")]
        buttons(page)[key].click().run()
        assert not page.exception
        assert page.text_input(key="embed-folder").value == encoder
        assert "embed-pause" in buttons(page)
        assert "Shown above" in texts(page)
    wait_for(lambda: ask(desk, "look", encoder)["ready"], "the end of the job")
    page = studio("pages/language.py", do="embed", data=NAME)
    (key,) = [key for key in buttons(page) if key.startswith("embed-open-")]
    buttons(page)[key].click().run()
    assert not page.exception
    assert page.get("plotly_chart"), "the map of what was embedded"
    (offered,) = [group for group in page.button_group if group.key == "embed-find-offer"]
    offered.set_value(0).run()
    assert page.text_input(key="embed-find").value
    assert len(page.dataframe) == 1


def test_a_shared_server_opens_no_folder(studio, desk, encoder, monkeypatch):
    ask(desk, "start", encoder)
    wait_for(lambda: ask(desk, "look", encoder)["ready"], "the end of the job")
    monkeypatch.setattr("streamlit.get_option", lambda name: "0.0.0.0")
    page = studio("pages/language.py", do="embed")
    assert "tiny-bert" in texts(page)
    assert not [key for key in buttons(page) if key.startswith("embed-open-")]
    assert encoder not in texts(page), "no path of the server is shown"
