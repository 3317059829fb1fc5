"""The Export panel of a run, and a packed run that is opened on the Runs page."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from pages.parts.shared import open_file
from selfsup_core.runs.folder import RunFolder, list_states
from selfsup_core.runs.pack import pack_run
from tests.helpers import make_run, run_here


@pytest.fixture
def finished(workspace: Path) -> RunFolder:
    folder = make_run(workspace, train__epochs=1)
    run_here(folder)
    return folder


def test_a_run_is_packed_on_its_page_and_opened_on_the_runs_page(studio, finished, tmp_path, monkeypatch):
    app = studio("pages/autoencoder.py", run=finished.id)
    app.session_state["take-away"] = True
    app.run()
    app.selectbox(key="take-away-what").select("pack").run()
    app.button(key="take-away-go").click().run()
    assert not app.exception
    assert not app.error
    assert any(f"The run {finished.id} is packed" in c.value for c in app.caption)
    assert app.get("download_button")

    pack_run(finished, tmp_path / "run.zip")
    other = tmp_path / "other"
    monkeypatch.setattr(open_file, "workspace", lambda: other)
    upload = io.BytesIO((tmp_path / "run.zip").read_bytes())
    upload.name = "run.zip"
    assert open_file.open_upload(upload).is_new
    assert [state["run"] for state in list_states(other)] == [finished.id]


def test_a_bad_upload_is_refused_in_words(studio, workspace):
    app = studio("pages/runs.py")
    app.file_uploader(key="run-file").upload("bad.zip", b"PK no", "application/zip").run()
    assert "bad.zip is not a whole ZIP file" in app.error[0].value
    assert not app.exception


def test_a_run_at_work_has_no_export_panel(studio, workspace):
    folder = make_run(workspace)
    app = studio("pages/autoencoder.py", run=folder.id)
    assert not [e for e in app.expander if e.label == "Export this run"]
