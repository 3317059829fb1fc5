"""Sweeps without training: runs that end at once with a score that follows from their settings."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from selfsup_core.runs.folder import RunFolder, encode_row, list_states, update_state
from selfsup_core.runs.queue import withdraw
from selfsup_core.runs.spec import RunSpec, read_spec
from selfsup_core.runs.sweeps.config import SweepConfig
from selfsup_core.runs.sweeps.folder import SweepFolder, start_sweep
from selfsup_core.workers.sweeping import Sweeping
from tests.helpers import tiny_spec

MOST_STEPS = 500
GRID = {"train.learning_rate": "1e-3,1e-2", "train.batch_size": "16,32"}


def error_of(spec: RunSpec) -> float:
    """Best at a learning rate of 0.01 and a batch size of 16; seeds scatter a little."""
    off = abs(math.log10(spec.train.learning_rate) + 2)
    return 0.1 + 0.1 * off + 0.001 * spec.train.batch_size + 0.002 * (spec.seed % 3)


class Machine:
    """In the place of supervisor and workers. trained: run → how often."""

    def __init__(self) -> None:
        self.trained: Counter[str] = Counter()

    def work(self, workspace: Path) -> None:
        """Train what waits; also a run whose request was lost, as the supervisor does."""
        for state in list_states(workspace):
            if state["status"] == "queued":
                folder = RunFolder(workspace / "runs" / state["run"])
                withdraw(folder)
                self.trained[folder.id] += 1
                self.finish(folder)

    def finish(self, folder: RunFolder) -> None:
        spec = read_spec(folder.spec)
        score = error_of(spec)
        rows = [
            {"kind": "epoch", "step": epoch, "epoch": epoch, "val_mse": score + 1 / (epoch + 1)}
            for epoch in range(spec.train.epochs + 1)
        ]
        folder.metrics.write_bytes(b"".join(encode_row(row) for row in rows))
        update_state(
            folder,
            status="finished",
            epoch=spec.train.epochs,
            seconds=2.0,
            metrics={"val_mse": score, "test_accuracy": 1.0 - score},
        )


def new_sweep(workspace: Path, **asked: object) -> SweepFolder:
    config = SweepConfig.model_validate({"vary": GRID, "seeds": 2, **asked})
    return start_sweep(workspace, tiny_spec(name="Wine"), config)


def finish_sweep(folder: SweepFolder, machine: Machine) -> Sweeping:
    """Take a sweep forward until it is over."""
    sweeping = Sweeping(folder, machine.work)
    run_out(sweeping, lambda: machine.work(folder.workspace))
    return sweeping


def run_out(sweeping: Sweeping, beside: Callable[[], None] = lambda: None) -> None:
    for _ in range(MOST_STEPS):
        if sweeping.is_over:
            return
        sweeping.step()
        beside()
    raise AssertionError(f"not over after {MOST_STEPS} steps: {sweeping.at} of {len(sweeping.order)}")
