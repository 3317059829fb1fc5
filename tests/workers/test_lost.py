"""A run whose machine is lost is queued again, says so, and not for ever."""

from __future__ import annotations

from pathlib import Path

from selfsup_core.runs.folder import read_state, update_state
from selfsup_core.runs.queue import resume, submit
from selfsup_core.workers.lost import MOST_RESTARTS
from selfsup_core.workers.scheduler import Scheduler
from tests.helpers import tiny_spec
from tests.runs.test_queue import Clock, FakeLauncher


class Losing(FakeLauncher):
    """Every machine is lost."""

    def was_lost(self, pid: int) -> bool:
        return True


def test_a_lost_machines_run_goes_on_a_few_times_then_waits_for_a_person(workspace: Path) -> None:
    launcher = Losing()
    scheduler = Scheduler(workspace, launcher, clock=Clock())
    folder = submit(workspace, tiny_spec())
    scheduler.turn()
    for times in range(1, MOST_RESTARTS + 1):
        launcher.alive.clear()
        scheduler.turn()
        state = read_state(folder)
        assert (state["status"], state["restarts"]) == ("running", times)
        assert f"({times} of at most {MOST_RESTARTS} times)" in state["notices"][-1]
    launcher.alive.clear()
    scheduler.turn()
    state = read_state(folder)
    assert state["status"] == "interrupted"
    assert "3 others before it. Resume continues" in state["message"]
    assert launcher.started == [folder.id] * (1 + MOST_RESTARTS)
    resume(folder)
    assert read_state(folder)["restarts"] == 0


def test_a_paused_run_whose_machine_is_lost_waits_for_its_person(workspace: Path) -> None:
    launcher = Losing()
    scheduler = Scheduler(workspace, launcher, clock=Clock())
    folder = submit(workspace, tiny_spec())
    scheduler.turn()
    update_state(folder, status="paused", frees_slot=True)
    launcher.alive.clear()
    scheduler.turn()
    assert (read_state(folder)["status"], launcher.started) == ("interrupted", [folder.id])
