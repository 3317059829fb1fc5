"""Real processes that are killed, paused, silenced: a run goes on and ends as if nothing had happened."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from selfsup_core.files import read_json
from selfsup_core.runs.control import send
from selfsup_core.runs.folder import read_rows, read_state
from selfsup_core.runs.queue import resume, submit
from selfsup_core.runs.thinned import list_frames
from selfsup_core.train.checkpoint import list_checkpoints
from selfsup_core.workers import keeper as keeper_module
from selfsup_core.workers import worker as worker_module
from selfsup_core.workers.supervisor import ensure_supervisor, supervisor_info
from tests.helpers import (
    Killed,
    frame_bytes,
    last_tensors,
    make_run,
    rows_without_times,
    run_here,
    same,
    stays,
    tiny_spec,
    wait_for,
    wait_status,
    weights,
)

# The state is written once a second, so what is sent "at epoch 2" arrives about eight epochs later.
SLOW = {"train__epochs": 24, "train__epochs_per_second": 8.0, "train__checkpoint_seconds": 0.2}


def start(workspace: Path, **overrides):
    folder = submit(workspace, tiny_spec(**overrides))
    ensure_supervisor(workspace)
    return folder


def kill_worker_at(folder, epoch: int) -> None:
    """SIGKILL once this epoch is done and a checkpoint is there."""

    def is_due():
        state = read_json(folder.state)
        return state and state["epoch"] >= epoch and list_checkpoints(folder.checkpoints) and state

    state = wait_for(is_due, f"epoch {epoch}")
    os.kill(state["worker"]["pid"], signal.SIGKILL)


@pytest.mark.serial
def test_a_killed_worker_is_seen_and_resume_is_bit_identical(supervised: Path):
    whole = start(supervised, **SLOW)
    wait_status(whole, "finished")
    killed = start(supervised, **SLOW)
    for epoch in (3, 7):
        kill_worker_at(killed, epoch)
        began = time.monotonic()
        state = wait_status(killed, "interrupted", seconds=5)
        assert time.monotonic() - began < 5
        assert "Resume" in state["message"]
        send(killed, "resume")
        wait_status(killed, "running", "finished")
    wait_status(killed, "finished")
    assert same(last_tensors(whole), last_tensors(killed))
    assert rows_without_times(whole) == rows_without_times(killed)
    assert frame_bytes(whole) == frame_bytes(killed)


def test_that_comparison_can_fail(workspace: Path):
    a, b = make_run(workspace, seed=0), make_run(workspace, seed=1)
    run_here(a)
    run_here(b)
    assert not same(weights(a), weights(b))
    assert rows_without_times(a) != rows_without_times(b)


@pytest.mark.parametrize("moment", ["before", "inside", "after"])
def test_killed_around_a_checkpoint(workspace: Path, monkeypatch, moment: str):
    whole = make_run(workspace, train__epochs=4)
    run_here(whole)
    cut = make_run(workspace, train__epochs=4, train__checkpoint_seconds=1e-6)
    from selfsup_core.train import checkpoint
    from selfsup_core.workers import session

    real, count = checkpoint.save_checkpoint, [0]

    def dying(folder, name, state, belongs):
        count[0] += name.startswith("step-")
        if count[0] == 3 and moment == "before":
            raise Killed
        if count[0] == 3 and moment == "inside":
            (folder / f".{name}.dead.tmp").mkdir()
            (folder / f".{name}.dead.tmp" / "tensors.safetensors").write_bytes(b"half")
            raise Killed
        target = real(folder, name, state, belongs)
        if count[0] == 3:
            raise Killed
        return target

    monkeypatch.setattr(session, "save_checkpoint", dying)
    with pytest.raises(Killed):
        run_here(cut)
    assert count[0] == 3
    monkeypatch.setattr(session, "save_checkpoint", real)
    assert run_here(cut)["status"] == "finished"
    assert same(weights(whole), weights(cut))
    assert rows_without_times(whole) == rows_without_times(cut)
    assert not list(cut.checkpoints.glob(".*"))


def test_a_live_change_before_the_kill_takes_effect_again_at_its_step(workspace: Path, monkeypatch):
    """The change comes after the checkpoint, the kill after the change."""

    def changed_run(kill_at: int | None):
        folder = make_run(workspace, train__epochs=6)
        from selfsup_core.workers.session import Session

        real = Session._look

        def look(self, event):
            real(self, event)
            if event.epoch == 2:
                self.save()
            if event.epoch == 3 and not read_rows(folder.path / "changes.jsonl"):
                self.set_live("learning_rate", 0.05)
            if event.epoch == kill_at:
                raise Killed

        monkeypatch.setattr(Session, "_look", look)
        try:
            run_here(folder)
        except Killed:
            monkeypatch.setattr(Session, "_look", real)
            run_here(folder)
        monkeypatch.setattr(Session, "_look", real)
        return folder

    whole, killed = changed_run(None), changed_run(4)
    assert read_state(killed)["learning_rate"] == 0.05
    assert same(weights(whole), weights(killed))
    assert rows_without_times(whole) == rows_without_times(killed)
    plain = make_run(workspace, train__epochs=6)
    run_here(plain)
    assert not same(weights(plain), weights(killed)), "the change must matter for this to prove anything"


@pytest.mark.serial
def test_pausing_and_steps_change_nothing_in_the_outcome(supervised: Path):
    whole = start(supervised, **SLOW)
    wait_status(whole, "finished")
    steered = start(supervised, **SLOW)
    wait_for(lambda: read_state(steered)["epoch"] >= 2, "epoch 2")
    began = time.monotonic()
    send(steered, "pause")
    state = wait_status(steered, "paused")
    assert time.monotonic() - began < 2
    assert stays(lambda: read_state(steered)["step"], "the step of a paused run") == state["step"]
    for _ in range(2):
        before = read_json(steered.state)["beat"]
        send(steered, "step")
        wait_for(
            lambda b=before: (s := read_state(steered))["status"] == "paused" and s["beat"] > b and s,
            "one epoch",
        )
    assert read_state(steered)["step"] % 5 == 0
    send(steered, "resume")
    wait_status(steered, "finished")
    assert same(weights(whole), weights(steered))
    assert rows_without_times(whole) == rows_without_times(steered)


def test_stop_keeps_what_was_learned_and_resume_takes_it_up(supervised: Path):
    folder = start(supervised, **SLOW)
    wait_for(lambda: read_state(folder)["epoch"] >= 2, "epoch 2")
    send(folder, "stop")
    state = wait_status(folder, "stopped")
    assert state["stop_reason"] == "stopped by hand"
    assert list_checkpoints(folder.checkpoints)
    send(folder, "resume")
    wait_status(folder, "finished")
    epochs = [r["epoch"] for r in read_rows(folder.metrics) if r["kind"] == "epoch"]
    assert epochs == list(range(25))


def test_a_killed_supervisor_leaves_the_run_going_and_a_new_one_adopts_it(supervised: Path):
    # Two minutes: longer than a supervisor takes to start on a busy machine.
    folder = start(supervised, **SLOW | {"train__epochs": 120, "train__epochs_per_second": 1.0})
    wait_for(lambda: read_state(folder)["epoch"] >= 2, "epoch 2")
    about = supervisor_info(supervised)
    pid = read_state(folder)["worker"]["pid"]
    os.kill(about["pid"], signal.SIGKILL)
    wait_for(lambda: supervisor_info(supervised) is None, "the supervisor's end")
    ensure_supervisor(supervised)
    new = wait_for(lambda: (s := supervisor_info(supervised)) and s["ready"] and s, "the new supervisor")
    assert new["pid"] != about["pid"]
    state = read_state(folder)
    assert (state["status"], state["worker"]["pid"]) == ("running", pid)
    assert folder.id in new["running"]
    send(folder, "set", name="epochs_per_second", value=0)
    wait_status(folder, "finished")
    epochs = [r["epoch"] for r in read_rows(folder.metrics) if r["kind"] == "epoch"]
    assert epochs == list(range(121)), "trained once, not twice"


def test_a_full_disk_pauses_with_its_cause_and_goes_on_by_itself(workspace: Path, monkeypatch):
    folder = make_run(workspace)
    from selfsup_core.runs.folder import MetricsWriter

    real, left, seen = MetricsWriter.append, [2], []

    def append(self, row):
        if row.get("epoch") == 2 and left[0]:
            left[0] -= 1
            raise OSError(28, "No space left on device")
        return real(self, row)

    def sleep(seconds):
        if seconds == 0.5:
            state = read_json(folder.state)
            seen.append((state["status"], state["message"], (folder.path / "reserve").exists()))

    monkeypatch.setattr(MetricsWriter, "append", append)
    monkeypatch.setattr(keeper_module.time, "sleep", sleep)
    assert run_here(folder)["status"] == "finished"
    assert len(seen) == 2
    assert all(status == "paused" and "disk is full" in message for status, message, _ in seen)
    assert not any(reserve for *_, reserve in seen), "the reserve makes room for this very message"
    assert (folder.path / "reserve").exists()
    epochs = [r["epoch"] for r in read_rows(folder.metrics) if r["kind"] == "epoch"]
    assert epochs == [0, 1, 2, 3]


def test_a_diverging_run_keeps_its_last_finite_checkpoint(workspace: Path, monkeypatch):
    folder = make_run(workspace, train__epochs=6)
    from selfsup_core.objectives.reconstruction import Reconstruction
    from selfsup_core.workers.session import Session

    real, steps = Reconstruction.step, [0]

    def step(self, model, batch, generator):
        steps[0] += model.training
        terms = real(self, model, batch, generator)
        return {"loss": terms["loss"] * (float("inf") if steps[0] > 12 else 1.0)}

    look = Session._look
    monkeypatch.setattr(Session, "_look", lambda self, event: (look(self, event), self.save()))
    monkeypatch.setattr(Reconstruction, "step", step)
    state = run_here(folder)
    assert (state["status"], state["stop_reason"]) == ("failed", "diverged")
    assert "learning rate" in state["error"]["remedy"]
    assert all(np.isfinite(tensor).all() for tensor in weights(folder).values())
    with pytest.raises(Exception, match="lower learning rate"):
        resume(folder)


def test_a_tampered_checkpoint_is_named_and_the_one_before_used(workspace: Path, monkeypatch):
    folder = make_run(workspace, train__epochs=6, train__checkpoint_seconds=1e-6)
    from selfsup_core.workers.session import Session

    real = Session._look

    def look(self, event):
        real(self, event)
        if event.epoch == 4:
            raise Killed

    monkeypatch.setattr(Session, "_look", look)
    with pytest.raises(Killed):
        run_here(folder)
    monkeypatch.setattr(Session, "_look", real)
    newest = list_checkpoints(folder.checkpoints)[0]
    (newest / "tensors.safetensors").write_bytes(b"x" * 100)
    state = run_here(folder)
    assert state["status"] == "finished"
    assert any(newest.name in notice and "digest" in notice for notice in state["notices"])
    whole = make_run(workspace, train__epochs=6)
    run_here(whole)
    assert same(weights(whole), weights(folder))


def test_a_clock_that_jumps_back_leaves_durations_alone(workspace: Path, monkeypatch):
    folder = make_run(workspace)
    now = [2e9]
    monkeypatch.setattr(time, "time", lambda: now.__setitem__(0, now[0] - 3600) or now[0])
    assert run_here(folder)["status"] == "finished"
    seconds = [row["seconds"] for row in read_rows(folder.metrics)]
    assert seconds == sorted(seconds)
    assert seconds[0] >= 0


def test_two_workers_for_one_run_train_it_once(workspace: Path):
    from filelock import FileLock

    folder = make_run(workspace)
    with FileLock(folder.path / "worker.lock"):
        assert worker_module.main(str(folder.path)) == 3
    assert not folder.metrics.exists()
    assert worker_module.main(str(folder.path)) == 0
    assert list_frames(folder.frames) == [0, 1, 2, 3]
