"""A process that has imported what helper processes need, and forks them for tests.

`start_detached` starts each supervisor, lab and sweeper as a new interpreter, and importing torch takes it
four seconds of a core; tests start a hundred of them. Tests marked `real_start` start new interpreters all
the same. `python -m tests.zygote server.py …` or `… -m benchmarks …` runs a program that forks them too.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import random
import runpy
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from selfsup_core.environment import without_secrets

# Helper processes are told by their module, which must be among the words that they were started with.
MODULES = (
    "selfsup_core.inspection.server",
    "selfsup_core.workers.supervisor",
    "selfsup_core.workers.sweeper",
)
# What the helpers import; no module of ours reads the environment while it is imported.
LIBRARIES = (
    "torch",
    "torch._dynamo",
    "transformers",
    "pandas",
    "sklearn.model_selection",
    "sklearn.datasets",
    "sklearn.linear_model",
    "safetensors.torch",
    "filelock",
    "pydantic",
    "selfsup_core.inspection.server",
    "selfsup_core.workers.session",
    "selfsup_core.workers.supervisor",
    "selfsup_core.workers.sweeper",
    "selfsup_core.workers.worker",
)
ADDRESS = "SELFSUP_TEST_ZYGOTE"
QUIET = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0"}
START_SECONDS = 120.0
ROOT = Path(__file__).parent.parent


def begin() -> Callable[[], None]:
    """Start it, for this process and all that it starts. What is returned ends it."""
    folder = Path(tempfile.mkdtemp(prefix="selfsup-zygote-"))
    os.environ[ADDRESS] = str(folder / "socket")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.zygote", "--at", os.environ[ADDRESS], *MODULES],
        cwd=ROOT,
        env=without_secrets(**QUIET),
        stdin=subprocess.PIPE,  # its end is the sign to leave, also where this process is killed
        start_new_session=True,
    )

    def end() -> None:
        process.terminate()  # a fork of this process may keep its input open
        process.communicate()
        shutil.rmtree(folder)
        del os.environ[ADDRESS]

    return end


def install() -> None:
    """From now on this process starts its helpers by forks, where that is safe."""
    if sys.platform != "linux":
        return
    from selfsup_core.inspection import client
    from selfsup_core.workers import supervisor, sweeper_start

    for module in (client, supervisor, sweeper_start):
        module.start_detached = start


def start(
    module: str, workspace: Path, home: Path, *arguments: str, told: str = "", **environment: str
) -> None:
    """What `start_detached` does, by a fork."""
    if ADDRESS not in os.environ:
        atexit.register(begin())
    home.mkdir(parents=True, exist_ok=True)
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    job = {
        "module": module,
        "arguments": [str(workspace), *arguments],
        "log": str((home / "log.txt").resolve()),
        "told": told,
        "environment": without_secrets(**(QUIET | {"PYTHONPATH": path} | environment)),
        "folder": os.getcwd(),
    }
    with connected() as link:
        link.sendall(json.dumps(job).encode())
        link.shutdown(socket.SHUT_WR)
        assert link.recv(1) == b"1"


def connected() -> socket.socket:
    """A connection, once it has imported everything."""
    until = time.monotonic() + START_SECONDS
    while True:
        link = socket.socket(socket.AF_UNIX)
        try:
            link.connect(os.environ[ADDRESS])
        except (FileNotFoundError, ConnectionRefusedError):
            link.close()
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return link


def serve(listening: socket.socket) -> dict[str, Any] | None:
    """Fork for each job that comes. Returns the job in each fork, and None in this process once its input
    ends.
    """
    while True:
        ready, _, _ = select.select([listening, sys.stdin], [], [])
        if sys.stdin in ready:
            return None
        link, _ = listening.accept()
        with link, link.makefile("rb") as words:
            job = json.loads(words.read())
            if child := os.fork():
                os.waitpid(child, 0)
                link.sendall(b"1")
                continue
            if os.fork():
                os._exit(0)  # so that it has no parent that would have to wait for its end
        listening.close()
        return job


def become(job: dict[str, Any]) -> None:
    """Be the helper process of a job, as if it had been started anew."""
    os.setsid()
    random.seed()
    os.chdir(job["folder"])
    os.environ.clear()
    os.environ.update(job["environment"])
    reading, writing = os.pipe()
    os.write(writing, job["told"].encode())
    os.close(writing)
    log = os.open(job["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    for source, target in ((reading, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(reading)
    os.close(log)
    sys.argv = [job["module"], *job["arguments"]]
    del sys.modules[job["module"]]  # it is made anew, as the program that runs
    runpy.run_module(job["module"], run_name="__main__", alter_sys=True)


def wait_for_jobs(address: str) -> None:
    for library in LIBRARIES:
        importlib.import_module(library)
    list(importlib.import_module("selfsup_core.tasks").TASKS)
    gc.collect()
    gc.freeze()  # a fork that looked through all of it would copy the memory that it shares
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen(16)
        job = serve(listening)
    if job:
        become(job)


def run(program: list[str]) -> None:
    """A file, or `-m` and a module, with its arguments."""
    install()
    sys.path[0] = str(ROOT)
    if program[0] == "-m":
        sys.argv = program[1:]
        runpy.run_module(program[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = program
        runpy.run_path(program[0], run_name="__main__")


if __name__ == "__main__":
    if sys.argv[1] == "--at":
        wait_for_jobs(sys.argv[2])
    else:
        run(sys.argv[1:])
