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
from selfsup_core.runs.said import Shot
from selfsup_core.runs.spec import make_spec
from selfsup_core.runs.thinned import frame_path, list_frames
from selfsup_core.workers.live import without_hidden
from tests.helpers import make_run, run_here, tiny_spec


def view(size: int = 4, seed: int = 0) -> View:
    random = np.random.default_rng(seed)
    return View(
        metrics={},
        reconstructions=random.random((2, 6)),
        tile_loss=random.random(2),
        latents=random.random((10, size)),
        sample_loss=random.random(10),
    )


def store(tmp_path: Path, **limits) -> FrameStore:
    return FrameStore(tmp_path / "frames", **({"max_frames": 200, "max_megabytes": 50.0} | limits))


@settings(max_examples=30, deadline=None)
@given(epochs=st.integers(1, 90), most=st.integers(2, 20))
def test_frames_are_few_evenly_spaced_and_end_with_the_last(tmp_path_factory, epochs: int, most: int):
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
    small = without_hidden(Shot.of(blob, "a frame"))
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


def test_an_epoch_of_the_warm_up_is_never_the_best(tmp_path):
    objective = {"kind": "variational", "loss": "mse", "warmup_epochs": 4, "beta": 20.0}
    values = tiny_spec(train__epochs=5, train__patience=2).as_dict() | {"objective": objective}
    folder = make_run(tmp_path, make_spec(values))
    state = run_here(folder)
    losses = [row["val_loss"] for row in read_rows(folder.metrics) if row["kind"] == "epoch"]
    assert min(losses[1:4]) < min(losses[4:]), "the lower losses have less KL in them"
    assert state["best"]["epoch"] >= 4
    assert state["best"]["val_loss"] == min(losses[4 : state["epoch"] + 1])


def test_weights_are_kept_within_their_space_and_the_nearest_is_found(tmp_path: Path):
    import torch

    from selfsup_core.runs.weights import WeightStore, nearest_epoch, read_weights

    model = torch.nn.Linear(40, 25)  # 1,025 numbers in half precision
    kept = WeightStore(tmp_path / "weights", max_frames=100, max_megabytes=0.02)
    for epoch in range(31):
        with torch.no_grad():
            model.bias.fill_(epoch)
        kept.write_weights(epoch, model, is_last=epoch == 30)
    found = list_frames(kept.folder)
    assert sum(path.stat().st_size for path in kept.folder.iterdir()) <= 20_000
    assert found == [0, 4, 8, 12, 16, 20, 24, 28, 30]
    assert nearest_epoch(kept.folder, 9) == 8
    assert nearest_epoch(kept.folder, None) == 30
    assert float(read_weights(kept.folder, 12)["bias"][0]) == 12


def test_weights_too_large_for_half_precision_stay_finite(tmp_path: Path):
    import torch

    from selfsup_core.runs.weights import WeightStore, read_weights

    model = torch.nn.Linear(2, 2)
    with torch.no_grad():
        model.weight.fill_(1e9)
    kept = WeightStore(tmp_path / "weights", max_frames=5, max_megabytes=1)
    kept.write_weights(0, model, is_last=False)
    assert bool(torch.isfinite(read_weights(kept.folder, 0)["weight"]).all())


def test_a_resumed_run_writes_its_later_weights_anew(workspace: Path):
    from selfsup_core.runs.weights import read_weights

    folder = make_run(workspace, train__epochs=3)
    run_here(folder)
    assert list_frames(folder.weights) == [0, 1, 2, 3]
    first, last = read_weights(folder.weights, 0), read_weights(folder.weights, 3)
    assert any(not np.array_equal(first[k].numpy(), last[k].numpy()) for k in first)


def test_the_map_can_be_inverted_from_what_a_frame_keeps(finished):
    for epoch in (0, 3):
        frame = read_frame(frame_path(finished.frames, epoch))
        latents = frame["latents"].astype(np.float32)
        found = (latents - frame["map_mean"]) @ frame["map_axes"].T
        assert np.allclose(found, frame["map"][:, :2], atol=0.02)
        assert np.allclose(frame["map_axes"] @ frame["map_axes"].T, np.eye(2), atol=1e-4)


@pytest.mark.parametrize("size", [1, 2, 3, 6])
def test_axes_lead_back_to_the_map_for_codes_of_any_size(size: int):
    codes = np.random.default_rng(1).normal(size=(50, size)).astype(np.float32)
    previous = map_latents(codes[::-1].copy(), None).points
    made = map_latents(codes, previous if previous.shape[1] == min(size, 2) else None)
    assert np.allclose((codes - made.mean) @ made.axes.T, made.points[:, :2], atol=1e-4)


def test_a_corrupted_input_is_kept_beside_the_output(workspace: Path):
    from selfsup_core.runs.spec import make_spec

    spec = make_spec(
        {"data": {"source": "digits"}, "objective": {"kind": "denoising"}, "train": {"epochs": 2}}
    )
    folder = make_run(workspace, spec)
    run_here(folder)
    first, last = (read_frame(frame_path(folder.frames, e)) for e in (0, 2))
    assert np.array_equal(first["corrupted"], last["corrupted"]), "the same damage at every epoch"
    static = read_frame(folder.frames / "static.safetensors")
    assert not np.array_equal(first["corrupted"], static["inputs"])
