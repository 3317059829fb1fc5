"""A supervisor of a room is killed: another one goes on, and turns still go round."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from selfsup_core.runs.folder import read_state
from selfsup_core.runs.queue import submit
from selfsup_core.workers.supervisor import ensure_supervisor, stop_supervisor, supervisor_info
from tests.conftest import kill_workers
from tests.helpers import tiny_spec, wait_for, wait_status
from tests.room.helpers import joined, opened, place_of

SLOW = {"train__epochs": 24, "train__epochs_per_second": 8.0}
ENDLESS = {"train__epochs": 100_000, "train__epochs_per_second": 8.0}


def test_who_had_a_turn_before_the_kill_waits_for_those_who_had_none(workspace: Path):
    room = opened(workspace)
    ada, ben = (place_of(room, joined(room, name)) for name in ("Ada", "Ben"))
    try:
        first, second = submit(ada, tiny_spec(**ENDLESS)), submit(ada, tiny_spec(**SLOW))
        ensure_supervisor(workspace)
        wait_status(first, "running")
        about = supervisor_info(workspace)
        os.kill(about["pid"], signal.SIGKILL)
        wait_for(lambda: supervisor_info(workspace) is None, "the supervisor's end")
        other = submit(ben, tiny_spec(**SLOW))  # asked after Ada's second
        ensure_supervisor(workspace)
        wait_for(lambda: (now := supervisor_info(workspace)) and now["running"], "the run to be adopted")
        assert read_state(first)["status"] == "running"
        os.kill(read_state(first)["worker"]["pid"], signal.SIGKILL)
        wait_status(other, "running")
        assert read_state(second)["status"] == "queued"
        wait_status(other, "finished")
        wait_status(second, "running", "finished")
    finally:
        stop_supervisor(workspace)
        for place in (ada, ben):
            kill_workers(place)
