"""“Use on new files” below a run: what is uploaded goes through its network, and comes back as a ZIP."""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from pathlib import Path

import pytest

from pages.parts.shared import routes
from selfsup_core.data.sources import open_source
from selfsup_core.inspection.desk import Desk
from tests.helpers import make_run, run_here


@pytest.fixture
def page(studio, workspace: Path, monkeypatch):
    folder = make_run(workspace, train__epochs=1)
    run_here(folder)
    desk = Desk(workspace)
    monkeypatch.setattr(routes, "lab", lambda: desk)
    app = studio("pages/autoencoder.py", run=folder.id)
    app.session_state["use-run"] = True
    return app.run()


def wines(rows: int) -> bytes:
    with tempfile.TemporaryDirectory() as place:
        data = open_source("wine", Path(place))
    lines = [",".join(data.columns), *(",".join(f"{v}" for v in row) for row in data.x[:rows])]
    return "\n".join(lines).encode()


def test_rows_of_a_file_go_through_the_network(page):
    page.file_uploader(key="use-run-files-table").set_value([("new.csv", wines(3), "text/csv")]).run()
    assert not page.exception
    assert not page.error
    table = next(frame.value for frame in page.dataframe if "Anomaly score" in frame.value)
    assert list(table["Sample"]) == [f"new.csv, row {number}" for number in (1, 2, 3)]
    assert any("3 samples through the weights of epoch 1" in caption.value for caption in page.caption)
    with zipfile.ZipFile(io.BytesIO(page.session_state["use-run-made"][1]["zip"])) as archive:
        assert archive.namelist() == ["predictions.csv", "codes.csv", "reconstructions.csv"]
        lines = list(csv.DictReader(io.StringIO(archive.read("predictions.csv").decode())))
    assert [float(line["anomaly score"]) for line in lines] == pytest.approx(list(table["Anomaly score"]))


def test_rubbish_is_refused_in_words_and_another_file_is_read(page):
    uploader = page.file_uploader(key="use-run-files-table")
    uploader.set_value([("new.csv", b"a,b\nx,y\n", "text/csv")]).run()
    assert "new.csv lacks the column" in page.error[0].value
    assert not page.exception
    page.file_uploader(key="use-run-files-table").set_value([("b.csv", wines(1), "text/csv")]).run()
    assert not page.error
    assert any("Anomaly score" in frame.value for frame in page.dataframe)
