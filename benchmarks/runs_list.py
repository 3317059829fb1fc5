"""The list of 1,000 runs: reading it, and the whole command."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.size import sized
from benchmarks.table import Row, percentile
from selfsup_core.runs.folder import list_states
from selfsup_core.runs.queue import initial_state
from selfsup_core.runs.recipes import preset_spec

RUNS, REPEATS = sized(1000, 30), sized(7, 1)
COLUMNS = ("read_ms", "command_ms", "python_ms")


def timed(call: Callable[[], Any]) -> list[float]:
    """Milliseconds of each repetition."""
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - began))
    return times


def measure() -> list[Row]:
    spec = preset_spec("dense-64-32-16")
    with tempfile.TemporaryDirectory() as name:
        workspace = Path(name)
        for i in range(RUNS):
            folder = workspace / "runs" / f"261101-{i:06d}-abcd"
            folder.mkdir(parents=True)
            state = initial_state(folder.name, spec, "local", "", workspace) | {"status": "finished"}
            (folder / "state.json").write_text(json.dumps(state))
        read = percentile(timed(lambda: list(list_states(workspace))), 0.5)
        command = [sys.executable, "-m", "selfsup_core", "runs", "list", "--workspace", name]
        whole = percentile(timed(lambda: subprocess.run(command, capture_output=True, check=True)), 0.5)
        bare = percentile(timed(lambda: subprocess.run([sys.executable, "-c", ""], check=True)), 0.5)
    return [
        Row(
            f"runs list, {RUNS:,} runs read",
            f"{read:.0f} ms",
            "at most 200 ms",
            read <= 200,
            {"read_ms": read},
        ),
        Row(
            "  the whole command / an empty Python",
            f"{whole:.0f} / {bare:.0f} ms",
            "at most 200 ms",
            whole <= 200,
            {"command_ms": whole, "python_ms": bare},
        ),
    ]
