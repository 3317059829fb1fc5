"""A paused run keeps its worker and gives its slot away; when it is to go on it waits for its turn."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfsup_core.runs.access import is_allowed
from selfsup_core.runs.control import receive, send
from selfsup_core.runs.folder import RunFolder, update_state
from selfsup_core.runs.processes import identity
from selfsup_core.runs.queue import list_queue, submit
from selfsup_core.runs.waiting import waiting_for
from selfsup_core.workers.live import LiveRuns
from selfsup_core.workers.scheduler import HEARING_SECONDS, Scheduler
from tests.helpers import tiny_spec
from tests.runs.test_queue import Clock, FakeLauncher, end

ME = identity()


@pytest.fixture
def boss(workspace: Path):
    launcher, clock = FakeLauncher(), Clock()
    return Scheduler(workspace, launcher, capacity=1, clock=clock), launcher, clock


def pass_on(scheduler: Scheduler, clock: Clock) -> None:
    clock.now += HEARING_SECONDS + 1
    scheduler.turn()


def pause(folder: RunFolder, beat: int = 1) -> None:
    update_state(folder, status="paused", frees_slot=True, worker=ME, beat=beat)


def actions(folder: RunFolder) -> list[str]:
    return [request["action"] for request in receive(folder)[0]]


def test_another_run_starts_while_one_is_paused_and_that_one_waits_for_its_turn(workspace: Path, boss):
    scheduler, launcher, clock = boss
    first, second = submit(workspace, tiny_spec()), submit(workspace, tiny_spec())
    scheduler.turn()
    pass_on(scheduler, clock)
    assert launcher.started == [first.id], "one at a time"
    pause(first)
    pass_on(scheduler, clock)
    assert launcher.started == [first.id, second.id]
    send(first, "resume")
    pass_on(scheduler, clock)
    assert actions(first) == [], "the slot is taken"
    assert [entry["run"] for entry in list_queue(workspace)] == [first.id]
    end(launcher, second.id)
    pass_on(scheduler, clock)
    assert actions(first) == ["resume"]
    assert list_queue(workspace) == []
    assert launcher.started == [first.id, second.id], "its worker was there all the time"


def test_a_free_slot_is_given_at_once_and_kept_until_the_worker_has_heard(workspace: Path, boss):
    scheduler, launcher, clock = boss
    first = submit(workspace, tiny_spec())
    scheduler.turn()
    pause(first)
    pass_on(scheduler, clock)
    send(first, "step")
    third = submit(workspace, tiny_spec())
    scheduler.turn()
    assert actions(first) == ["step"]
    clock.now += 1
    scheduler.turn()
    assert launcher.started == [first.id], "the state still says paused, but the worker was told to go on"
    pause(first, beat=2)
    pass_on(scheduler, clock)
    assert launcher.started == [first.id, third.id]


@pytest.mark.parametrize("action", ["stop", "pause"])
def test_another_request_takes_the_wish_to_go_on_back(workspace: Path, boss, action: str):
    scheduler, _launcher, clock = boss
    first = submit(workspace, tiny_spec())
    scheduler.turn()
    pause(first)
    pass_on(scheduler, clock)
    send(first, "resume")
    send(first, action)
    assert list_queue(workspace) == []
    assert actions(first) == [action], "the worker is there to hear it"


def test_waiting_for_the_disk_keeps_the_slot(workspace: Path, boss):
    scheduler, launcher, clock = boss
    first, _second = submit(workspace, tiny_spec()), submit(workspace, tiny_spec())
    scheduler.turn()
    update_state(first, status="paused", message="The disk is full.", worker=ME, beat=1)
    pass_on(scheduler, clock)
    assert launcher.started == [first.id]
    send(first, "resume")
    assert actions(first) == ["resume"], "its worker has the slot and is asked itself"


def test_a_paused_run_that_is_adopted_frees_its_slot(workspace: Path, boss):
    scheduler, launcher, _clock = boss
    first, second = submit(workspace, tiny_spec()), submit(workspace, tiny_spec())
    scheduler.turn()
    pause(first)
    launcher.alive[ME["pid"]] = first
    again = Scheduler(workspace, launcher, capacity=1)
    again.go_round()
    assert launcher.started == [first.id, second.id]


def test_who_waits_is_told_for_what(workspace: Path, boss):
    scheduler, _launcher, clock = boss
    names = ("first", "second", "third")
    first, second, third = (submit(workspace, tiny_spec(name=name)) for name in names)
    assert waiting_for(first).sentence() == "Waiting for its turn."
    scheduler.turn()
    assert (
        waiting_for(second).sentence()
        == "Next in the queue, after 'first'. How long 'first' takes is not known yet."
    )
    update_state(first, seconds_left=240.0, worker=ME)
    assert waiting_for(first) is None
    assert waiting_for(second).sentence() == "Next in the queue, after 'first', about 4 min left."
    assert waiting_for(third).sentence() == (
        "Number 2 in the queue, after 'second', at least 4 min until its turn. How long 'second' takes is "
        "not known yet."
    )
    seen = LiveRuns(workspace).state(third.id)
    assert seen["message"] == waiting_for(third).sentence()
    assert seen["waits"] == {
        "position": 2,
        "ahead": {"run": second.id, "name": "second"},
        "working": {"run": first.id, "name": "first"},
        "seconds": None,
    }
    assert is_allowed(workspace, first.id, seen["tokens"][first.id])
    pause(first)
    pass_on(scheduler, clock)
    send(first, "resume")
    waits = waiting_for(first)
    assert waits.sentence().startswith("Number 2 in the queue, after 'third'")
    assert waits.working == {"run": second.id, "name": "second"}
    assert LiveRuns(workspace).state(first.id)["message"] == waits.sentence()


def test_the_wait_is_the_sum_of_what_is_ahead(workspace: Path, boss):
    supervisor, _launcher, clock = boss
    first, second, third = (submit(workspace, tiny_spec(name=name, train__epochs=10)) for name in "abc")
    supervisor.turn()
    # One epoch takes 20 seconds: 8 of them are left of the first run, and all 10 of the second, which is like
    # it.
    update_state(first, seconds_left=160.0, seconds=40.0, epoch=2, worker=ME)
    assert waiting_for(third).sentence() == "Number 2 in the queue, after 'b', about 6 min until its turn."
    # A run that was paused knows its own pace.
    pause(first)
    pass_on(supervisor, clock)
    send(first, "resume")
    fourth = submit(workspace, tiny_spec(name="d"))
    update_state(second, seconds_left=100.0, worker=ME)
    assert waiting_for(fourth).seconds == 100.0 + 200.0 + 160.0


def test_pausing_the_run_that_works_lets_the_next_one_start(workspace: Path, boss):
    supervisor, launcher, clock = boss
    first, second = submit(workspace, tiny_spec()), submit(workspace, tiny_spec())
    supervisor.turn()
    update_state(first, status="running", worker=ME)
    send(RunFolder(workspace / "runs" / waiting_for(second).working["run"]), "pause")
    assert actions(first) == ["pause"]
    pause(first)
    pass_on(supervisor, clock)
    assert launcher.started == [first.id, second.id]
