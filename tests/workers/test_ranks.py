"""A run that two processes on the CPU share, through gloo: the curve of one process with the same batches,
and no process that is left behind.
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from threading import Thread

import numpy as np
import psutil
import pytest

from selfsup_core.errors import SettingError
from selfsup_core.runs.control import deliver
from selfsup_core.runs.folder import RunFolder, read_rows, read_state
from selfsup_core.runs.processes import start_time
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.workers.launcher import SpawnLauncher
from selfsup_core.workers.ranks import MODULE
from tests.helpers import make_run, rows_without_times, run_here, tiny_spec, wait_for, wait_status, weights

# Sums over rows are rounded in another order; measured: 2e-7 of a loss after 15 steps.
TOLERANCE = 2e-5
LONG = {"train__epochs": 100_000, "train__epochs_per_second": 20.0}


def ranks_of(folder: RunFolder) -> list[int]:
    """Processes that share this run with its worker."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            words = process.cmdline()
            if MODULE in words and str(folder.path) in words:
                found.append(process.pid)
    return found


def test_two_processes_give_the_curve_of_one(workspace: Path) -> None:
    """142 rows in batches of 32 and a last one of 14: shares of different sizes too."""
    alone = make_run(workspace, train__epochs=3)
    shared = make_run(workspace, train__epochs=3, train__devices=2)
    run_here(alone)
    state = run_here(shared)
    assert (state["status"], state["device"]["label"]) == ("finished", "2 × CPU, 1 thread")
    assert "shared by 2 processes" in state["device"]["reason"]
    one, two = rows_without_times(alone), rows_without_times(shared)
    assert [(row["kind"], row["step"]) for row in one] == [(row["kind"], row["step"]) for row in two]
    for name in ("train_loss", "val_loss"):
        curves = [[row[name] for row in rows if name in row] for rows in (one, two)]
        assert len(curves[0]) >= 3
        np.testing.assert_allclose(curves[1], curves[0], rtol=TOLERANCE)
    for name, value in weights(alone).items():
        np.testing.assert_allclose(weights(shared)[name], value, rtol=0, atol=1e-4)
    assert not ranks_of(shared)


def test_a_lost_rank_interrupts_the_run_and_a_lost_worker_takes_its_ranks_along(workspace: Path) -> None:
    folder = make_run(workspace, train__devices=2, objective__kind="denoising", **LONG)

    def lose_rank() -> None:
        wait_for(lambda: read_state(folder)["epoch"] >= 1, "an epoch")
        deliver(folder, {"action": "pause"})
        wait_status(folder, "paused")
        deliver(folder, {"action": "resume"})
        wait_status(folder, "running")
        (rank,) = ranks_of(folder)
        os.kill(rank, signal.SIGKILL)

    other = Thread(target=lose_rank)
    other.start()
    state = run_here(folder)
    other.join()
    assert (state["status"], state["worker"]) == ("interrupted", None)
    assert "One of the processes that shared the training ended" in state["message"]
    step = state["step"]

    launcher = SpawnLauncher()
    worker = launcher.start(folder)
    try:
        wait_for(lambda: read_state(folder)["step"] > step, "a step after the resume")
        (rank,) = ranks_of(folder)
    finally:
        launcher.kill(worker)
        launcher.children[worker].wait()
    wait_for(lambda: start_time(rank) is None, "the rank to end with its worker", 10)
    epochs = [row["epoch"] for row in epoch_rows(read_rows(folder.metrics))]
    assert epochs == list(range(len(epochs))), "without gap or repeat"


def test_what_cannot_be_shared_is_refused(workspace: Path) -> None:
    with pytest.raises(
        SettingError, match=r"Devices is set to 2, but.*vector-quantized.*cannot be shared.*Set Devices to 1"
    ):
        tiny_spec(train__devices=2, objective__kind="vector-quantized", objective__dimension=2)
    with pytest.raises(SettingError, match="batch of 3 rows cannot be shared by 4 devices"):
        tiny_spec(train__devices=4, train__batch_size=3)
    with pytest.raises(SettingError, match=r"train.devices must be at least 1 and at most 16; found 0"):
        tiny_spec(train__devices=0)
