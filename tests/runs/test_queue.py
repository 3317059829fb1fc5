"""Submitting, the queue, the supervisor's choices, the trash: without any real process."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from selfsup_core.errors import RunError, SettingError
from selfsup_core.files import read_json
from selfsup_core.runs.control import receive, send
from selfsup_core.runs.folder import (
    INTERRUPTED,
    LIKELY_NO_MEMORY,
    NO_MEMORY,
    MetricsWriter,
    RunFolder,
    list_states,
    open_run,
    read_rows,
    read_state,
    update_state,
    write_state,
)
from selfsup_core.runs.processes import Identity, identity, is_alive
from selfsup_core.runs.queue import enqueue, list_queue, submit, withdraw
from selfsup_core.runs.spec import read_spec
from selfsup_core.runs.trash import delete, empty_old, restore
from selfsup_core.workers.scheduler import Scheduler
from tests.helpers import make_run, tiny_spec

GONE: Identity = {"pid": 4_000_001, "start": 1.0}  # a worker whose process has ended


class FakeLauncher:
    """Workers that are numbers; they live until they are killed."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.alive: dict[int, RunFolder] = {}
        self.killed: list[int] = []
        self.code = -9  # with which they end

    def waits_for(self, folder) -> str:
        return ""

    def has_begun(self, pid: int) -> bool:
        return True

    def was_lost(self, pid: int) -> bool:
        return False

    def start(self, folder: RunFolder) -> int:
        self.started.append(folder.id)
        pid = 4_000_000 + len(self.started)  # above the kernel's largest
        self.alive[pid] = folder
        update_state(folder, status="running", worker=None)
        return pid

    def is_alive(self, pid: int) -> bool:
        return pid in self.alive

    def exit_code(self, pid: int) -> int | None:
        return None if pid in self.alive else self.code

    def recognizes(self, worker: Identity, folder: RunFolder) -> bool:
        return self.alive.get(worker["pid"]) == folder

    def kill(self, pid: int) -> None:
        self.killed.append(pid)
        del self.alive[pid]


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def boss(workspace: Path):
    launcher, clock = FakeLauncher(), Clock()
    scheduler = Scheduler(workspace, launcher, capacity=2, clock=clock)
    return scheduler, launcher, clock


def end(launcher: FakeLauncher, run: str, status: str = "finished") -> None:
    pid = next(pid for pid, folder in launcher.alive.items() if folder.id == run)
    update_state(launcher.alive.pop(pid), status=status, worker=None)


@pytest.mark.parametrize(
    ("kills", "message"), [((4, 4, 4, 5), NO_MEMORY), ((4, 4, 5, 5), INTERRUPTED)], ids=["now", "before"]
)
def test_a_worker_that_the_system_ended_for_lack_of_memory(boss, workspace, monkeypatch, kills, message):
    """Only where the system counts another one between the last look at the living worker and its death."""
    scheduler, launcher, clock = boss
    counts = iter(kills)
    monkeypatch.setattr("selfsup_core.workers.scheduler.memory_kills", lambda: next(counts))
    folder = submit(workspace, tiny_spec())
    scheduler.turn()  # the first count
    for _ in range(2):
        clock.now += 1
        scheduler.turn()
    launcher.alive.clear()
    scheduler.turn()
    state = read_state(folder)
    assert (state["status"], state["message"]) == ("interrupted", message)
    assert list(counts) == []


