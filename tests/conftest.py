"""Workspaces: an empty one for each test, and one with a real supervisor that all tests share."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from selfsup_core.files import read_json
from selfsup_core.runs.folder import list_states
from selfsup_core.runs.processes import is_alive
from selfsup_core.workers.supervisor import ensure_supervisor, stop_supervisor, supervisor_info
from tests.helpers import wait_for


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """An empty workspace."""
    return tmp_path / "workspace"


@pytest.fixture(scope="session")
def supervised(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A workspace with a supervisor at work; at the end nothing of it is left running."""
    root = tmp_path_factory.mktemp("supervised")
    with supervisor_in(root):
        yield root


@contextlib.contextmanager
def supervisor_in(root: Path) -> Iterator[None]:
    """Start a supervisor and wait until it is ready; leave no process behind."""
    ensure_supervisor(root)
    try:
        wait_for(lambda: (supervisor_info(root) or {}).get("ready"), "the supervisor")
        yield
    finally:
        stop_supervisor(root)
        kill_workers(root)


def kill_workers(root: Path) -> None:
    """Kill what a workspace's runs still have at work, by pid and start time."""
    for state in list_states(root):
        worker = (read_json(root / "runs" / state["run"] / "state.json") or {}).get("worker")
        if worker and is_alive(worker["pid"], worker["start"]):
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker["pid"], signal.SIGKILL)
