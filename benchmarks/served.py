"""A real server on a free port with a workspace of its own, for benchmarks that look from outside."""

from __future__ import annotations

import atexit
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.size import is_toy, sized
from selfsup_core.runs.access import app_token, cookie_of
from selfsup_core.runs.control import send
from selfsup_core.runs.folder import ENDED, RunFolder, list_states, read_state
from selfsup_core.runs.queue import submit
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.workers.supervisor import ensure_supervisor, stop_supervisor

LONG = {"train.epochs": 100_000} | sized({}, {"data.source": "digits"})
START_SECONDS = 120.0
ROOT = Path(__file__).parent.parent


@dataclass
class Served:
    workspace: Path
    port: int
    pid: int

    @property
    def headers(self) -> dict[str, str]:
        """What a program sends to be let in."""
        return {"Authorization": f"Bearer {app_token(self.workspace)}"}

    @property
    def cookie(self) -> dict[str, str]:
        """What a browser keeps that has opened `address`."""
        value = cookie_of(self.workspace, app_token(self.workspace))
        return {"name": f"selfsup-{self.port}", "value": value, "url": f"http://localhost:{self.port}"}

    def address(self, path: str) -> str:
        """What a browser opens; it is let in from then on."""
        join = "&" if "?" in path else "?"
        return f"http://localhost:{self.port}/{path}{join}token={app_token(self.workspace)}"

    def train_for_long(self) -> RunFolder:
        """A run at full speed that does not end by itself within the benchmark."""
        folder = submit(self.workspace, preset_spec("dense-64-32-16", LONG))
        ensure_supervisor(self.workspace)
        while read_state(folder)["epoch"] < sized(3, 2):
            time.sleep(0.05)
        return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_it_answers(
    port: int, process: subprocess.Popen[bytes], log: Path, headers: Mapping[str, str] | None = None
) -> None:
    """Return once a server is there.

    Raises:
        RuntimeError: its process ended, or it did not answer in time; says what it printed last.
    """
    until = time.monotonic() + START_SECONDS
    request = urllib.request.Request(f"http://localhost:{port}/_stcore/health", headers=dict(headers or {}))
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(request, timeout=2)
            return
        time.sleep(0.1)
    words = log.read_text("utf-8", "replace")[-1000:]
    raise RuntimeError(f"the server on port {port} does not answer (exit code {process.poll()}): {words}")


@contextlib.contextmanager
def serve() -> Iterator[Served]:
    """A server of its own; at toy size one for all, since starting it takes longer than what is measured
    there.
    """
    if not is_toy():
        with start_server() as served:
            yield served
        return
    served = shared_server()
    try:
        yield served
    finally:
        stop_runs(served.workspace)


@cache
def shared_server() -> Served:
    """A server that stays until this process ends."""
    open_until_exit = contextlib.ExitStack()
    atexit.register(open_until_exit.close)
    return open_until_exit.enter_context(start_server())


def stop_runs(workspace: Path) -> None:
    """Stop what still trains, and wait until it has."""
    for state in list_states(workspace):
        folder = RunFolder(workspace / "runs" / state["run"])
        if state["status"] not in ENDED:
            send(folder, "stop")
            while read_state(folder)["status"] not in ENDED:
                time.sleep(0.05)


@contextlib.contextmanager
def start_server() -> Iterator[Served]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        port = free_port()
        log = Path(name) / "server.log"
        with open(log, "wb") as words:
            process = subprocess.Popen(
                [sys.executable, "server.py", "--port", str(port)],
                cwd=ROOT,
                env=os.environ | {"SELFSUP_WORKSPACE": name},
                stdout=words,
                stderr=words,
            )
        try:
            served = Served(Path(name), port, process.pid)
            wait_until_it_answers(port, process, log, served.headers)
            yield served
        finally:
            process.kill()
            process.wait()
            stop_supervisor(Path(name))