@pytest.mark.parametrize(
    ("code", "kills", "log", "message"),
    [
        (-9, None, "", LIKELY_NO_MEMORY),
        (137, None, "", LIKELY_NO_MEMORY),
        (0xC0000017, None, "", LIKELY_NO_MEMORY),
        (0xC000012D - 2**32, None, "", LIKELY_NO_MEMORY),
        (1, 0, "Traceback (most recent call last):\nMemoryError\n", LIKELY_NO_MEMORY),
        (-6, 0, "terminate called after throwing an instance of 'std::bad_alloc'\n", LIKELY_NO_MEMORY),
        (-9, 0, "", INTERRUPTED),
        (-11, None, "", INTERRUPTED),
        (1, None, "ImportError\n", INTERRUPTED),
        (0, None, "MemoryError\n", INTERRUPTED),
    ],
)
def test_an_exit_that_speaks_of_memory_is_said_to_be_likely(
    boss, workspace, monkeypatch, code, kills, log, message
):
    """Where no system counts its kills (macOS, Windows), or the process itself gave up."""
    scheduler, launcher, _ = boss
    monkeypatch.setattr("selfsup_core.workers.scheduler.memory_kills", lambda: kills)
    folder = submit(workspace, tiny_spec())
    folder.log.write_text("x" * 3000 + log)
    scheduler.turn()
    launcher.alive.clear()
    launcher.code = code
    scheduler.turn()
    assert read_state(folder)["message"] == message


def test_a_worker_that_was_silent_and_is_killed_did_not_lack_memory(boss, workspace, monkeypatch):
    scheduler, launcher, clock = boss
    counts = iter(range(100))
    monkeypatch.setattr("selfsup_core.workers.scheduler.memory_kills", lambda: next(counts))
    folder = submit(workspace, tiny_spec())
    scheduler.turn()
    for _ in range(3):
        clock.now += 301
        scheduler.turn()
    assert launcher.killed
    assert read_state(folder)["message"] == INTERRUPTED


def test_a_submission_makes_one_run_however_often_it_is_sent(workspace: Path):
    first = submit(workspace, tiny_spec(), submission="click")
    again = submit(workspace, tiny_spec(), submission="click")
    other = submit(workspace, tiny_spec(), submission="another click")
    assert first.id == again.id != other.id
    assert len(list(list_states(workspace))) == len(list_queue(workspace)) == 2


def test_the_spec_is_kept_whole(workspace: Path):
    spec = tiny_spec(train__learning_rate=0.02, seed=7, name="mine")
    folder = submit(workspace, spec)
    assert read_spec(folder.spec) == spec


def test_the_sixth_waiting_run_of_a_person_is_refused(workspace: Path):
    for _ in range(5):
        submit(workspace, tiny_spec(), owner="ann")
    with pytest.raises(RunError, match="at most 5") as caught:
        submit(workspace, tiny_spec(), owner="ann")
    assert caught.value.code == "queue-full"
    submit(workspace, tiny_spec(), owner="bob")


def test_runs_start_in_order_one_an_owner_and_owners_take_turns(workspace: Path, boss):
    scheduler, launcher, clock = boss
    ann = [submit(workspace, tiny_spec(), owner="ann").id for _ in range(3)]
    bob = [submit(workspace, tiny_spec(), owner="bob").id for _ in range(2)]
    eve = [submit(workspace, tiny_spec(), owner="eve").id]
    scheduler.turn()
    assert launcher.started == [ann[0], bob[0]]
    clock.now += 1
    end(launcher, ann[0])
    scheduler.turn()
    assert launcher.started[2:] == eve, "eve has waited longer for a turn than ann"
    clock.now += 1
    end(launcher, bob[0])
    scheduler.turn()
    assert launcher.started[3:] == [ann[1]]


def test_a_dead_worker_is_marked_and_its_place_is_free(workspace: Path, boss):
    scheduler, launcher, _clock = boss
    folder = submit(workspace, tiny_spec())
    later = submit(workspace, tiny_spec())
    scheduler.turn()
    launcher.alive.clear()
    scheduler.turn()
    assert read_state(folder)["status"] == "interrupted"
    assert launcher.started == [folder.id, later.id]


def test_a_worker_that_ends_while_its_state_is_read_is_not_interrupted(workspace: Path, monkeypatch):
    folder = make_run(workspace)
    update_state(folder, status="running", worker=GONE)

    def ends_now(pid: int, start: float | None) -> bool:
        update_state(folder, status="finished", worker=None)
        return False

    monkeypatch.setattr("selfsup_core.runs.folder.is_alive", ends_now)
    assert read_state(folder)["status"] == "finished"
    update_state(folder, status="running", worker=GONE)
    assert [state["status"] for state in list_states(workspace)] == ["finished"]


