"""What several tests use: small specs, runs inside this process, waiting with a deadline, what a run left
behind.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import psutil
from safetensors.numpy import load as load_arrays

from selfsup_core.runs.folder import RunFolder, read_rows, read_state
from selfsup_core.runs.queue import submit, withdraw
from selfsup_core.runs.spec import RunSpec, make_spec
from selfsup_core.train.checkpoint import list_checkpoints
from selfsup_core.workers.worker import Worker

ROOT = Path(__file__).parent.parent
T = TypeVar("T")

# 142 training rows in batches of 32: five steps an epoch, milliseconds a run.
TINY = {
    "data": {"source": "wine"},
    "model": {"widths": [8, 4]},
    "train": {"epochs": 3, "device": "cpu", "threads": 1},
    "frames": {"samples": 60, "tiles": 8},
}
TIMES = ("seconds", "samples_per_second")


class Killed(BaseException):
    """Stands for SIGKILL inside this process: nothing in the core may catch it."""


def tiny_spec(**overrides: Any) -> RunSpec:
    """`tiny_spec(train__epochs=5)`: the tiny spec with `train.epochs` = 5."""
    return make_spec(TINY, {path.replace("__", "."): v for path, v in overrides.items()})


def make_run(workspace: Path, spec: RunSpec | None = None, **overrides: Any) -> RunFolder:
    """A run's folder that waits for no supervisor."""
    folder = submit(workspace, spec or tiny_spec(**overrides))
    assert withdraw(folder)
    folder.control.mkdir()
    return folder


def run_here(folder: RunFolder) -> dict[str, Any]:
    """Be the worker of a run, in this process; the state it leaves on disk."""
    Worker(folder).run()
    return json.loads(folder.state.read_bytes())


def kill_and_resume(
    folder: RunFolder, monkeypatch: Any, *, saves: int = 0, epoch: int | None = None
) -> dict[str, Any]:
    """Let the worker die after its `saves`-th checkpoint, or after the first one of an epoch of a task in
    rounds; then let another go on. Returns the state at the end.
    """
    from selfsup_core.workers.session import Session

    real, count = Session.save, [0]

    def dying(self: Session) -> None:
        real(self)
        count[0] += 1
        if count[0] == saves or (epoch is not None and self.task.epoch == epoch):
            raise Killed

    monkeypatch.setattr(Session, "save", dying)
    try:
        run_here(folder)
    except Killed:
        monkeypatch.setattr(Session, "save", real)
        return run_here(folder)
    raise AssertionError(f"the run saved only {count[0]} times, so nothing was killed")


def wait_for(check: Callable[[], T], what: str, seconds: float = 90.0) -> T:
    """What `check` returns once it is true; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        if found := check():
            return found
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.02)


def parse(source: str) -> ast.Module:
    """What `ast.parse` gives. CPython 3.11 keeps one depth for all threads (python/cpython#106905): it gives
    up where a page of an earlier test is still being compiled in a thread of its own.
    """
    while True:
        try:
            return ast.parse(source)
        except SystemError as error:
            if "recursion depth mismatch" not in str(error):
                raise


def suspend(pid: int) -> None:
    """Stop a process as SIGSTOP does, and wait until it has stopped: on a busy machine it may answer a
    question before it takes the signal.
    """
    process = psutil.Process(pid)
    process.suspend()
    wait_for(lambda: process.status() == psutil.STATUS_STOPPED, "the process to stop")


def stays(read: Callable[[], T], what: str, seconds: float = 0.3) -> T:
    """What `read` returns now, if that does not change for so long."""
    first, deadline = read(), time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert (now := read()) == first, f"{what} changed from {first} to {now}"
        time.sleep(0.005)
    return first


def wait_status(folder: RunFolder, *statuses: str, seconds: float = 90.0) -> dict[str, Any]:
    """The state once its status is one of these."""

    def look() -> dict[str, Any] | None:
        state = read_state(folder)
        return state if state["status"] in statuses else None

    return wait_for(look, f"{folder.id} to be {' or '.join(statuses)}", seconds)


def rows_without_times(folder: RunFolder) -> list[dict[str, Any]]:
    """Metrics as far as two equal trainings must agree on them."""
    return [{k: v for k, v in row.items() if k not in TIMES} for row in read_rows(folder.metrics)]


def last_tensors(folder: RunFolder) -> dict[str, np.ndarray]:
    """All tensors of the newest checkpoint: weights, optimizer, generator."""
    newest = list_checkpoints(folder.checkpoints)[0]
    return load_arrays((newest / "tensors.safetensors").read_bytes())


def weights(folder: RunFolder) -> dict[str, np.ndarray]:
    return {k: v for k, v in last_tensors(folder).items() if k.startswith("state/loop/model/")}


def network(folder: RunFolder, name: str) -> dict[str, np.ndarray]:
    """Weights of one of several networks that learn beside each other."""
    part = f"state/loop/model/{name}."
    return {k.removeprefix(part): v for k, v in weights(folder).items() if k.startswith(part)}


def same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
    """Bit for bit."""
    return a.keys() == b.keys() and all(a[k].tobytes() == b[k].tobytes() for k in a)


def frame_bytes(folder: RunFolder) -> dict[str, dict[str, bytes]]:
    """File → array → its bytes; the header's order is left to the library that writes it."""
    return {
        path.name: {k: v.tobytes() for k, v in load_arrays(path.read_bytes()).items()}
        for path in sorted(folder.frames.glob("*.safetensors"))
    }


def unfold(app: Any) -> Any:
    """Open the form above the run that a page shows, as a click on "New run" does."""
    app.session_state[f"new-run-{app.query_params['run']}"] = True
    return app.run()


def python(code: str, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter that sees the repository."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
