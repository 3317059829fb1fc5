"""Checkpoints under real kills: SIGKILL and a full disk at every open, half-written file, sync and rename."""

from __future__ import annotations

import builtins
import contextlib
import errno
import json
import os
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup_core.errors import CheckpointError
from selfsup_core.train.checkpoint import (
    flatten,
    load_checkpoint,
    load_newest,
    prune,
    restore,
    save_checkpoint,
)
from tests.helpers import python

BELONGS = {"spec": "s", "data": "d"}


def state(step: int) -> dict:
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    return {
        "loop": {
            "model": {k: torch.full_like(v, step) for k, v in model.state_dict().items()},
            "optimizer": optimizer.state_dict(),
            "generator": torch.Generator().manual_seed(step).get_state(),
            "position": {"epoch": 1, "index": 3, "step": step},
        },
        "best": None,
        "empty": {},
    }


def equal(a, b) -> bool:
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(equal(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(equal, a, b))
    return type(a) is type(b) and a == b


def test_restored_optimizer_takes_its_state(tmp_path):
    target = save_checkpoint(tmp_path, "step-1", state(1), BELONGS)
    optimizer = torch.optim.Adam(torch.nn.Linear(3, 2).parameters())
    optimizer.load_state_dict(load_checkpoint(target, BELONGS)["loop"]["optimizer"])
    assert float(optimizer.state_dict()["state"][0]["exp_avg"][0, 0]) == pytest.approx(0.1)


leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(max_size=4)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.lists(st.floats(width=32, allow_nan=False), max_size=4).map(torch.tensor)
    | st.lists(st.integers(0, 255), max_size=4).map(lambda v: torch.tensor(v, dtype=torch.uint8))
)
keys = st.text(max_size=4) | st.integers(-5, 5)
trees = st.recursive(
    leaves, lambda t: st.lists(t, max_size=3) | st.dictionaries(keys, t, max_size=3), max_leaves=8
)


@settings(deadline=None)
@given(st.dictionaries(keys, trees, max_size=4))
def test_flatten_and_restore_are_inverse_through_json(tree):
    tensors: dict[str, torch.Tensor] = {}
    plain = json.loads(json.dumps(flatten(tree, "state", tensors)))
    assert equal(restore(plain, tensors), tree)


