"""A process of its own with limits on memory, CPU time and file size: a bomb or a crash ends only it.

A module that runs in one is started as `python -m MODULE JOB`, or forked by a process that has imported its
libraries (`prepared.py`). It calls `die_with_parent` and `set_limits`, does what the JSON of the job says and
writes `result.json` beside it. Imports use it, and folders of models that nobody has tried yet.
"""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypedDict

import psutil

from selfsup_core.data.library.forks import Forked, fork_prepared
from selfsup_core.data.library.turns import POLL_SECONDS, Say, Step, Tell
from selfsup_core.data.limits import LIMITS, MB
from selfsup_core.environment import without_secrets
from selfsup_core.errors import DataError, ErrorAbout
from selfsup_core.files import read_json, read_shaped, write_json

ROOT = Path(__file__).parents[3]
SLOW = -24  # the code of a process that was ended for the time it took (SIGXCPU)
STEP = "step.json"  # what a limited process does now, where it says so: a `Step`
FULL = -1000  # no code that a process ends with
MAPPED = 1500 * MB  # address space that libraries take without using it


class ChildResult(TypedDict, total=False):
    """result.json: what a limited process ends with, one of the two."""

    value: Any  # as the task that was asked for returns it
    error: ErrorAbout


@dataclass(frozen=True)
class Ended:
    """How a limited process ended.

    Attributes:
        result: what it has written, None where it died before.
        code: its exit code, or SLOW or FULL where its parent ended it.
        log: the end of what it printed. stage: what it was at, where it has said so.
    """

    result: ChildResult | None
    code: int
    log: str
    stage: str = ""

    @property
    def was_slow(self) -> bool:
        """It took too much time, or the system ended it."""
        return self.code in (SLOW, -9)

    @property
    def was_full(self) -> bool:
        """It took too much memory."""
        return self.code == FULL or "MemoryError" in self.log or "bad_alloc" in self.log

    def value(self) -> Any:
        """What it has made. Raises DataError: what it raised."""
        assert self.result is not None
        if "error" in self.result:
            error = self.result["error"]
            raise DataError(
                error["message"], code=error["code"], remedy=error["remedy"], fix=error.get("fix")
            )
        return self.result["value"]


def memory_for_one() -> int:
    """Bytes that a limited process may hold."""
    return min(LIMITS.memory_bytes, psutil.virtual_memory().total // 4)


def await_end(process: subprocess.Popen[bytes] | Forked, deadline: float, look: Callable[[], None]) -> int:
    """The code with which a process ends, or which of its limits it exceeded."""
    most = memory_for_one()
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(timeout=POLL_SECONDS)
        if time.monotonic() > deadline:
            return SLOW
        with contextlib.suppress(psutil.Error):
            is_full = psutil.Process(process.pid).memory_info().rss > most
            if is_full and process.poll() is None:  # else its pid may be another's by now
                return FULL
        look()


def run_limited(
    module: str,
    job: Mapping[str, object],
    place: Path,
    *,
    seconds: float,
    tell: Tell | None = None,
    say: Say | None = None,
    is_prepared: bool = False,
) -> Ended:
    """Run a module on a job, and end it where it takes too much.

    Args:
        place: where the job gets a folder of its own for the time.
        seconds: of a processor's time; twice as many on the clock.
        tell: is called several times a second; what it raises ends the process.
        say: is called as often with what the process does, where it writes that down.
        is_prepared: the process is forked by one that has imported what the module's `prepare` says, where
            that is possible; the libraries' import is then no part of its processor's time.
    """
    deadline = time.monotonic() + 2 * seconds
    with tempfile.TemporaryDirectory(prefix=".job-", dir=place) as name:
        folder = Path(name)
        write_json(folder / "job.json", job)
        environment = without_secrets(
            OMP_NUM_THREADS="1",
            OPENBLAS_NUM_THREADS="1",
            MKL_NUM_THREADS="1",
            ARROW_DEFAULT_MEMORY_POOL="mimalloc",
            JE_ARROW_MALLOC_CONF="background_thread:false",  # of the pool that is not used: its thread
            TOKENIZERS_PARALLELISM="false",
            RUST_BACKTRACE="0",
            PYTHONPATH=str(ROOT),
            HF_HUB_OFFLINE="1",
            TRANSFORMERS_OFFLINE="1",
        )

        def look() -> None:
            if tell:
                tell("")
            if say and (step := read_shaped(folder / STEP, Step)):
                say(step)

        with open(folder / "log", "wb") as log:
            place_of_job = folder / "job.json"
            process: subprocess.Popen[bytes] | Forked | None = None
            if is_prepared:
                process = fork_prepared(module, place_of_job, environment, log, look)
            if process is None:
                command = [sys.executable, "-m", module, str(place_of_job)]
                process = subprocess.Popen(
                    command, env=environment, stdin=subprocess.PIPE, stdout=log, stderr=log
                )
        try:
            code = await_end(process, deadline, look)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            if process.stdin:
                process.stdin.close()
        stage = read_json(folder / "stage.json")
        log_end = (folder / "log").read_bytes()[-2000:].decode("utf-8", "replace")
        result = read_json(folder / "result.json")
        return Ended(result, code, log_end, stage if isinstance(stage, str) else "")


def set_limits(memory: int, seconds: float) -> None:
    """Bound this process (POSIX; elsewhere only its parent bounds it).

    Args:
        memory: bytes of address space. seconds: of a processor's time.
    """
    if os.name != "posix":
        return
    import resource

    for kind, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, math.ceil(seconds)),
        (resource.RLIMIT_FSIZE, 4 * LIMITS.decoded_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        soft = value if hard == resource.RLIM_INFINITY else min(value, hard)
        # macOS knows RLIMIT_AS but does not let it be set.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (soft, hard))
    lower_priority()


@cache
def lower_priority() -> None:
    """Let pages go first. Once a process: forks of one that has done this have the lower priority already."""
    os.nice(5)


def die_with_parent(folder: Path) -> None:
    """Whoever asked holds the other end of our input: when it closes, no one waits for a result any more."""

    def watch() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 1):
                pass
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
