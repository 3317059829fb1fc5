"""Memory that does not suffice is called so, wherever in a run it happens; the batch is halved on a CPU as on
a GPU.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.server import Lab
from selfsup_core.inspection.subject import Subject
from selfsup_core.inspection.wire import Request
from selfsup_core.tasks.autoencoder import AutoencoderTask
from selfsup_core.workers.launcher import ForkLauncher
from selfsup_core.workers.session import Session
from tests.helpers import make_run, python, run_here, wait_for

# A real process with a real limit: the training may take 100 MB of address space beyond what is there.
SHORT = """
import resource, sys
from pathlib import Path
import psutil
from selfsup_core.runs.folder import RunFolder
from selfsup_core.train.loop import Loop
from selfsup_core.workers.worker import Worker
real = Loop.events
def events(self):
    most = psutil.Process().memory_info().vms + 100_000_000
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    yield from real(self)
Loop.events = events
Worker(RunFolder(Path(sys.argv[1]))).run()
"""


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")
def test_a_machine_without_memory_is_named(workspace: Path):
    """A network whose gradients want more than there is, by torch's own words for it on a CPU."""
    folder = make_run(workspace, model__widths=(4000, 4000))
    done = python(SHORT, str(folder.path))
    state = json.loads(folder.state.read_bytes())
    assert state["error"]["code"] == state["stop_reason"] == "out-of-memory", done.stderr[-2000:]
    assert "smaller batch size" in state["error"]["remedy"]
    assert "is now processed in 8 parts" in state["notices"][-1]


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("Unable to allocate 9.31 GiB for an array"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:114] DefaultCPUAllocator: can't allocate memory: 9 bytes"
        ),
        OSError(12, "Cannot allocate memory"),
    ],
    ids=["numpy", "torch", "system"],
)
@pytest.mark.parametrize("place", ["look", "baseline"])
def test_memory_that_runs_out_beside_the_steps_is_named(workspace: Path, monkeypatch, error, place):
    def fail(*given):
        raise error

    monkeypatch.setattr(AutoencoderTask, place, fail)
    state = run_here(make_run(workspace))
    assert (state["status"], state["stop_reason"]) == ("failed", "out-of-memory")
    assert "are free" in state["error"]["message"]
    assert "smaller batch size" in state["error"]["remedy"]


def test_memory_that_runs_out_while_the_data_are_read_is_named(workspace: Path, monkeypatch):
    def fail(self, keeper):
        raise MemoryError

    monkeypatch.setattr(Session, "__init__", fail)
    state = run_here(make_run(workspace))
    assert state["error"]["message"].startswith("Memory ran out (MemoryError).")


def test_a_question_that_lacks_memory_says_so(workspace: Path, monkeypatch):
    lab = Lab(workspace)

    def ask(subject: Subject, question: str, values: dict) -> Answer:
        raise MemoryError("Unable to allocate 9.31 GiB")

    monkeypatch.setattr(lab.desk, "ask", ask)
    request = Request.of(Subject("space", "data:wine"), "search", {})
    problem = json.loads(lab.answer(request.model_dump_json().encode())[1:])
    assert problem["code"] == "out-of-memory"
    assert "Unable to allocate 9.31 GiB" in problem["message"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_launcher_knows_how_a_worker_ended(workspace: Path, monkeypatch):
    """One worker is killed, another ends by itself."""
    monkeypatch.setattr("selfsup_core.workers.launcher.become_worker", lambda folder: None)
    monkeypatch.setattr("selfsup_core.workers.worker.main", lambda path: signal.alarm(60) or signal.pause())
    launcher, folder = ForkLauncher(), make_run(workspace)
    first = launcher.start(folder)
    monkeypatch.setattr("selfsup_core.workers.worker.main", lambda path: 0)
    second = launcher.start(folder)
    wait_for(lambda: not launcher.is_alive(second), "the end of the second")
    launcher.kill(first)
    wait_for(lambda: not launcher.is_alive(first), "the end of the first")
    assert (launcher.exit_code(first), launcher.exit_code(second)) == (-9, 0)
