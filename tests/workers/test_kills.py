"""A run killed at every single write of its worker, and for real in the middle of an epoch."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import create_model
from pydantic.fields import FieldInfo
from safetensors.numpy import save as save_arrays

from selfsup_core.files import read_json, sha256
from selfsup_core.runs.control import send
from selfsup_core.runs.folder import RunFolder, read_rows, read_state
from selfsup_core.runs.queue import submit
from selfsup_core.runs.spec import RunSpec, make_spec, saved_digest
from selfsup_core.train import loop as loop_module
from selfsup_core.train.checkpoint import list_checkpoints, load_newest
from selfsup_core.workers.session import Session
from selfsup_core.workers.worker import Worker
from tests.helpers import (
    Killed,
    frame_bytes,
    last_tensors,
    make_run,
    rows_without_times,
    run_here,
    same,
    tiny_spec,
    wait_for,
    wait_status,
    weights,
)

# Three steps an epoch, a checkpoint wherever one may be taken.
DENSE = {"train__epochs": 2, "train__batch_size": 60, "train__checkpoint_seconds": 1e-9}


class CountedWorker(Worker):
    """Dies before or after its n-th write."""

    at, count, is_after = -1, 0, False

    def persist(self, write):
        CountedWorker.count += 1
        if CountedWorker.count != self.at:
            return super().persist(write)
        if self.is_after:
            super().persist(write)
        raise Killed


def counted(folder: RunFolder, at: int, *, is_after: bool = False) -> int:
    """Run until the n-th write; how many there were."""
    CountedWorker.at, CountedWorker.count, CountedWorker.is_after = at, 0, is_after
    try:
        CountedWorker(folder).run()
    except Killed:
        assert CountedWorker.count == at
    return CountedWorker.count


@pytest.mark.parametrize("is_after", [False, True])
def test_killed_at_any_write_it_ends_as_if_nothing_had_happened(
    workspace: Path, monkeypatch, some, is_after: bool
):
    monkeypatch.setattr(loop_module, "TICK_SECONDS", 0.0)
    whole = make_run(workspace, **DENSE)
    writes = counted(whole, -1)
    assert writes >= 20
    rows, tensors, frames = rows_without_times(whole), last_tensors(whole), frame_bytes(whole)
    assert [r["epoch"] for r in rows if r["kind"] == "epoch"] == [0, 1, 2]
    for at in some(range(1, writes + 1)):
        folder = make_run(workspace, **DENSE)
        counted(folder, at, is_after=is_after)
        assert run_here(folder)["status"] == "finished", at
        assert rows_without_times(folder) == rows, f"metrics differ after a kill at write {at}"
        assert same(last_tensors(folder), tensors), f"weights differ after a kill at write {at}"
        assert frame_bytes(folder) == frames, f"frames differ after a kill at write {at}"
        shutil.rmtree(folder.path)


def tamper(folder: RunFolder, part: str) -> None:
    """Zero tensors of the newest checkpoint and sign it anew, as no accident would."""
    target = list_checkpoints(folder.checkpoints)[0]
    tensors = last_tensors(folder)
    chosen = [name for name in tensors if part in name]
    assert chosen
    for name in chosen:
        tensors[name] = np.zeros_like(tensors[name])
    blob = save_arrays(tensors)
    (target / "tensors.safetensors").write_bytes(blob)
    manifest = json.loads((target / "manifest.json").read_text())
    manifest["files"]["tensors.safetensors"] = sha256(blob)
    (target / "manifest.json").write_text(json.dumps(manifest))


def copy_run(folder: RunFolder, name: str) -> RunFolder:
    """The same run under another id."""
    copy = RunFolder(folder.path.with_name(name))
    shutil.copytree(folder.path, copy.path)
    state = json.loads(copy.state.read_text())
    copy.state.write_text(json.dumps(state | {"run": name}))
    return copy


# 1,437 digits one by one: more than 1,400 steps an epoch, so that the kill falls between two of them.
LONG = {
    "data__source": "digits",
    "model__widths": [24, 8],
    "train__epochs": 3,
    "train__batch_size": 1,
    "train__checkpoint_seconds": 0.08,
}
STEPS = 1437


@pytest.mark.serial
def test_sigkill_in_the_middle_of_an_epoch(supervised: Path):
    whole = submit(supervised, tiny_spec(**LONG))
    wait_status(whole, "finished")
    killed = submit(supervised, tiny_spec(**LONG))

    def inside_an_epoch() -> bool:
        """The last row and the newest checkpoint are both from the middle of an epoch, long before the
        end.
        """
        saved = [int(p.name.removeprefix("step-")) for p in list_checkpoints(killed.checkpoints)]
        row = (read_rows(killed.metrics) or [{"kind": ""}])[-1]
        return (
            row["kind"] == "step"
            and row["step"] % STEPS < 0.8 * STEPS
            and row["step"] < 2 * STEPS
            and bool(saved)
            and saved[0] % STEPS != 0
        )

    wait_for(inside_an_epoch, "the middle of an epoch")
    state = read_state(killed)
    os.kill(state["worker"]["pid"], signal.SIGKILL)
    wait_status(killed, "interrupted", seconds=5)
    # Readers see it at once; the copy below needs the supervisor to have written it down.
    wait_for(lambda: read_json(killed.state)["status"] == "interrupted", "its burial", 5)
    assert state["steps_per_epoch"] == STEPS
    assert read_rows(killed.metrics)[-1]["step"] % STEPS, "killed in the middle of an epoch"

    spoiled = copy_run(killed, f"{killed.id}-spoiled")
    tamper(spoiled, "/optimizer/")
    for folder in (killed, spoiled):
        send(folder, "resume")
        wait_status(folder, "finished")
    assert same(last_tensors(whole), last_tensors(killed))
    assert rows_without_times(whole) == rows_without_times(killed)
    assert epoch_frames(whole) == epoch_frames(killed)
    seconds = [row["seconds"] for row in read_rows(killed.metrics)]
    assert seconds[0] >= 0
    # The control: going on with another optimizer state is noticed by all of these comparisons.
    assert not same(weights(whole), weights(spoiled))
    assert rows_without_times(whole) != rows_without_times(spoiled)
    assert epoch_frames(whole) != epoch_frames(spoiled)


def epoch_frames(folder: RunFolder) -> dict[str, Any]:
    """Frames of whole epochs. Which steps of the first one have a frame depends on how fast it goes."""
    return {name: frame for name, frame in frame_bytes(folder).items() if "-" not in name}


def interrupted_run(workspace: Path, monkeypatch: pytest.MonkeyPatch, **overrides) -> RunFolder:
    """Died right after the fourth of six epochs, with a checkpoint of every epoch."""
    folder = make_run(workspace, train__epochs=6, train__checkpoint_seconds=1e-9, **overrides)
    real = Session._look

    def look(self, event):
        real(self, event)
        if event.epoch == 4:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Session, "_look", look)
        with pytest.raises(Killed):
            run_here(folder)
    return folder


def kept_files(folder: RunFolder) -> dict[str, bytes]:
    kept = [
        *folder.checkpoints.rglob("*"),
        *folder.frames.iterdir(),
        *folder.weights.iterdir(),
        folder.metrics,
    ]
    return {str(path): path.read_bytes() for path in kept if path.is_file()}


def test_another_spec_after_the_kill_is_refused_and_nothing_is_lost(workspace: Path, monkeypatch):
    """A spec that was changed is another run; with the old one it goes on as if nothing had been."""
    folder = interrupted_run(workspace, monkeypatch)
    before, spec = kept_files(folder), folder.spec.read_text()
    folder.spec.write_text(spec.replace("\nseed: 0", "\nseed: 1"))
    state = run_here(folder)
    assert (state["status"], state["stop_reason"]) == ("failed", "other-checkpoint")
    assert "another spec. Nothing was changed" in state["error"]["message"]
    assert kept_files(folder) == before
    folder.spec.write_text(spec)
    assert run_here(folder)["status"] == "finished"
    whole = make_run(workspace, train__epochs=6, train__checkpoint_seconds=1e-9)
    run_here(whole)
    assert same(weights(whole), weights(folder))
    assert rows_without_times(whole) == rows_without_times(folder)


def with_settings(monkeypatch, **fields: Any) -> type:
    """A later version's settings of the training: others by default, or new ones."""
    from selfsup_core.runs import spec as spec_module
    from selfsup_core.train.config import TrainConfig

    later = create_model("TrainConfig", __base__=TrainConfig, **fields)
    monkeypatch.setitem(
        spec_module.RunSpec.model_fields, "train", FieldInfo(annotation=later, default=later())
    )
    spec_module.RunSpec.model_rebuild(force=True)
    return later