@pytest.mark.parametrize("name", ["tensors.safetensors", "state.json"])
@pytest.mark.parametrize("damage", ["bit", "cut", "gone", "empty"])
def test_damage_is_named_and_the_one_before_is_used(tmp_path, name, damage):
    save_checkpoint(tmp_path, "step-000000001", state(1), BELONGS)
    path = save_checkpoint(tmp_path, "step-000000002", state(2), BELONGS) / name
    data = bytearray(path.read_bytes())
    if damage == "bit":
        data[len(data) // 2] ^= 1
    path.unlink()
    if damage != "gone":
        path.write_bytes({"bit": data, "cut": data[:-3], "empty": b""}[damage])
    found, problems = load_newest(tmp_path, BELONGS)
    assert found["loop"]["position"]["step"] == 1
    (problem,) = problems
    assert "step-000000002" in problem
    assert name in problem
    assert ("lacks" if damage == "gone" else "differs from its digest") in problem


@pytest.mark.parametrize(
    "manifest",
    [
        None,
        "",
        "{",
        "[]",
        "{}",
        '{"files": {}, "belongs": {}}',
        '{"files": {}, "belongs": {"spec": "s", "data": "d"}}',
        '{"files": [], "belongs": {"spec": "s", "data": "d"}}',
        '{"files": 3, "belongs": 3}',
    ],
)
def test_tampered_manifest_is_a_checkpoint_error(tmp_path, manifest):
    save_checkpoint(tmp_path, "step-1", state(1), BELONGS)
    path = save_checkpoint(tmp_path, "step-2", state(2), BELONGS) / "manifest.json"
    path.unlink()
    if manifest is not None:
        path.write_text(manifest)
    with pytest.raises(CheckpointError, match="step-2"):
        load_checkpoint(path.parent, BELONGS)
    assert load_newest(tmp_path, BELONGS)[0]["loop"]["position"]["step"] == 1


def test_pickle_in_place_of_tensors_is_refused_and_not_run(tmp_path):
    class Evil:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was executed",))

    target = save_checkpoint(tmp_path, "step-1", state(1), BELONGS)
    from selfsup_core.files import sha256

    (target / "tensors.safetensors").write_bytes(pickle.dumps(Evil()))
    manifest = json.loads((target / "manifest.json").read_text())
    manifest["files"]["tensors.safetensors"] = sha256((target / "tensors.safetensors").read_bytes())
    (target / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(CheckpointError, match="step-1"):
        load_checkpoint(target, BELONGS)


class Saboteur:
    """Counts opens, writes, flushes, syncs, makes and renames of a save; does something at the n-th."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int, act) -> None:
        self.count, self.at, self.act = 0, at, act
        for module, name in ((os, "fsync"), (os, "rename"), (os, "mkdir"), (builtins, "open")):
            monkeypatch.setattr(module, name, self.wrap(getattr(module, name)))

    def point(self) -> None:
        self.count += 1
        if self.count == self.at:
            self.act()

    def wrap(self, real):
        def call(*args, **kwargs):
            self.point()
            found = real(*args, **kwargs)
            return self.watch(found) if real is REAL_OPEN and "w" in str(args[1:]) else found

        return call

    def watch(self, file):
        saboteur = self

        class Watched:
            def write(self, data):
                half = len(data) // 2
                file.write(data[:half])
                file.flush()
                saboteur.point()  # half of it is on disk
                return file.write(data[half:])

            def __enter__(self):
                return self

            def __exit__(self, *_):
                file.close()

            def __getattr__(self, name):
                return getattr(file, name)

        return Watched()


REAL_OPEN = builtins.open


def count_points(folder) -> int:
    with pytest.MonkeyPatch.context() as patch:
        saboteur = Saboteur(patch, -1, lambda: None)
        save_checkpoint(folder, "step-000000002", state(2), BELONGS)
    return saboteur.count


def test_full_disk_at_every_single_write_leaves_the_one_before(tmp_path):
    points = count_points(tmp_path / "count")
    assert points >= 13

    def fail():
        raise OSError(errno.ENOSPC, "No space left on device")

    outcomes = []
    for at in range(1, points + 1):
        folder = tmp_path / str(at)
        save_checkpoint(folder, "step-000000001", state(1), BELONGS)
        with pytest.MonkeyPatch.context() as patch:
            saboteur = Saboteur(patch, at, fail)
            # Making the parent folder, which is there already, is the one step that may fail unnoticed.
            with contextlib.nullcontext() if at == 1 else pytest.raises(OSError, match="No space"):
                save_checkpoint(folder, "step-000000002", state(2), BELONGS)
            assert saboteur.count >= at
        found, problems = load_newest(folder, BELONGS)
        assert problems == []
        outcomes.append(found["loop"]["position"]["step"])
        assert not list(folder.glob(".*"))
        # With space again, the same save succeeds.
        save_checkpoint(folder, "step-000000002", state(2), BELONGS)
        assert load_newest(folder, BELONGS)[0]["loop"]["position"]["step"] == 2
    # Only when the sync after the rename fails is the new one there already; it is then whole.
    assert outcomes == [2] + [1] * (points - 2) + [2], "only the last step, a sync, comes after the rename"


def test_kill_at_every_single_write_leaves_a_checkpoint_that_loads(tmp_path):
    """Real SIGKILLs: a child is forked for each point, half-way through each write included."""
    points = count_points(tmp_path / "count")
    code = """
import os, signal, sys
from pathlib import Path
import pytest
from tests.train.test_checkpoint_kills import BELONGS, Saboteur, save_checkpoint, state
old, new = state(1), state(2)
for at in range(1, int(sys.argv[2]) + 1):
    folder = Path(sys.argv[1]) / str(at)
    save_checkpoint(folder, "step-000000001", old, BELONGS)
    child = os.fork()
    if child == 0:
        Saboteur(pytest.MonkeyPatch(), at, lambda: os.kill(os.getpid(), signal.SIGKILL))
        save_checkpoint(folder, "step-000000002", new, BELONGS)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, (at, status)
"""
    done = python(code, str(tmp_path), str(points))
    assert done.returncode == 0, done.stderr
    scraps = 0
    for at in range(1, points + 1):
        folder = tmp_path / str(at)
        scraps += len(list(folder.glob(".*")))
        found, problems = load_newest(folder, BELONGS)
        assert problems == [], at
        step = found["loop"]["position"]["step"]
        assert step == 1 or (step == 2 and at > points - 3)
        assert np.all(found["loop"]["model"]["weight"].numpy() == step)
        prune(folder)
        assert not list(folder.glob(".*"))
    assert scraps >= 10  # the kills did fall into the middle of the saves


def test_a_plain_file_fails_this_kind_of_test(tmp_path):
    """The control: written in place, a half-written file is what a reader finds."""
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"old" * 100)

    def die():
        raise KeyboardInterrupt

    def write_in_place():
        with open(path, "wb") as file:
            file.write(b"new" * 100)

    with pytest.MonkeyPatch.context() as patch:
        Saboteur(patch, 2, die)
        with pytest.raises(KeyboardInterrupt):
            write_in_place()
    assert path.read_bytes() not in (b"old" * 100, b"new" * 100)
