"""Frames in the middle of the first epoch: few, the same after a kill, and without a trace in the training."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.frames import FrameStore, read_about, read_frame
from selfsup_core.runs.thinned import early_path, frame_path, list_early, list_frames
from selfsup_core.workers.live import LiveRuns
from selfsup_core.workers.session import EARLY_STEPS, choose_early
from tests.helpers import (
    frame_bytes,
    kill_and_resume,
    last_tensors,
    make_run,
    rows_without_times,
    run_here,
    same,
)

STEPS = {2, 4}  # of the five of an epoch


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("selfsup_core.workers.session.choose_early", lambda rows, epoch: STEPS)


def early(folder: RunFolder) -> dict[str, dict[str, bytes]]:
    return {name: arrays for name, arrays in frame_bytes(folder).items() if "-" in name}


def test_as_many_steps_are_looked_at_as_cost_a_twentieth_of_an_epoch():
    assert choose_early(0, 10**9) == set(), "no such frames"
    assert choose_early(2_000, 4_000) == set(), "a short epoch is over before they would help"
    assert choose_early(2_000, 14_000) == {10}
    assert choose_early(2_000, 10**6) == set(EARLY_STEPS)


def test_a_look_leaves_the_training_as_it_is(workspace: Path, looked, monkeypatch):
    with_looks = make_run(workspace)
    run_here(with_looks)
    monkeypatch.setattr("selfsup_core.workers.session.choose_early", lambda rows, epoch: set())
    without = make_run(workspace)
    run_here(without)
    assert list_early(with_looks.frames) == sorted(STEPS)
    assert list_early(without.frames) == []
    assert list_frames(with_looks.frames) == list_frames(without.frames) == [0, 1, 2, 3]
    assert same(last_tensors(with_looks), last_tensors(without))
    assert rows_without_times(with_looks) == rows_without_times(without)
    kept = frame_bytes(with_looks)
    assert {name: kept[name] for name in frame_bytes(without)} == frame_bytes(without)


def test_killed_between_two_looks_it_ends_with_the_same_frames(workspace: Path, looked, monkeypatch):
    whole = make_run(workspace, train__checkpoint_seconds=1e-9)
    run_here(whole)
    killed = make_run(workspace, train__checkpoint_seconds=1e-9)
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
    assert {name: array.shape for name, array in frame.items()} == {k: v.shape for k, v in first.items()}
    assert not np.array_equal(frame["map"], first["map"])
    about = read_about(early_path(folder.frames, 2))
    losses = json.loads(about["losses"])
    assert (about["epoch"], json.loads(about["step"])) == ("0", 2)
    assert {"train_loss", "val_loss"} <= set(losses)
    assert all(value > 0 for value in (losses["train_loss"], losses["val_loss"]))


def test_a_viewer_is_told_which_steps_there_are(workspace: Path, looked):
    folder = make_run(workspace)
    run_here(folder)
    live = LiveRuns(workspace)
    assert json.loads(live.snapshot(folder.id))["early"] == sorted(STEPS)
    assert live.frame(folder.id, 0, 2) != live.frame(folder.id, 0)
    for path in folder.frames.glob("000000-*"):
        path.unlink()  # as in a run of an earlier version
    assert json.loads(LiveRuns(workspace).snapshot(folder.id))["early"] == []
