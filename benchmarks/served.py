"""A real server on a free port with a workspace of its own, for benchmarks that look from outside."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.size import sized
from selfsup_core.runs.folder import RunFolder, read_state
from selfsup_core.runs.queue import submit
from selfsup_core.runs.spec import preset_spec
from selfsup_core.workers.supervisor import ensure_supervisor, stop_supervisor

LONG = {"train.epochs": 100_000} | sized({}, {"data.source": "digits"})
ROOT = Path(__file__).parent.parent


@dataclass
class Served:
    workspace: Path
    port: int
    pid: int

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


def wait_until_it_answers(port: int) -> None:
    while True:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=2)
            return
        time.sleep(0.1)


@contextlib.contextmanager
def serve() -> Iterator[Served]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "server.py", "--port", str(port)],
            cwd=ROOT,
            env=os.environ | {"SELFSUP_WORKSPACE": name},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until_it_answers(port)
            yield Served(Path(name), port, process.pid)
        finally:
            process.kill()
            process.wait()
            stop_supervisor(Path(name))