def test_a_silent_worker_is_said_at_30_seconds_and_killed_at_300(workspace: Path, boss):
    scheduler, launcher, clock = boss
    folder = submit(workspace, tiny_spec())
    scheduler.turn()
    clock.now += 1
    scheduler.turn()
    clock.now += 29
    scheduler.turn()
    assert scheduler.silent() == []
    clock.now += 2
    scheduler.turn()
    assert scheduler.silent() == [folder.id]
    update_state(folder, beat=5)
    scheduler.turn()
    assert scheduler.silent() == [], "a sign of life clears it"
    clock.now += 299
    scheduler.turn()
    assert launcher.killed == []
    clock.now += 2
    scheduler.turn()
    scheduler.turn()
    assert len(launcher.killed) == 1
    assert read_state(folder)["status"] == "interrupted"


def test_recovery_after_a_crash_runs_nothing_twice_and_leaves_nothing_running(workspace: Path, boss):
    scheduler, launcher, _clock = boss
    states = {}
    for name in ("dead", "alive", "lost", "starting", "done"):
        states[name] = make_run(workspace)
    update_state(states["dead"], status="running", worker=GONE)
    update_state(states["alive"], status="paused", worker=identity())
    update_state(states["starting"], status="starting", worker=None)
    update_state(states["done"], status="finished")
    launcher.alive[os.getpid()] = states["alive"]
    scheduler.recover()
    assert read_state(states["dead"])["status"] == "interrupted"
    assert read_json(states["dead"].state)["status"] == "interrupted"
    assert list(scheduler.watched) == [states["alive"].id]
    queued = {entry["run"] for entry in list_queue(workspace)}
    assert queued == {states["lost"].id, states["starting"].id}
    scheduler.recover()
    assert len(list_queue(workspace)) == 2


def test_a_run_stopped_while_it_waits_never_starts(workspace: Path, boss):
    scheduler, launcher, _clock = boss
    folder = submit(workspace, tiny_spec())
    send(folder, "stop")
    scheduler.turn()
    assert launcher.started == []
    assert read_state(folder)["stop_reason"] == "stopped before it started"


def test_a_queue_entry_of_a_deleted_run_is_dropped(workspace: Path, boss):
    scheduler, launcher, _clock = boss
    folder = make_run(workspace)
    update_state(folder, status="stopped")
    enqueue(folder, "ann")
    scheduler.turn()
    assert launcher.started == []
    assert list_queue(workspace) == []


def test_resuming_in_the_moment_of_burial_is_not_lost(workspace: Path, boss, monkeypatch):
    """The person resumes after the supervisor has seen the dead worker and before it writes that down."""
    from selfsup_core.runs import folder as folder_module
    from selfsup_core.runs.queue import resume

    scheduler, launcher, _clock = boss
    folder = submit(workspace, tiny_spec())
    scheduler.turn()
    update_state(folder, status="running", worker=GONE)
    launcher.alive.clear()
    real, resumed = folder_module.write_json, []

    def slow_write(path, value, **options):
        if value.get("status") == "interrupted" and not resumed:
            thread = threading.Thread(target=resume, args=(folder,))
            resumed.append(thread)
            thread.start()
            thread.join(0.3)
        real(path, value, **options)

    monkeypatch.setattr(folder_module, "write_json", slow_write)
    scheduler.turn()
    resumed[0].join()
    assert read_json(folder.state)["status"] == "queued"
    scheduler.turn()
    assert launcher.started == [folder.id, folder.id]


def test_two_people_delete_one_run(workspace: Path):
    folder = make_run(workspace)
    update_state(folder, status="finished")
    delete(folder)
    with pytest.raises(RunError) as caught:
        delete(folder)
    assert caught.value.code == "already-deleted"
    assert restore(workspace, folder.id).exists()
    with pytest.raises(RunError, match="not in the trash"):
        restore(workspace, folder.id)


