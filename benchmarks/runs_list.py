"""The list of 1,000 runs: reading it, and the whole command."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.table import Row, percentile
from selfsup_core.runs.folder import list_states
from selfsup_core.runs.queue import initial_state
from selfsup_core.runs.spec import preset_spec

RUNS, REPEATS = 1000, 7


def timed(call: object) -> list[float]:
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - began))
    return times


def measure() -> list[Row]:
    spec = preset_spec("dense-64-32-16")
    with tempfile.TemporaryDirectory() as name:
        for i in range(RUNS):
            folder = Path(name) / "runs" / f"261101-{i:06d}-abcd"
            folder.mkdir(parents=True)
            state = initial_state(folder.name, spec, "local", "") | {"status": "finished"}
            (folder / "state.json").write_text(json.dumps(state))
        read = percentile(timed(lambda: list(list_states(Path(name)))), 0.5)
        command = [sys.executable, "-m", "selfsup_core", "runs", "list", "--workspace", name]
        whole = percentile(timed(lambda: subprocess.run(command, capture_output=True, check=True)), 0.5)
        bare = percentile(timed(lambda: subprocess.run([sys.executable, "-c", ""], check=True)), 0.5)
    return [
        Row("runs list, 1,000 runs read", f"{read:.0f} ms", "at most 200 ms", read <= 200),
        Row(
            "  the whole command / an empty Python",
            f"{whole:.0f} / {bare:.0f} ms",
            "at most 200 ms",
            whole <= 200,
        ),
    ]
