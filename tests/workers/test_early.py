"""Frames in the middle of the first epoch: few, the same after a kill, and without a trace in the
training.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from selfsup_core.data.dataset import Dataset, save_dataset
from selfsup_core.data.texts import Texts
from selfsup_core.evaluate.glance import EARLY_STEPS, choose_early, choose_points, is_watchable
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.frames import FrameStore, read_about, read_frame
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.spec import RunSpec, make_spec
from selfsup_core.runs.thinned import early_path, frame_path, list_early, list_frames
from selfsup_core.workers.live import LiveRuns
from tests.helpers import (
    frame_bytes,
    kill_and_resume,
    last_tensors,
    make_run,
    rows_without_times,
    run_here,
    same,
    tiny_spec,
)
from tests.tasks.classify_helpers import head_spec, make_pets, text_spec
from tests.tasks.test_pseudo import make_table
from tests.tasks.test_pseudo import spec_of as pseudo_spec

STEPS = {2, 4}  # of the five of an epoch, or more


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "selfsup_core.workers.session.choose_early", lambda glance, epoch: STEPS if glance else set()
    )
    monkeypatch.setattr("selfsup_core.workers.session.is_watchable", lambda *args: True)


def make_text(workspace: Path) -> None:
    details = {"rows": 1, "shape": [], "is_running": True}
    x = Texts.pack(["the cat sat on the mat and the dog sat on the log. " * 60])
    dataset = Dataset(id="my-text", kind="text", title="Cats", x=x, details=details)
    save_dataset(dataset, workspace / "datasets" / "my-text")


def spec_of(task: str, workspace: Path) -> RunSpec:
    """One of each task, the smallest that has an epoch of more than four steps."""
    if task == "autoencoder":
        return tiny_spec()
    if task == "classify":
        return head_spec(train__batch_size=16)
    if task == "fine-tuned":
        make_pets(workspace)
        return text_spec(workspace, train__steps_per_epoch=5)
    if task in ("pseudo", "fixmatch"):
        make_table(workspace, "my-clouds")
        method = {"objective__method": "fixmatch"} if task == "fixmatch" else {}
        return pseudo_spec(train__epochs=2, **method)
    make_text(workspace)
    small = {"data.source": "my-text", "model.layers": 1, "model.heads": 2, "model.width": 16}
    small |= {"model.context": 16, "train.steps_per_epoch": 6, "train.batch_size": 8, "frames.written": 20}
    more = {"train.epochs": 2, "train.device": "cpu", "train.threads": 1}
    return preset_spec(task, small | more)


TASKS = ("autoencoder", "classify", "fine-tuned", "pseudo", "fixmatch", "gpt-characters", "masked-text")


def early(folder: RunFolder) -> dict[str, dict[str, bytes]]:
    return {name: arrays for name, arrays in frame_bytes(folder).items() if "-" in name}


def test_as_many_steps_are_looked_at_as_cost_a_twentieth_of_an_epoch():
    assert choose_early(0, 10**9) == set(), "no such frames"
    assert choose_early(2_000, 4_000) == set(), "a short epoch is over before they would help"
    assert choose_early(2_000, 14_000) == {10}
    assert choose_early(2_000, 10**6) == set(EARLY_STEPS)


def test_an_epoch_of_a_moment_is_not_looked_at():
    assert not is_watchable(0.1, 10, 60)
    assert is_watchable(0.2, 10, 60)


@pytest.mark.parametrize(("rows", "points", "steps"), [(4_000, 150, {10, 30}), (10**6, 2_000, {10, 30, 100})])
def test_fewer_points_are_looked_at_where_an_epoch_is_short(rows: int, points: int, steps: set[int]):
    """Sets of 5,000 rows, most of the built-in ones, have 4,000 to train on."""
    is_validation, beside = np.arange(2_000) < 500, 96
    places = choose_points(is_validation, rows, beside=beside)
    assert len(places) == points
    assert len(set(places.tolist())) == points
    assert abs(is_validation[places].mean() - 0.25) < 0.01
    assert choose_early(len(places) + beside, rows) == steps


@pytest.mark.parametrize("task", TASKS)
def test_a_look_leaves_the_training_as_it_is(workspace: Path, looked, monkeypatch, task: str):
    spec = spec_of(task, workspace)
    with_looks = make_run(workspace, spec)
    assert run_here(with_looks)["status"] == "finished"
    monkeypatch.setattr("selfsup_core.workers.session.choose_early", lambda rows, epoch: set())
    without = make_run(workspace, spec)
    run_here(without)
    assert list_early(with_looks.frames) == sorted(STEPS)
    assert list_early(without.frames) == []
    assert list_frames(with_looks.frames) == list_frames(without.frames) == [*range(spec.train.epochs + 1)]
    assert same(last_tensors(with_looks), last_tensors(without))
    assert rows_without_times(with_looks) == rows_without_times(without)
    kept = frame_bytes(with_looks)
    assert {name: kept[name] for name in frame_bytes(without)} == frame_bytes(without)


@pytest.mark.parametrize("task", ["autoencoder", "classify", "gpt-characters"])
def test_killed_between_two_looks_it_ends_with_the_same_frames(
    workspace: Path, looked, monkeypatch, task: str
):
    spec = spec_of(task, workspace)
    spec = make_spec(spec.as_dict(), {"train.checkpoint_seconds": 1e-9})
    whole = make_run(workspace, spec)
    run_here(whole)
    killed = make_run(workspace, spec)
    # The first checkpoint is that of epoch 0, the second that of the look at step 2.
    assert kill_and_resume(killed, monkeypatch, saves=2)["status"] == "finished"
    assert early(killed) == early(whole) != {}
    assert same(last_tensors(killed), last_tensors(whole))
    assert rows_without_times(killed) == rows_without_times(whole)


def test_frames_after_the_checkpoint_are_removed(tmp_path: Path):
    store = FrameStore(tmp_path / "frames", max_frames=10, max_megabytes=1.0)
    for step in (10, 30, 100):
        early_path(store.folder, step).write_bytes(b"")
    store.go_on({"stride": 1, "previous": None}, 0, 30)
    assert list_early(store.folder) == [10, 30]
    store.go_on(None, -1, -1)
    assert list_early(store.folder) == []


def test_a_frame_has_what_is_drawn_and_its_losses(workspace: Path, looked):
    folder = make_run(workspace)
    run_here(folder)
    frame, first = read_frame(early_path(folder.frames, 2)), read_frame(frame_path(folder.frames, 0))
    seen = frame.pop("seen")
    assert {name: array.shape for name, array in frame.items()} == {k: v.shape for k, v in first.items()}
    assert seen.all()
    assert not np.array_equal(frame["map"], first["map"])
    about = read_about(early_path(folder.frames, 2))
    losses = json.loads(about["losses"])
    assert (about["epoch"], json.loads(about["step"])) == ("0", 2)
    assert {"train_loss", "val_loss"} <= set(losses)
    assert all(value > 0 for value in (losses["train_loss"], losses["val_loss"]))


@pytest.mark.parametrize("task", ["autoencoder", "classify", "pseudo"])
def test_points_that_were_not_looked_at_stay_where_they_were(workspace: Path, looked, monkeypatch, task: str):
    for module in ("autoencoder", "classify"):
        monkeypatch.setattr(
            f"selfsup_core.tasks.{module}.choose_points",
            lambda is_validation, rows, **_: choose_points(is_validation, 0, least=20),
        )
    folder = make_run(workspace, spec_of(task, workspace))
    assert run_here(folder)["status"] == "finished"
    frame, first = read_frame(early_path(folder.frames, 2)), read_frame(frame_path(folder.frames, 0))
    seen = frame["seen"] > 0
    assert 15 <= seen.sum() <= 25
    np.testing.assert_array_equal(frame["map"][~seen], first["map"][~seen])
    assert not np.array_equal(frame["map"][seen], first["map"][seen])
    assert np.isfinite(frame["map"]).all()
    assert np.isnan(frame["sample_loss"][~seen]).all()
    assert np.isfinite(frame["sample_loss"][seen]).all()
    losses = json.loads(read_about(early_path(folder.frames, 2))["losses"])
    assert {"train_loss", "val_loss"} <= set(losses)


def test_what_a_language_model_writes_is_seen_within_the_first_epoch(workspace: Path, looked):
    folder = make_run(workspace, spec_of("gpt-characters", workspace))
    run_here(folder)
    about = read_about(early_path(folder.frames, 2))
    assert json.loads(about["completed"])
    assert json.loads(about["written"]) == ""
    assert {"val_loss", "train_bits_per_character"} <= set(json.loads(about["losses"]))


def test_a_viewer_is_told_which_steps_there_are(workspace: Path, looked):
    folder = make_run(workspace)
    run_here(folder)
    live = LiveRuns(workspace)
    assert json.loads(live.snapshot(folder.id))["early"] == sorted(STEPS)
    assert live.frame(folder.id, 0, 2) != live.frame(folder.id, 0)
    for path in folder.frames.glob("000000-*"):
        path.unlink()  # as in a run of an earlier version
    assert json.loads(LiveRuns(workspace).snapshot(folder.id))["early"] == []
