"""Whole recorded runs on a device that is not there: `python -m tests.benchmarks.pretend_runs out.json
kind…`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import selfsup_core.workers.session as session
from benchmarks import kinds
from selfsup_core.train.device import DeviceChoice
from selfsup_core.workers.session import Session
from selfsup_core.workers.worker import Worker
from tests.benchmarks.pretend import NAME, pretended

STEPS = 3


def run(workspace: Path, name: str) -> dict[str, Any]:
    """How a run ended, its validation loss, and what its training steps waited for."""
    folders = [kinds.make_run(workspace, kinds.spec_of(name, workspace, "cpu")) for _ in range(2)]
    with kinds.in_one_thread(), pretended() as device:
        worker = Worker(folders[0])
        worker.run()
        loop = Session(Worker(folders[1])).loop
        loop.model.train()
        rows = loop._order()[: loop.config.batch_size]
        loop._update(rows)
        device.waits = Counter()
        for _ in range(STEPS):
            loop._update(rows)
    state = worker.state
    return {
        "status": state["status"],
        "error": (state["error"] or {}).get("message", ""),
        "val_loss": state["metrics"].get("val_loss"),
        "waits": dict(device.waits),
    }


def run_on_cpu(workspace: Path, name: str) -> float:
    folder = kinds.make_run(workspace, kinds.spec_of(name, workspace, "cpu"))
    with kinds.in_one_thread():
        worker = Worker(folder)
        worker.run()
    return worker.state["metrics"]["val_loss"]


def main(out: str, *names: str) -> None:
    found = {}
    real = session.choose_device
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder)
        kinds.prepare(workspace)
        for name in names:
            session.choose_device = lambda *_, **__: DeviceChoice(NAME, 1, False, True, NAME, "pretended")
            found[name] = run(workspace, name)
            session.choose_device = real
            found[name]["cpu_val_loss"] = run_on_cpu(workspace, name)
    Path(out).write_text(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