@pytest.mark.parametrize("status", ["queued", "running", "paused"])
def test_a_run_at_work_is_not_deleted(workspace: Path, status):
    folder = make_run(workspace)
    update_state(folder, status=status, worker=identity())
    with pytest.raises(RunError, match="Stop it first"):
        delete(folder)
    assert folder.exists()


def test_the_trash_is_emptied_after_seven_days(workspace: Path):
    old, new = make_run(workspace), make_run(workspace)
    for folder in (old, new):
        update_state(folder, status="stopped")
        delete(folder)
    eight_days_ago = time.time() - 8 * 86_400
    os.utime(workspace / "trash" / old.id, (eight_days_ago, eight_days_ago))
    assert empty_old(workspace) == 1
    assert [p.name for p in (workspace / "trash").iterdir()] == [new.id]


def test_requests_come_in_the_order_they_were_sent(workspace: Path):
    folder = make_run(workspace)
    update_state(folder, status="running", worker=identity())
    actions = ["pause", "resume", "step", "stop"] * 5
    for action in actions:
        send(folder, action)
    (folder.control / "00000000000000000000-rubbish.json").write_bytes(b"{")
    requests, refused = receive(folder)
    assert [request["action"] for request in requests] == actions
    assert len(refused) == 1
    assert receive(folder) == ([], [])


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("learning_rate", 0, "more than 0 and at most 10; found 0"),
        ("learning_rate", 11, "at most 10; found 11"),
        ("learning_rate", "fast", "must be a number; found 'fast'"),
        ("learning_rate", None, "must be a number"),
        ("epochs", 3, "cannot be changed during a run"),
    ],
)
def test_live_settings_are_checked_where_they_are_sent(workspace: Path, name, value, says):
    folder = make_run(workspace)
    update_state(folder, status="running", worker=identity())
    with pytest.raises(SettingError) as caught:
        send(folder, "set", name=name, value=value)
    assert says in str(caught.value)


def test_an_ended_run_takes_no_requests(workspace: Path):
    folder = make_run(workspace)
    update_state(folder, status="finished")
    with pytest.raises(RunError, match="finished"):
        send(folder, "pause")


def test_a_run_is_found_by_id_beginning_or_name(workspace: Path):
    a, b = make_run(workspace, name="first"), make_run(workspace, name="second")
    assert open_run(workspace, a.id) == a
    assert open_run(workspace, "second") == b
    with pytest.raises(RunError, match="fits 2 runs"):
        open_run(workspace, a.id[:6])
    for wrong in ("nothing", "", "..", "../runs", a.id + "x"):
        with pytest.raises(RunError):
            open_run(workspace, wrong)


def test_a_pid_that_is_somebody_elses_by_now_counts_as_dead(workspace: Path):
    me = identity()
    assert is_alive(me["pid"], me["start"])
    assert not is_alive(me["pid"], me["start"] - 100)
    folder = make_run(workspace)
    state = read_json(folder.state) | {"status": "running", "worker": me | {"start": 1.0}}
    write_state(folder, state)
    assert read_state(folder)["status"] == "interrupted"


def test_a_torn_last_line_is_left_out_and_mended(tmp_path: Path):
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(b'{"step":1}\n{"step":2}\n{"ste')
    assert read_rows(path) == [{"step": 1}, {"step": 2}]
    writer = MetricsWriter(path, until_step=1)
    writer.append({"step": 2, "again": True})
    writer.close()
    assert path.read_bytes() == b'{"step":1}\n{"step":2,"again":true}\n'


def test_queue_entries_survive_rubbish(workspace: Path):
    folder = submit(workspace, tiny_spec())
    (workspace / "queue" / "rubbish.json").write_bytes(b"not json")
    assert [entry["run"] for entry in list_queue(workspace)] == [folder.id]
    assert withdraw(folder)
    assert not withdraw(folder)
