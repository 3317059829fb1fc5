"""Frames: what they hold, how they are thinned, that the map lies still."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup_core.evaluate.autoencoder import View
from selfsup_core.runs.folder import read_rows, read_state
from selfsup_core.runs.frames import FrameStore, map_latents, read_frame
from selfsup_core.runs.live import without_hidden
from selfsup_core.runs.thinned import frame_path, list_frames
from tests.helpers import make_run, run_here


def view(size: int = 4, seed: int = 0) -> View:
    random = np.random.default_rng(seed)
    return View(
        metrics={}, reconstructions=random.random((2, 6)), tile_loss=random.random(2),
        latents=random.random((10, size)), sample_loss=random.random(10),
    )  # fmt: skip


def store(tmp_path: Path, **limits) -> FrameStore:
    return FrameStore(tmp_path / "frames", **({"max_frames": 200, "max_megabytes": 50.0} | limits))


@settings(max_examples=30, deadline=None)
@given(epochs=st.integers(1, 90), most=st.integers(2, 20))
def test_frames_are_few_evenly_spaced_and_end_with_the_last(
    tmp_path_factory, epochs: int, most: int
):
    kept = store(tmp_path_factory.mktemp("frames"), max_frames=most)
    for epoch in range(epochs + 1):
        kept.write_view(epoch, view(), is_last=epoch == epochs)
    found = list_frames(kept.folder)
    assert len(found) <= max(2, most)
    assert found[0] == 0
    assert found[-1] == epochs
    assert len(set(np.diff(found[:-1]))) <= 1, "evenly, the last one apart"
    assert len(found) >= min(epochs + 1, most) // 2, "no more is thrown away than needed"


def test_going_on_after_frames_were_thinned_keeps_them_even(tmp_path: Path):
    kept = store(tmp_path, max_frames=8)
    for epoch in range(8):
        kept.write_view(epoch, view())
    saved = kept.state()
    for epoch in range(8, 11):
        kept.write_view(epoch, view())  # thins out, then the process dies
    again = store(tmp_path, max_frames=8)
    again.go_on(saved, 7)
    for epoch in range(8, 13):
        again.write_view(epoch, view(), is_last=epoch == 12)
    assert list_frames(again.folder) == [0, 2, 4, 6, 8, 10, 12]


def test_the_limit_in_bytes_holds_too(tmp_path: Path):
    kept = store(tmp_path, max_megabytes=0.01)
    for epoch in range(40):
        kept.write_view(epoch, view())
    sizes = [path.stat().st_size for path in kept.folder.iterdir()]
    assert 1 < len(sizes) < 40
    assert sum(sizes) <= 10_000


def test_a_two_dimensional_code_is_its_own_map():
    codes = np.random.default_rng(0).random((20, 2)).astype(np.float32)
    made = map_latents(codes, previous=np.zeros((20, 2)))
    points, explained = made.points, made.explained
    assert points is codes
    assert explained is None


def test_the_map_neither_spins_nor_flips():
    random = np.random.default_rng(0)
    codes = (random.normal(size=(200, 5)) * [5, 3, 1, 0.5, 0.1]).astype(np.float32)
    first = map_latents(codes, None).points
    turn = np.linalg.qr(random.normal(size=(5, 5)))[0]
    second = map_latents((codes @ turn).astype(np.float32), first).points
    np.testing.assert_allclose(second, first, atol=1e-3)
    third = map_latents(-codes, first).points
    np.testing.assert_allclose(third, first, atol=1e-3)


def test_a_one_dimensional_or_dead_code_still_has_a_map():
    for codes in (np.ones((9, 1), np.float32), np.zeros((9, 6), np.float32)):
        points = map_latents(codes, None).points
        assert points.shape == (9, 2)
        assert np.isfinite(points).all()


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = make_run(tmp_path_factory.mktemp("w"))
    run_here(folder)
    return folder


def test_a_run_leaves_every_frame_and_what_they_share(finished):
    assert list_frames(finished.frames) == [0, 1, 2, 3]
    static = read_frame(finished.frames / "static.safetensors")
    assert static["inputs"].shape == (8, 13)
    assert set(static["splits"]) == {0, 1}
    assert len(set(static["rows"])) == len(static["rows"]) == 60
    frame = read_frame(frame_path(finished.frames, 3))
    assert frame["map"].shape == (60, 2)
    assert frame["latents"].shape == (60, 4)
    rows = {r["epoch"]: r for r in read_rows(finished.metrics) if r["kind"] == "epoch"}
    assert list(rows) == [0, 1, 2, 3]
    assert "train_loss" not in rows[0], "epoch 0 is the untrained network"
    assert rows[3]["val_loss"] < rows[0]["val_loss"]
    assert read_state(finished)["seconds"] >= rows[3]["seconds"] - 0.001, "all of the time counts"


def test_the_frames_error_is_that_of_its_pictures(finished):
    static = read_frame(finished.frames / "static.safetensors")
    frame = read_frame(frame_path(finished.frames, 2))
    difference = (static["inputs"].astype(float) - frame["reconstructions"]) / 255
    np.testing.assert_allclose((difference**2).mean(axis=1), frame["tile_loss"], atol=2e-3)


def test_viewers_get_all_but_the_latents(finished):
    blob = frame_path(finished.frames, 1).read_bytes()
    small = without_hidden(blob)
    assert len(small) < len(blob)
    size = int.from_bytes(small[:8], "little")
    assert json.loads(small[8 : 8 + size])["__metadata__"]["epoch"] == "1"


def test_the_baseline_and_the_best_are_in_the_state(finished):
    state = read_state(finished)
    assert state["baseline"]["pca_components"] == 4
    rows = [r for r in read_rows(finished.metrics) if r["kind"] == "epoch" and r["epoch"]]
    best = min(rows, key=lambda row: row["val_loss"])
    assert state["best"] == {"epoch": best["epoch"], "val_loss": best["val_loss"]}
    assert (finished.checkpoints / f"best-{best['epoch']:06d}").is_dir()


def test_early_stop_ends_after_the_patience(tmp_path):
    folder = make_run(tmp_path, train__epochs=40, train__learning_rate=9.0, train__patience=3)
    state = run_here(folder)
    assert state["status"] == "finished"
    assert state["epoch"] == state["best"]["epoch"] + 3 < 40
    assert "early stop" in state["stop_reason"]
