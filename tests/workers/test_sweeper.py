"""The sweeper as a process: it trains a sweep with real workers, and the supervisor replaces one that has
died.
"""

from __future__ import annotations

import os
import signal

from filelock import FileLock

from selfsup_core.runs.folder import list_states
from selfsup_core.runs.sweeps.config import SweepConfig
from selfsup_core.runs.sweeps.folder import read_sweep_state, start_sweep
from selfsup_core.runs.sweeps.results import read_sweep
from selfsup_core.workers import supervisor, sweeper
from selfsup_core.workers.sweeper import drive
from selfsup_core.workers.sweeper_start import home, stop_sweeper, sweeper_info
from tests.helpers import tiny_spec, wait_for


def test_killed_it_is_replaced_and_no_run_is_repeated(supervised):
    config = SweepConfig(vary={"train.learning_rate": "1e-3,1e-2"}, seeds=2)
    folder = start_sweep(supervised, tiny_spec(name="Swept"), config)
    try:
        drive(supervised)
        wait_for(lambda: read_sweep(folder)["done"] >= 1, "the first run")
        about = sweeper_info(supervised)
        assert about
        os.kill(about["pid"], signal.SIGKILL)
        wait_for(lambda: read_sweep_state(folder)["status"] == "finished", "the sweep")
        other = sweeper_info(supervised)
        assert other, "it stays for a moment"
        assert other["pid"] != about["pid"]
    finally:
        stop_sweeper(supervised)
    found = read_sweep(folder)
    assert (found["done"], found["failed"]) == (4, 0)
    assert all(row["score"] is not None for row in found["rows"])
    mine = [state for state in list_states(supervised) if state["part_of"] == folder.id]
    assert len(mine) == 4


def test_of_two_sweepers_one_leaves_and_without_a_sweep_none_stays(workspace, monkeypatch):
    started = []
    monkeypatch.setattr(supervisor, "ensure_sweeper", lambda place, code: started.append(place))
    workspace.mkdir()
    supervisor.keep_sweeping(workspace)
    assert started == []
    start_sweep(workspace, tiny_spec(), SweepConfig(vary={"train.learning_rate": "1e-3,1e-2"}))
    supervisor.keep_sweeping(workspace)
    assert started == [workspace]
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    monkeypatch.setattr(sweeper, "IDLE_SECONDS", 0.0)
    monkeypatch.setattr(sweeper, "all_running", lambda host: [])
    assert sweeper.serve(workspace) == 0
    with FileLock(home(workspace) / "lock"):
        assert sweeper.serve(workspace) == 0
