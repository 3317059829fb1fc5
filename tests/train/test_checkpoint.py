"""Checkpoints: round trip, tampering, and a failure at every single write."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import torch

from selfsup_core.errors import CheckpointError
from selfsup_core.train.checkpoint import (
    list_checkpoints,
    load_checkpoint,
    load_newest,
    prune,
    save_checkpoint,
)

BELONGS = {"spec": "a", "data": "b"}


def state(value: float) -> dict:
    return {
        "model": {"w": torch.full((3, 2), value), "b": torch.arange(2)},
        "optimizer": {
            "state": {0: {"step": torch.tensor(value), "lr": 1e-3}},
            "groups": [{"p": [0]}],
        },
        "generator": torch.Generator().manual_seed(3).get_state(),
        "position": {"epoch": 2, "sum": 0.1 + 0.2},
    }


def test_round_trip_is_exact(tmp_path: Path):
    save_checkpoint(tmp_path, "step-1", state(0.1), BELONGS)
    loaded = load_checkpoint(tmp_path / "step-1", BELONGS)
    wanted = state(0.1)
    assert torch.equal(loaded["model"]["w"], wanted["model"]["w"])
    assert loaded["model"]["b"].dtype == torch.int64
    assert torch.equal(loaded["optimizer"]["state"][0]["step"], wanted["optimizer"]["state"][0]["step"])
    assert torch.equal(loaded["generator"], wanted["generator"])
    assert loaded["position"] == {"epoch": 2, "sum": 0.1 + 0.2}


@pytest.mark.parametrize("file", ["tensors.safetensors", "state.json", "manifest.json"])
@pytest.mark.parametrize("harm", ["flip", "cut", "remove"])
def test_a_damaged_checkpoint_is_named_and_the_one_before_is_used(tmp_path: Path, file, harm):
    save_checkpoint(tmp_path, "step-1", state(1.0), BELONGS)
    newest = save_checkpoint(tmp_path, "step-2", state(2.0), BELONGS)
    data = (newest / file).read_bytes()
    if harm == "remove":
        (newest / file).unlink()
    else:
        broken = data[:-1] if harm == "cut" else data[:20] + bytes([data[20] ^ 1]) + data[21:]
        (newest / file).write_bytes(broken)
    loaded, problems = load_newest(tmp_path, BELONGS)
    assert float(loaded["model"]["w"][0, 0]) == 1.0
    assert len(problems) == 1
    assert "step-2" in problems[0]


def test_a_checkpoint_of_another_spec_or_data_is_refused(tmp_path: Path):
    target = save_checkpoint(tmp_path, "step-1", state(1.0), BELONGS)
    for key in BELONGS:
        with pytest.raises(CheckpointError, match=f"another {key}"):
            load_checkpoint(target, BELONGS | {key: "other"})
    assert load_newest(tmp_path, BELONGS | {"data": "other"})[0] is None


class Cut(BaseException):
    """The process ends here."""


CALLS = [(os, "fsync"), (os, "rename"), (Path, "mkdir")]


def failing(real, left: list[int], error):
    """`real`, but when `left` calls have been made it raises, once."""

    def call(*args, **kwargs):
        left[0] -= 1
        if left[0] == -1:
            raise error()
        return real(*args, **kwargs)

    return call


@pytest.mark.parametrize("error", [Cut, lambda: OSError(28, "No space left on device")])
def test_a_failure_at_any_write_leaves_the_checkpoint_before(tmp_path: Path, monkeypatch, error):
    """Fails the n-th fsync, rename or mkdir for every n until a save gets through."""
    save_checkpoint(tmp_path, "step-1", state(1.0), BELONGS)
    for point in range(50):
        left = [point]
        with monkeypatch.context() as patch:
            for owner, name in CALLS:
                patch.setattr(owner, name, failing(getattr(owner, name), left, error))
            try:
                save_checkpoint(tmp_path, "step-2", state(2.0), BELONGS)
                done = True
            except (Cut, OSError):
                done = False
        loaded, problems = load_newest(tmp_path, BELONGS)
        assert problems == []
        assert float(loaded["model"]["w"][0, 0]) in ((2.0,) if done else (1.0, 2.0))
        if done:
            assert point >= 6, "fewer writes were tried than a checkpoint has"
            return
        shutil.rmtree(tmp_path / "step-2", ignore_errors=True)
    pytest.fail("the save never got through")


def test_two_newest_are_kept_and_scraps_removed(tmp_path: Path):
    for step in range(5):
        save_checkpoint(tmp_path, f"step-{step}", state(step), BELONGS)
    (tmp_path / ".step-9.ab.tmp").mkdir()
    prune(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["step-3", "step-4"]
    assert [p.name for p in list_checkpoints(tmp_path)] == ["step-4", "step-3"]