@pytest.mark.parametrize(
    "fields", [{"weight_decay_later": (float, 0.5)}, {"learning_rate": (float, 0.4), "batch_size": (int, 7)}]
)
def test_a_run_goes_on_after_a_setting_was_added_or_has_another_default(
    workspace: Path, monkeypatch, fields: dict
):
    folder = interrupted_run(workspace, monkeypatch, train__batch_size=32)
    before = saved_digest(folder.spec)
    try:
        with monkeypatch.context() as patch:
            with_settings(patch, **fields)
            assert saved_digest(folder.spec) == before
            assert make_spec({}).digest() != before
            state = run_here(folder)
    finally:
        RunSpec.model_rebuild(force=True)
    assert state["status"] == "finished", state["error"]
    assert not [notice for notice in state["notices"] if "again" in notice]
    whole = make_run(workspace, train__epochs=6, train__checkpoint_seconds=1e-9)
    run_here(whole)
    assert same(weights(whole), weights(folder))


def belongs(folder: RunFolder) -> dict[str, str]:
    manifest = list_checkpoints(folder.checkpoints)[-1] / "manifest.json"
    return json.loads(manifest.read_text())["belongs"]


@pytest.mark.parametrize("damage", ["tensors.safetensors", "manifest.json"])
def test_a_damaged_checkpoint_is_written_anew_when_its_step_comes_again(
    workspace: Path, monkeypatch, damage: str
):
    """Otherwise the next kill would find it damaged still."""
    folder = interrupted_run(workspace, monkeypatch)
    newest = list_checkpoints(folder.checkpoints)[0]
    (newest / damage).write_bytes(b"{}")
    real = Session.save
    seen = []

    def save(self):
        real(self)
        target = folder.checkpoints / newest.name
        if self.loop.step == int(newest.name.removeprefix("step-")):
            seen.append((target / damage).read_bytes())

    monkeypatch.setattr(Session, "save", save)
    state = run_here(folder)
    assert state["status"] == "finished"
    assert any(newest.name in notice and "previous one was used" in notice for notice in state["notices"])
    assert seen
    assert seen[0] != b"{}"
    assert load_newest(folder.checkpoints, belongs(folder))[1] == []


def test_with_no_valid_checkpoint_the_run_begins_again_and_says_so(workspace: Path, monkeypatch):
    whole = make_run(workspace, train__epochs=6, train__checkpoint_seconds=1e-9)
    run_here(whole)
    folder = interrupted_run(workspace, monkeypatch)
    for target in list_checkpoints(folder.checkpoints):
        (target / "state.json").write_bytes(b"[]")
    state = run_here(folder)
    assert state["status"] == "finished"
    assert any("starts again" in notice for notice in state["notices"]), state["notices"]
    assert len(list(folder.checkpoints.glob("damaged-step-*"))) == 2, "they are kept"
    (old,) = folder.path.glob("metrics.before-*.jsonl")
    assert [row["epoch"] for row in read_rows(old) if row["kind"] == "epoch"] == [0, 1, 2, 3, 4]
    assert not any("was used" in notice for notice in state["notices"])
    assert rows_without_times(whole) == rows_without_times(folder)
    assert same(weights(whole), weights(folder))
