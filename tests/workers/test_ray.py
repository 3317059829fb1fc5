"""Runs on a real Ray cluster of two nodes, of which one is lost in the middle: no run is lost or trained
twice.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from selfsup_core.runs.control import send
from selfsup_core.runs.folder import RunFolder, read_rows, read_state
from selfsup_core.runs.queue import submit
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.workers.scheduler import Scheduler
from tests.helpers import make_run, rows_without_times, run_here, tiny_spec

# Three minutes on two cores. What a lost node means is played in test_lost.py.
pytestmark = pytest.mark.thorough
RUNS, CPUS = 8, 2
SPEC = {"train__epochs": 8, "train__epochs_per_second": 1.0, "train__checkpoint_seconds": 0.2}
SECONDS = 120.0  # a loaded machine's; a quiet one needs a third


@pytest.fixture
def cluster(monkeypatch) -> Iterator:
    """A head without CPUs and two nodes, all of this machine and on its loopback interface."""
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_raylet_start_wait_time_s", "120")  # on a machine that is busy
    pytest.importorskip("ray")
    from ray._private import ray_constants
    from ray.cluster_utils import Cluster

    monkeypatch.setattr(ray_constants, "ENABLE_RAY_CLUSTER", False)  # else it looks for another address

    small = {
        "node_ip_address": "127.0.0.1",
        "include_dashboard": False,
        "object_store_memory": 80_000_000,
    }
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    soon = {"health_check_period_ms": 1000, "health_check_failure_threshold": 8}  # when a node is given up
    made = Cluster()
    try:
        made.add_node(num_cpus=0, _system_config=soon, **small)
        yield made, lambda: made.add_node(num_cpus=CPUS, memory=4_000_000_000, **small)
    finally:
        import ray

        ray.shutdown()
        made.shutdown()
        left = [p for p in psutil.Process().children(recursive=True) if p.pid not in before]
        _, alive = psutil.wait_procs(left, timeout=10)
        for process in alive:
            process.kill()
        assert not alive, "the cluster left processes behind"


def turn_until(scheduler: Scheduler, check: Callable[[], object], what: str) -> None:
    """Be the supervisor until `check` is true."""
    until = time.monotonic() + SECONDS
    while not check():
        scheduler.go_round()
        assert time.monotonic() < until, f"waited for {what}"
        time.sleep(0.05)


def working(folders: list[RunFolder]) -> list[RunFolder]:
    return [folder for folder in folders if read_state(folder)["status"] == "running"]


def pids_of(folders: list[RunFolder]) -> set[int]:
    found = (read_state(folder)["worker"] for folder in folders)
    return {worker["pid"] for worker in found if worker and worker["pid"] != os.getpid()}


@pytest.mark.serial
def test_runs_outlive_a_node_and_a_supervisor(workspace: Path, cluster) -> None:
    from selfsup_core.workers.ray_launcher import RayLauncher

    made, add_node = cluster
    _, second = add_node(), add_node()
    folders = [submit(workspace, tiny_spec(**SPEC), owner=f"person {i}") for i in range(RUNS)]
    scheduler = Scheduler(workspace, RayLauncher(made.address), capacity=100)
    turn_until(scheduler, lambda: len(working(folders)) == 2 * CPUS, "a run on each CPU")
    waiting = [folder for folder in folders if read_state(folder)["status"] == "queued"]
    assert len(waiting) == RUNS - 2 * CPUS, "capacity follows the cluster"
    turn_until(scheduler, lambda: "place in the cluster" in read_state(waiting[-1])["message"], "its reason")

    paused = working(folders)[0]
    send(paused, "pause")
    turn_until(scheduler, lambda: read_state(paused)["status"] == "paused", "the pause")
    send(paused, "resume")
    # Another supervisor takes over what the first one has started.
    scheduler = Scheduler(workspace, RayLauncher(made.address), capacity=100)
    turn_until(scheduler, lambda: read_state(paused)["status"] in ("running", "finished"), "the resume")
    assert len(scheduler.watched) == len(scheduler.launcher.ends) >= 2 * CPUS - 1

    turn_until(scheduler, lambda: any(read_state(f)["epoch"] >= 3 for f in working(folders)), "some epochs")
    before = pids_of(folders)
    made.remove_node(second, allow_graceful=False)
    turn_until(scheduler, lambda: any(read_state(f).get("restarts") for f in folders), "the loss to be seen")
    turn_until(scheduler, lambda: all(read_state(f)["status"] == "finished" for f in folders), "the ends")
    assert not [pid for pid in before if psutil.pid_exists(pid)], "a worker of the lost node trains on"

    reference = make_run(workspace, **SPEC | {"train__epochs_per_second": 0.0})
    run_here(reference)
    expected = rows_without_times(reference)
    states = [read_state(folder) for folder in folders]
    assert 1 <= sum(state.get("restarts", 0) for state in states) <= CPUS
    for folder, state in zip(folders, states, strict=True):
        assert rows_without_times(folder) == expected, "bit for bit, without gap or repeat"
        assert [row["epoch"] for row in epoch_rows(read_rows(folder.metrics))] == list(
            range(SPEC["train__epochs"] + 1)
        )
        assert bool(state.get("restarts")) == any("machine that trained" in said for said in state["notices"])
    turn_until(scheduler, lambda: not scheduler.watched, "the last worker to be seen off")
