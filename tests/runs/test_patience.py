"""What takes its time in a run: it shows signs of life, says what it does, heeds a stop, and the first epoch
is not kept waiting.
"""

from __future__ import annotations

import io
import threading
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.library.own import import_files
from selfsup_core.files import read_json
from selfsup_core.runs.control import send
from selfsup_core.runs.folder import RunFolder, read_rows
from selfsup_core.runs.queue import resume, withdraw
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.tasks.autoencoder import AutoencoderTask
from tests.helpers import (
    frame_bytes,
    last_tensors,
    make_run,
    rows_without_times,
    run_here,
    same,
    wait_for,
)

pytestmark = pytest.mark.serial
LONG = 60.0
STOP_SECONDS = 2.0


class Gate:
    """Holds a method of a task up until it is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        self.opened = threading.Event()
        real = getattr(AutoencoderTask, name)

        def slow(*arguments):
            self.opened.wait(LONG)
            return real(*arguments)

        monkeypatch.setattr(AutoencoderTask, name, slow)


def run_beside(folder: RunFolder) -> threading.Thread:
    thread = threading.Thread(target=run_here, args=(folder,), daemon=True)
    thread.start()
    return thread


def wait_message(folder: RunFolder, text: str):
    return wait_for(lambda: text in read_json(folder.state)["message"], f"{text!r}", 30)


def stop(folder: RunFolder, thread: threading.Thread) -> dict:
    began = time.monotonic()
    send(folder, "stop")
    thread.join(LONG)
    assert time.monotonic() - began < STOP_SECONDS
    state = read_json(folder.state)
    assert (state["status"], state["stop_reason"]) == ("stopped", "stopped by hand")
    return state


@pytest.mark.parametrize(
    ("method", "message"),
    [("__init__", "Loading the data"), ("write_static", "samples"), ("look", "Evaluating")],
)
def test_before_the_first_step_it_beats_says_what_it_does_and_stops(
    workspace: Path, monkeypatch, method: str, message: str
):
    gate = Gate(monkeypatch, method)
    folder = make_run(workspace)
    thread = run_beside(folder)
    wait_message(folder, message)
    beat = read_json(folder.state)["beat"]
    wait_for(lambda: read_json(folder.state)["beat"] > beat, "a beat", 5)
    state = stop(folder, thread)
    assert state["epoch"] == 0
    gate.opened.set()


def test_a_slow_baseline_keeps_nobody_waiting_and_a_stop_in_it_loses_nothing(workspace: Path, monkeypatch):
    whole = make_run(workspace, name="whole")
    assert run_here(whole)["baseline"]["pca_components"] == 4
    gate = Gate(monkeypatch, "baseline")
    folder = make_run(workspace, name="stopped")
    thread = run_beside(folder)
    wait_message(folder, "PCA baseline")
    assert [r["epoch"] for r in read_rows(folder.metrics) if r["kind"] == "epoch"] == [0, 1]
    assert (folder.frames / "000001.safetensors").exists()
    beat = read_json(folder.state)["beat"]
    wait_for(lambda: read_json(folder.state)["beat"] > beat + 1, "two beats", 8)
    state = stop(folder, thread)
    assert (state["epoch"], state["baseline"]) == (1, None)
    gate.opened.set()
    resume(folder)
    assert withdraw(folder)
    state = run_here(folder)
    assert (state["status"], state["message"]) == ("finished", "")
    assert state["baseline"] == read_json(whole.state)["baseline"]
    assert rows_without_times(folder) == rows_without_times(whole)
    assert same(last_tensors(folder), last_tensors(whole))
    assert frame_bytes(folder) == frame_bytes(whole)


def test_a_failing_baseline_fails_the_run_with_its_cause(workspace: Path, monkeypatch):
    def fail(self):
        raise ValueError("no baseline")

    monkeypatch.setattr(AutoencoderTask, "baseline", fail)
    state = run_here(make_run(workspace))
    assert state["status"] == "failed"
    assert "no baseline" in state["error"]["message"]


def zip_of_color(path: Path, count: int) -> Path:
    draw = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(count):
            picture = Image.fromarray(draw.integers(0, 256, (8, 8, 3), dtype=np.uint8))
            buffer = io.BytesIO()
            picture.resize((64, 64), Image.Resampling.BICUBIC).save(buffer, "PNG")
            archive.writestr(f"{('cat', 'dog')[i % 2]}/{i}.png", buffer.getvalue())
    return path


@pytest.mark.parametrize("count", [42, 600])
def test_own_color_photos_train(workspace: Path, tmp_path: Path, count: int):
    name = import_files(
        workspace, [zip_of_color(tmp_path / "Pets.zip", count)], ImportConfig(size=64, color="color")
    )
    values = {"data.source": name, "train.epochs": 2, "train.device": "cpu", "train.threads": 1}
    folder = make_run(workspace, preset_spec("dense-64-32-16", values))
    began = time.monotonic()
    state = run_here(folder)
    assert time.monotonic() - began < 30
    assert (state["status"], state["epoch"]) == ("finished", 2)
    assert state["baseline"]["pca_components"] == 16
    first = next(r for r in read_rows(folder.metrics) if r["kind"] == "epoch" and r["epoch"] == 1)
    assert first["seconds"] < 15
