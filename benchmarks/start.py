"""Submit → first metric on disk, with the supervisor warm and cold."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.size import sized
from benchmarks.table import Row, percentile, spread
from selfsup_core.runs.folder import ENDED, read_state
from selfsup_core.runs.queue import submit
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.workers.supervisor import ensure_supervisor, stop_supervisor

WARM_ROUNDS, COLD_ROUNDS = sized(7, 1), sized(2, 1)
SHORT = {"train.epochs": 2} | sized({}, {"data.source": "digits"})
COLUMNS = ("warm_p95_s", "cold_s")


def first_metric(workspace: Path) -> float:
    """Seconds from the submission to the first row; waits for the run's end before it returns."""
    began = time.perf_counter()
    folder = submit(workspace, preset_spec("dense-64-32-16", SHORT))
    ensure_supervisor(workspace)
    while not folder.metrics.exists() or not folder.metrics.stat().st_size:
        time.sleep(0.002)
    seconds = time.perf_counter() - began
    while read_state(folder)["status"] not in ENDED:
        time.sleep(0.02)
    return seconds


def measure() -> list[Row]:
    cold = []
    for _ in range(COLD_ROUNDS):
        with tempfile.TemporaryDirectory() as name:
            cold.append(first_metric(Path(name)))
            warm = [first_metric(Path(name)) for _ in range(WARM_ROUNDS)]
            stop_supervisor(Path(name))
    return [
        Row(
            "submit to first metric, supervisor warm",
            f"{spread(warm)} s",
            "at most 1.0 s",
            percentile(warm, 0.95) <= 1,
            {"warm_p95_s": percentile(warm, 0.95)},
        ),
        Row(
            "submit to first metric, all cold",
            f"{spread(cold)} s",
            "at most 10 s",
            max(cold) <= 10,
            {"cold_s": max(cold)},
        ),
    ]
