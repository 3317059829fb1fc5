"""Clicks that come twice, clocks that jump, pids that belong to somebody else by now: what must not go
wrong.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from selfsup_core.errors import RunError
from selfsup_core.evaluate.autoencoder import View
from selfsup_core.runs import processes
from selfsup_core.runs.control import receive, send
from selfsup_core.runs.folder import list_states, read_state, update_state
from selfsup_core.runs.frames import FrameStore, read_frame
from selfsup_core.runs.processes import identity
from selfsup_core.runs.queue import MAX_QUEUED, list_queue, submit
from selfsup_core.runs.thinned import frame_path
from selfsup_core.runs.trash import delete
from selfsup_core.workers import launcher as launcher_module
from selfsup_core.workers.launcher import ForkLauncher
from selfsup_core.workers.scheduler import Scheduler
from tests.helpers import ROOT, make_run, run_here, tiny_spec


def test_the_same_click_again_is_answered_even_when_the_queue_is_full(workspace: Path):
    runs = [submit(workspace, tiny_spec(), submission=f"click {i}") for i in range(MAX_QUEUED)]
    assert submit(workspace, tiny_spec(), submission="click 4").id == runs[-1].id
    with pytest.raises(RunError, match="at most 5"):
        submit(workspace, tiny_spec(), submission="click 5")
    assert len(list_queue(workspace)) == MAX_QUEUED


def test_of_thirty_submissions_at_once_five_are_taken(workspace: Path):
    """And a refused one leaves nothing behind that a supervisor would start later."""
    spec, made, refused, start = tiny_spec(), [], [], threading.Barrier(30)

    def click(number: int) -> None:
        start.wait()
        try:
            made.append(submit(workspace, spec, submission=f"click {number}").id)
        except RunError as error:
            refused.append(error.code)

    threads = [threading.Thread(target=click, args=(i,)) for i in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), refused) == (MAX_QUEUED, ["queue-full"] * 25)
    assert {state["run"] for state in list_states(workspace)} == set(made)
    assert {entry["run"] for entry in list_queue(workspace)} == set(made)
    assert len(list((workspace / "submissions").iterdir())) == MAX_QUEUED


def test_of_submissions_by_several_processes_five_are_taken(workspace: Path):
    code = """
import sys
from pathlib import Path
from selfsup_core.errors import RunError
from selfsup_core.runs.queue import submit
from tests.helpers import tiny_spec
made = 0
for _ in range(4):
    try:
        made += bool(submit(Path(sys.argv[1]), tiny_spec()))
    except RunError:
        pass
print(made)
"""
    command = [sys.executable, "-c", code, str(workspace)]
    processes = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(3)]
    assert sum(int(process.communicate(timeout=120)[0]) for process in processes) == MAX_QUEUED
    assert len(list_queue(workspace)) == MAX_QUEUED


def test_clicks_at_the_same_time_make_one_run(workspace: Path):
    spec, found, start = tiny_spec(), [], threading.Barrier(6)

    def click() -> None:
        start.wait()
        found.append(submit(workspace, spec, submission="one click").id)

    threads = [threading.Thread(target=click) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == 1
    assert len(list(list_states(workspace))) == len(list_queue(workspace)) == 1


def test_deleting_at_the_same_time_is_done_by_one(workspace: Path):
    folder = make_run(workspace)
    update_state(folder, status="finished")
    answers, start = [], threading.Barrier(6)

    def click() -> None:
        start.wait()
        try:
            delete(folder)
            answers.append("deleted")
        except RunError as error:
            answers.append(error.code)

    threads = [threading.Thread(target=click) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["already-deleted"] * 5 + ["deleted"]


def test_requests_keep_their_order_when_the_clock_is_set_back(workspace: Path, monkeypatch):
    folder = make_run(workspace)
    update_state(folder, status="running", worker=identity())
    now = [2_000_000_000]
    monkeypatch.setattr(time, "time", lambda: now[0])
    monkeypatch.setattr(time, "time_ns", lambda: now[0] * 10**9)
    for action in ("pause", "step", "resume"):
        send(folder, action)
        now[0] -= 3600
    assert [request["action"] for request in receive(folder)[0]] == ["pause", "step", "resume"]


def test_a_clock_that_jumps_both_ways_leaves_no_negative_duration(workspace: Path, monkeypatch):
    folder = make_run(workspace)
    jumps = iter(range(10**9))
    monkeypatch.setattr(time, "time", lambda: 2e9 + (-1) ** next(jumps) * 1e6)
    state = run_here(folder)
    assert state["status"] == "finished"
    assert 0 <= state["seconds"] < 60
    assert state["samples_per_second"] > 0


class Adopting(ForkLauncher):
    """Real processes, and a kill that is only noted."""

    def __init__(self) -> None:
        super().__init__()
        self.killed: list[int] = []

    def start(self, folder):
        raise AssertionError("nothing is to be started")

    def recognizes(self, worker, folder) -> bool:
        return processes.is_alive(worker["pid"], worker["start"])

    def kill(self, pid: int) -> None:
        self.killed.append(pid)


def test_a_process_that_has_the_pid_of_an_adopted_worker_is_not_killed(workspace: Path, monkeypatch):
    """The worker dies, the system gives its number to a program that knows nothing of us."""
    clock, launcher = [0.0], Adopting()
    scheduler = Scheduler(workspace, launcher, clock=lambda: clock[0])
    folder = make_run(workspace)
    me = identity()
    update_state(folder, status="running", worker=me)
    scheduler.recover()
    scheduler.turn()
    assert list(scheduler.watched) == [folder.id]
    real = processes.start_time
    monkeypatch.setattr(processes, "start_time", lambda pid: real(pid) + 5 if pid == me["pid"] else real(pid))
    monkeypatch.setattr(launcher_module, "is_alive", processes.is_alive)
    clock[0] += 400
    scheduler.turn()
    assert launcher.killed == []
    assert scheduler.watched == {}
    assert read_state(folder)["status"] == "interrupted"


def test_an_adopted_worker_that_stays_silent_is_killed(workspace: Path):
    """The control of the test above: the same process, still itself."""
    clock, launcher = [0.0], Adopting()
    scheduler = Scheduler(workspace, launcher, clock=lambda: clock[0])
    folder = make_run(workspace)
    update_state(folder, status="running", worker=identity())
    scheduler.recover()
    for _ in range(3):
        clock[0] += 301
        scheduler.turn()
    assert launcher.killed[0] == os.getpid()


def test_a_code_beyond_half_precision_stays_a_number(tmp_path: Path):
    codes = np.full((10, 4), 1e6) * [1, -1, 1e-6, 0]
    view = View({}, np.zeros((2, 6)), np.zeros(2), codes, np.zeros(10))
    store = FrameStore(tmp_path, max_frames=10, max_megabytes=1)
    store.write_view(0, view)
    latents = read_frame(frame_path(tmp_path, 0))["latents"]
    assert latents[0].tolist() == [65_504, -65_504, 1, 0]


def test_a_run_whose_numbers_really_blow_up_is_called_diverged(workspace: Path):
    """Twelve wide layers at learning rate 10: products of weights leave float32 within some epochs."""
    folder = make_run(
        workspace,
        model__widths=[64] * 11 + [2],
        model__activation="gelu",
        model__code_activation="linear",
        train__learning_rate=10.0,
        train__epochs=200,
        train__batch_size=8,
    )
    state = run_here(folder)
    assert (state["status"], state["stop_reason"]) == ("failed", "diverged")
    assert state["error"]["code"] == "diverged"
    assert "learning rate (10)" in state["error"]["remedy"]
    assert state["epoch"] < 200
