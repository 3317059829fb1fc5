"""A disk that is full or read-only, at every single write: the run waits, says why, and goes on."""

from __future__ import annotations

import errno
import json
import os
import resource
from pathlib import Path

import pytest

from selfsup_core.files import read_json
from selfsup_core.runs.control import send
from selfsup_core.runs.folder import read_rows, read_state, update_state
from selfsup_core.runs.queue import list_queue, submit
from selfsup_core.workers import keeper as keeper_module
from selfsup_core.workers import scheduler as scheduler_module
from selfsup_core.workers.scheduler import Scheduler
from selfsup_core.workers.worker import Worker
from tests.helpers import (
    frame_bytes,
    last_tensors,
    make_run,
    rows_without_times,
    same,
    tiny_spec,
    wait_for,
    wait_status,
)


class FullWorker(Worker):
    """Its n-th write fails twice for lack of space; notes what a reader of the state sees meanwhile."""

    at, count, code = -1, 0, errno.ENOSPC
    seen: list[dict] = []  # noqa: RUF012

    def persist(self, write):
        FullWorker.count += 1
        failures = [2 if FullWorker.count == self.at else 0]

        def limited():
            if failures[0]:
                failures[0] -= 1
                raise OSError(self.code, os.strerror(self.code))
            return write()

        return super().persist(limited)


@pytest.fixture
def quick(monkeypatch):
    """Waiting for space takes no time, and the state is looked at."""
    real = Worker._sleep_for_disk

    def sleep(self):
        real(self)
        FullWorker.seen.append(read_json(self.folder.state))

    monkeypatch.setattr(Worker, "_sleep_for_disk", sleep)
    monkeypatch.setattr(keeper_module.time, "sleep", lambda _: None)
    FullWorker.at, FullWorker.count, FullWorker.code, FullWorker.seen = -1, 0, errno.ENOSPC, []


def test_full_at_any_write_it_ends_as_if_nothing_had_happened(workspace: Path, quick, some):
    options = {"train__epochs": 2, "train__checkpoint_seconds": 1e-9}
    whole = make_run(workspace, **options)
    FullWorker.at, FullWorker.count = -1, 0
    FullWorker(whole).run()
    writes = FullWorker.count
    assert writes > 12
    for at in some(range(1, writes + 1)):
        folder = make_run(workspace, **options)
        FullWorker.at, FullWorker.count, FullWorker.seen = at, 0, []
        FullWorker(folder).run()
        if FullWorker.count < at:  # how many there are depends on how busy the machine is: signs of life
            continue
        assert len(FullWorker.seen) == 2, at
        for state in FullWorker.seen:
            assert state["status"] == "paused", at
            assert "The disk is full" in state["message"]
        left = read_state(folder)
        assert (left["status"], left["message"]) == ("finished", ""), f"write {at}"
        assert left["stop_reason"] == "all epochs finished"
        assert "before_disk" not in left
        assert rows_without_times(folder) == rows_without_times(whole)
        assert same(last_tensors(folder), last_tensors(whole))


def test_read_only_is_named_even_where_the_reserve_cannot_be_removed(workspace: Path, quick, monkeypatch):
    folder = make_run(workspace)
    FullWorker.at, FullWorker.code = 4, errno.EROFS
    real = Path.unlink

    def unlink(self, missing_ok=False):
        if self.name == "reserve":
            raise OSError(errno.EROFS, "Read-only file system")
        real(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    FullWorker(folder).run()
    assert "The disk is read-only" in FullWorker.seen[0]["message"]
    assert read_state(folder)["status"] == "finished"


def test_stopped_while_the_disk_is_full_it_is_stopped(workspace: Path, quick, monkeypatch):
    folder = make_run(workspace)
    FullWorker.at = 8
    real = Worker._sleep_for_disk

    def sleep(self):
        (folder.control / "0.json").write_text(json.dumps({"action": "stop"}))
        if FullWorker.at == 8:
            FullWorker.at = FullWorker.count + 1  # and the state "stopped" meets a full disk too
        real(self)

    monkeypatch.setattr(Worker, "_sleep_for_disk", sleep)
    FullWorker(folder).run()
    assert len(FullWorker.seen) >= 2
    state = read_state(folder)
    assert (state["status"], state["stop_reason"]) == ("stopped", "stopped while the disk was full")
    assert state["worker"] is None


def test_other_errors_of_the_disk_are_not_taken_for_lack_of_space(workspace: Path, quick):
    folder = make_run(workspace)
    FullWorker.at, FullWorker.code = 6, errno.EIO
    FullWorker(folder).run()
    state = read_state(folder)
    assert (state["status"], state["stop_reason"]) == ("failed", "internal")
    assert FullWorker.seen == []


def test_a_full_disk_where_metrics_are_mended_at_the_start_pauses_too(workspace: Path, quick, monkeypatch):
    folder = make_run(workspace)
    from selfsup_core.workers import session

    real, left = session.open_metrics, [2]

    def open_metrics(*arguments):
        if left[0]:
            left[0] -= 1
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*arguments)

    monkeypatch.setattr(session, "open_metrics", open_metrics)
    Worker(folder).run()
    assert [state["status"] for state in FullWorker.seen] == ["paused", "paused"]
    assert read_state(folder)["status"] == "finished"


