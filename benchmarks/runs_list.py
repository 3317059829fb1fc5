"""The list of 10,000 runs: read anew, from the index by another process, and again; and the whole command."""

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
from selfsup_core.runs.index import FRESH_NS, forget
from selfsup_core.runs.queue import initial_state
from selfsup_core.runs.recipes import preset_spec

RUNS, REPEATS = sized(10_000, 300), sized(5, 1)
COLUMNS = ("read_ms", "index_ms", "again_ms", "command_ms", "python_ms")


def timed(call: Callable[[], Any], times: int = REPEATS) -> list[float]:
    """Milliseconds of each repetition."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        found.append(1000 * (time.perf_counter() - began))
    return found


def list_anew(workspace: Path) -> None:
    """As a process that has just started lists them."""
    forget()
    assert len(list(list_states(workspace))) == RUNS


def measure() -> list[Row]:
    spec = preset_spec("dense-64-32-16")
    with tempfile.TemporaryDirectory() as name:
        workspace = Path(name)
        for i in range(RUNS):
            folder = workspace / "runs" / f"261101-{i:06d}-abcd"
            folder.mkdir(parents=True)
            state = initial_state(folder.name, spec, "local", "", workspace) | {"status": "finished"}
            (folder / "state.json").write_text(json.dumps(state))
        time.sleep(FRESH_NS / 1e9 + 0.1)  # what was just written is not trusted
        (read,) = timed(lambda: list(list_states(workspace)), times=1)
        indexed = percentile(timed(lambda: list_anew(workspace)), 0.5)
        again = percentile(timed(lambda: list(list_states(workspace))), 0.5)
        command = [sys.executable, "-m", "selfsup_core", "runs", "list", "--workspace", name]
        whole = percentile(timed(lambda: subprocess.run(command, capture_output=True, check=True)), 0.5)
        bare = percentile(timed(lambda: subprocess.run([sys.executable, "-c", ""], check=True)), 0.5)
    return [
        Row(
            f"runs list, {RUNS:,} runs from the index",
            f"{indexed:.0f} ms (without it {read:.0f}, the next time {again:.0f} ms)",
            "at most 1,000 ms",
            indexed <= 1000,
            {"read_ms": read, "index_ms": indexed, "again_ms": again},
        ),
        Row(
            "  the whole command / an empty Python",
            f"{whole:.0f} / {bare:.0f} ms",
            "at most 3,000 ms",
            whole <= 3000,
            {"command_ms": whole, "python_ms": bare},
        ),
    ]
