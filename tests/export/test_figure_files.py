"""The figures of a run as files, each read again and compared with what was measured."""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from selfsup_core.errors import DataError, RunError, SettingError, StudioError
from selfsup_core.export import figure_files
from selfsup_core.export.figure_files import SCRIPT, write_figures
from selfsup_core.export.run_figures import draw_figures
from selfsup_core.figures.confusion import confusion_figure
from selfsup_core.runs.folder import RunFolder, read_rows
from selfsup_core.runs.frames import read_frame
from selfsup_core.runs.thinned import frame_path
from tests.helpers import make_run, run_here
from tests.tasks.classify_helpers import head_spec

NO_BROWSER = shutil.which("chromium") is None and shutil.which("google-chrome") is None


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = make_run(tmp_path_factory.mktemp("figures") / "workspace")
    run_here(folder)
    return folder


def data_of(page: str) -> list[dict]:
    """The traces that a page of plotly's holds."""
    found = re.search(r"Plotly\.newPlot\(\s*\"[^\"]+\",\s*(\[.*?\]),\s*\{", page, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_pages_hold_what_was_measured_and_fetch_nothing(finished: RunFolder, tmp_path: Path):
    said = write_figures(finished, tmp_path / "out", formats=["html"])
    assert (said.epoch, said.left_out) == (3, "")
    assert {"loss", "map", "reconstructions"} <= set(said.figures)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        [SCRIPT, *(f"{name}.html" for name in said.figures)]
    )
    page = (tmp_path / "out" / "loss.html").read_text("utf-8")
    rows = [row for row in read_rows(finished.metrics) if row["kind"] == "epoch"]
    training = next(trace for trace in data_of(page) if trace["name"] == "training")
    assert training["y"] == [row["train_loss"] for row in rows if row.get("train_loss") is not None]
    for path in (tmp_path / "out").glob("*.html"):
        text = path.read_text("utf-8")
        assert re.findall(r'<script[^>]*src="([^"]+)"', text) == [SCRIPT]
    with pytest.raises(DataError, match="already exists"):
        write_figures(finished, tmp_path / "out")
    assert not list(tmp_path.glob(".*"))


def test_another_epoch_has_another_map(finished: RunFolder):
    first, used = draw_figures(finished, 1)
    assert used == 1
    last, _ = draw_figures(finished)
    points = read_frame(frame_path(finished.frames, 1))["map"]
    shown = np.concatenate([np.asarray(trace.x) for trace in first["map"].data])
    assert sorted(shown) == pytest.approx(sorted(points[:, 0]))
    assert not np.array_equal(shown, np.concatenate([np.asarray(t.x) for t in last["map"].data]))


def test_a_classifier_shows_what_it_confuses_and_names_are_no_markup(workspace: Path, tmp_path: Path):
    folder = make_run(workspace, head_spec(train__epochs=1))
    run_here(folder)
    figures, used = draw_figures(folder)
    (heat,) = figures["confusion"].data
    assert np.array_equal(
        np.asarray(heat.customdata), read_frame(frame_path(folder.frames, used))["confusion"]
    )

    evil = "</script><script>alert(1)</script>"
    page = confusion_figure([evil, "b"], np.eye(2, dtype=int)).to_html(include_plotlyjs="directory")
    assert evil not in page
    assert "<script>alert" not in page


@pytest.mark.serial
@pytest.mark.skipif(NO_BROWSER, reason="no Chromium on this machine")
def test_pictures_show_the_figure(finished: RunFolder, tmp_path: Path, monkeypatch):
    """Two figures: a browser takes about a second for each of their files."""
    drawn, epoch = draw_figures(finished)
    two = {name: drawn[name] for name in ("loss", "reconstructions")}
    monkeypatch.setattr(figure_files, "draw_figures", lambda folder, wanted: (two, epoch))
    said = write_figures(finished, tmp_path / "out.zip", formats=["svg", "png"])
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert sorted(archive.namelist()) == sorted(f"{n}.{f}" for n in said.figures for f in ("svg", "png"))
        drawing = ET.fromstring(archive.read("loss.svg"))
        with Image.open(io.BytesIO(archive.read("reconstructions.png"))) as picture:
            pixels = np.asarray(picture.convert("RGB"))
    assert drawing.tag == "{http://www.w3.org/2000/svg}svg"
    words = " ".join(text for text in drawing.itertext() if text.strip())
    assert "training" in words
    assert "validation" in words
    source = two["reconstructions"]
    assert pixels.shape[:2] == (source.layout.height, source.layout.width)
    assert pixels.std() > 10, "a blank picture shows nothing"


def test_what_is_missing_is_said_and_pages_are_written_all_the_same(
    finished: RunFolder, tmp_path: Path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "kaleido", None)
    said = write_figures(finished, tmp_path / "all")
    assert said.formats == ["html"]
    assert "requirements-figures.txt" in said.say()
    with pytest.raises(StudioError, match="package kaleido"):
        write_figures(finished, tmp_path / "png", formats=["png"])
    with pytest.raises(SettingError, match="html, svg, png; found 'gif'"):
        write_figures(finished, tmp_path / "gif", formats=["gif"])
    with pytest.raises(RunError, match="has been measured"):
        draw_figures(make_run(finished.workspace))
    assert [path.name for path in tmp_path.iterdir()] == ["all"]
