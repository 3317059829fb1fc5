"""A page that fails after the code was changed says so; any other failure is left as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.shared import updated
from tests.helpers import ROOT


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(updated, "ROOT", tmp_path)
    monkeypatch.setattr(updated, "CORE", tmp_path / "selfsup_core")
    for name in ("app.py", "pages/home.py", "selfsup_core/errors.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("old = 1\n", "utf-8")
    return tmp_path


@pytest.mark.parametrize("changed", ["app.py", "pages/home.py", "selfsup_core/new.py"])
def test_changed_and_new_files_are_noticed(code: Path, changed: str, monkeypatch: pytest.MonkeyPatch):
    begun, said = updated.code_state(), []
    monkeypatch.setattr("streamlit.error", lambda text, **_: said.append(text))
    assert not updated.explain_updated(begun), "nothing was changed, so the failure is another one"
    (code / changed).write_text("new = 12\n", "utf-8")
    assert updated.explain_updated(begun)
    assert said == [updated.UPDATED]


def test_it_is_said_on_the_page():
    def page() -> None:
        from pages.parts.shared.updated import explain_updated

        explain_updated({})

    app = AppTest.from_function(page).run()
    assert "Restart it" in app.error[0].value


def test_the_server_asks_it():
    assert "on_script_error" in (ROOT / "server.py").read_text("utf-8")
