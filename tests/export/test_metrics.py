"""Metrics as tables and the training as a moving picture, each read again and compared."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from pyarrow import parquet

from selfsup_core.errors import RunError, SettingError, StudioError
from selfsup_core.export import animation
from selfsup_core.export.animation import write_animation
from selfsup_core.export.metrics import metric_columns, write_metrics
from selfsup_core.runs.folder import RunFolder, read_rows
from selfsup_core.runs.thinned import list_frames
from tests.helpers import make_run, run_here


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = make_run(tmp_path_factory.mktemp("metrics") / "workspace")
    run_here(folder)
    return folder


def test_tables_hold_the_numbers_of_the_run(finished: RunFolder, tmp_path: Path):
    write_metrics(finished, tmp_path / "m.csv")
    write_metrics(finished, tmp_path / "m.parquet")
    with open(tmp_path / "m.csv", encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    table = parquet.read_table(tmp_path / "m.parquet").to_pydict()
    rows = [row for row in read_rows(finished.metrics) if row["kind"] == "epoch"]
    assert list(table)[:3] == ["epoch", "step", "seconds"]
    assert [row["epoch"] for row in rows] == table["epoch"] == [0, 1, 2, 3]
    for line, row, loss in zip(lines, rows, table["val_loss"], strict=True):
        assert float(line["val_loss"]) == row["val_loss"] == loss
    assert lines[0]["train_loss"] == "", "epoch 0 has not been trained"


def test_without_epochs_there_is_no_table(workspace: Path, tmp_path: Path):
    with pytest.raises(RunError, match="No epoch of the run"):
        metric_columns(make_run(workspace))
    with pytest.raises(SettingError, match="csv or parquet"):
        write_metrics(make_run(workspace), tmp_path / "m.xlsx")


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_the_picture_moves_through_the_epochs(finished: RunFolder, tmp_path: Path, kind: str):
    path = tmp_path / f"a.{kind}"
    assert write_animation(finished, path).startswith("4 epochs")
    with Image.open(path) as picture:
        assert picture.n_frames == len(list_frames(finished.frames)) == 4
        first = picture.convert("RGB").tobytes()
        picture.seek(3)
        assert picture.convert("RGB").tobytes() != first
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_long_runs_are_thinned_and_other_names_refused(finished: RunFolder, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(animation, "MOST_FRAMES", 2)
    assert write_animation(finished, tmp_path / "a.gif").startswith("3 epochs")
    with pytest.raises(SettingError, match="gif, webp, webm, mp4"):
        write_animation(finished, tmp_path / "a.avi")


@pytest.mark.parametrize("kind", ["webm", "mp4"])
def test_a_video_shows_the_pictures_of_the_epochs(finished: RunFolder, tmp_path: Path, kind: str):
    """Decoded again: as many frames, and the pictures that were drawn, up to what the encoder loses."""
    path = tmp_path / f"a.{kind}"
    assert write_animation(finished, path).startswith("4 epochs")
    with av.open(path) as file:
        assert file.streams.video[0].codec_context.name in ("vp9", "libvpx-vp9", "h264")
        shown = [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
    drawn = [np.asarray(picture, np.float32) for picture in animation.draw_epochs(finished)]
    hold = -(-animation.LAST // animation.MILLISECONDS)
    assert len(shown) == len(drawn) - 1 + hold
    for at, picture in zip((0, 1, 2, -1), drawn, strict=True):
        height, width = picture.shape[:2]
        assert np.abs(shown[at][:height, :width] - picture).mean() < 4
    assert np.abs(shown[0].astype(int) - shown[-1]).mean() > 1, "another epoch is another picture"
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_without_its_package_a_video_is_refused_in_words(finished: RunFolder, tmp_path: Path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(StudioError, match=r"package av.*requirements-video\.txt"):
        write_animation(finished, tmp_path / "a.webm")
    assert not list(tmp_path.iterdir())