def test_a_full_disk_where_the_data_are_made_pauses_too(workspace: Path, quick, monkeypatch):
    folder = make_run(workspace)
    from selfsup_core.tasks import autoencoder

    real, left = autoencoder.open_source, [1]

    def open_source(*arguments, **options):
        if left[0]:
            left[0] -= 1
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*arguments, **options)

    monkeypatch.setattr(autoencoder, "open_source", open_source)
    Worker(folder).run()
    assert len(FullWorker.seen) == 1
    assert read_state(folder)["status"] == "finished"


def test_a_real_worker_that_may_write_no_more_pauses_and_goes_on(supervised: Path):
    """The kernel's own limit on file sizes stands for the full disk: EFBIG at every larger write."""
    options = {
        "train__epochs": 30,
        "train__epochs_per_second": 10,
        "train__checkpoint_seconds": 0.1,
    }
    whole = submit(supervised, tiny_spec(**options))
    wait_status(whole, "finished")
    folder = submit(supervised, tiny_spec(**options))
    state = wait_for(
        lambda: (s := read_state(folder))["status"] == "running" and s["epoch"] >= 2 and s,
        "epoch 2",
    )
    pid = state["worker"]["pid"]
    hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
    size = folder.state.stat().st_size
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size + 1500, hard))
    state = wait_status(folder, "paused", seconds=30)
    assert "The disk is full. Training continues as soon as" in state["message"]
    assert state["worker"]["pid"] == pid
    beat = state["beat"]
    wait_for(lambda: read_state(folder)["beat"] > beat, "a sign of life")
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
    state = wait_status(folder, "finished")
    assert state["stop_reason"] == "all epochs finished"
    assert same(last_tensors(whole), last_tensors(folder))
    assert rows_without_times(whole) == rows_without_times(folder)
    assert frame_bytes(whole) == frame_bytes(folder)
    rows = read_rows(folder.metrics)
    assert [row["seconds"] for row in rows] == sorted(row["seconds"] for row in rows)


class Launcher:
    def __init__(self) -> None:
        self.started: list[str] = []

    def waits_for(self, folder) -> str:
        return ""

    def has_begun(self, pid: int) -> bool:
        return True

    def was_lost(self, pid: int) -> bool:
        return False

    def start(self, folder) -> int:
        self.started.append(folder.id)
        update_state(folder, status="running")
        return 4_000_001

    def is_alive(self, pid: int) -> bool:
        return True

    def exit_code(self, pid: int) -> int | None:
        return None

    def recognizes(self, worker, folder) -> bool:
        return False

    def kill(self, pid: int) -> None:
        raise AssertionError("nothing is to be killed")


def test_a_supervisor_that_cannot_write_loses_no_run(workspace: Path, monkeypatch):
    launcher = Launcher()
    scheduler = Scheduler(workspace, launcher)
    folder = submit(workspace, tiny_spec())
    real, left = scheduler_module.update_state, [1]

    def update(*arguments, **changes):
        if left[0]:
            left[0] -= 1
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*arguments, **changes)

    monkeypatch.setattr(scheduler_module, "update_state", update)
    scheduler.go_round()
    assert left == [0]
    assert launcher.started == []
    scheduler.go_round()
    assert launcher.started == [folder.id]
    assert list_queue(workspace) == []


def test_a_run_stopped_in_the_moment_of_its_start_does_not_start(workspace: Path, monkeypatch):
    """Both the supervisor and the person want the queue's entry: whoever takes it decides."""
    launcher = Launcher()
    scheduler = Scheduler(workspace, launcher)
    folder = submit(workspace, tiny_spec())
    real = scheduler_module.withdraw

    def withdraw(wanted):
        monkeypatch.setattr(scheduler_module, "withdraw", real)
        send(wanted, "stop")
        return real(wanted)

    monkeypatch.setattr(scheduler_module, "withdraw", withdraw)
    scheduler.turn()
    assert launcher.started == []
    assert read_state(folder)["status"] == "stopped"


def test_requests_that_come_while_the_disk_is_full_are_kept(workspace: Path, quick, monkeypatch):
    folder = make_run(workspace)
    FullWorker.at = 8
    real = Worker._sleep_for_disk

    def sleep(self):
        if not FullWorker.seen:
            request = {"action": "set", "name": "learning_rate", "value": 0.05}
            (folder.control / "0.json").write_text(json.dumps(request))
        real(self)

    monkeypatch.setattr(Worker, "_sleep_for_disk", sleep)
    FullWorker(folder).run()
    assert read_state(folder)["learning_rate"] == 0.05
    assert [row["value"] for row in read_rows(folder.path / "changes.jsonl")] == [0.05]
