"""Parsing runs in a process of its own, with limits on memory, CPU time and file size: a bomb or a crash ends only it.

`python -m selfsup_core.data.library.child JOB` reads a job's JSON and writes `result.json` beside it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from selfsup_core.data.library.turns import POLL_SECONDS, Tell, turn
from selfsup_core.data.limits import LIMITS, MB
from selfsup_core.environment import without_secrets
from selfsup_core.errors import DataError, StudioError
from selfsup_core.files import keep_private, read_json, sweep, write_json

ROOT = Path(__file__).parents[3]
FULL = -1000  # distinct from every exit code of a process
MAPPED = 1500 * MB  # address space that libraries take without using it


def run_job(task: str, workspace: Path, *, tell: Tell | None = None, **values: Any) -> Any:
    """Do a task of `child_tasks.py` in a limited child and return its result.

    So many work at once in a workspace; this waits for its turn.

    Args:
        tell: is called several times a second, with a sentence while this waits and "" while it works; what it raises
            (a person has cancelled it) ends the child.

    Raises:
        DataError: what the task raised, or that it ran out of memory, time or crashed.
    """
    workspace.mkdir(parents=True, exist_ok=True)
    sweep(workspace)  # left by an import that was killed together with its parent
    with turn(workspace, title_of(values), tell):
        return do_job(task, workspace, values, tell)


def title_of(values: dict[str, Any]) -> str:
    """The title that jobs waiting behind this one see."""
    names = [Path(file).name for file in values.get("files", [values.get("folder", "another data set")])]
    return names[0] if len(names) == 1 else f"{names[0]} with {len(names) - 1} more files"


def memory_for_one() -> int:
    """Bytes that a child may hold."""
    return min(LIMITS.memory_bytes, psutil.virtual_memory().total // 4)


def await_end(process: subprocess.Popen[bytes], tell: Tell | None) -> int:
    """The code with which a child ends, -24 as of one that took too much time, and `FULL` of one that took too much memory."""
    deadline, most = time.monotonic() + 2 * LIMITS.cpu_seconds, memory_for_one()
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(timeout=POLL_SECONDS)
        if time.monotonic() > deadline:
            return -24
        with contextlib.suppress(psutil.Error):
            if psutil.Process(process.pid).memory_info().rss > most:
                return FULL
        if tell:
            tell("")


def do_job(task: str, workspace: Path, values: dict[str, Any], tell: Tell | None) -> Any:
    with tempfile.TemporaryDirectory(prefix=".job-", dir=workspace) as folder:
        job = Path(folder) / "job.json"
        write_json(job, {"task": task, "workspace": str(workspace), "values": values})
        environment = without_secrets(
            OMP_NUM_THREADS="1",
            OPENBLAS_NUM_THREADS="1",
            MKL_NUM_THREADS="1",
            ARROW_DEFAULT_MEMORY_POOL="mimalloc",
            PYTHONPATH=str(ROOT),
            HF_HUB_OFFLINE="1",
            TRANSFORMERS_OFFLINE="1",
        )
        command = [sys.executable, "-m", "selfsup_core.data.library.child", str(job)]
        with open(Path(folder) / "log", "wb") as log:
            process = subprocess.Popen(
                command, env=environment, stdin=subprocess.PIPE, stdout=log, stderr=log
            )
        try:
            code = await_end(process, tell)
        except BaseException:
            drop_unfinished(workspace, values)
            raise
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            if process.stdin:
                process.stdin.close()
        result = read_json(Path(folder) / "result.json")
        log_end = (Path(folder) / "log").read_bytes()[-2000:].decode("utf-8", "replace")
    if result is None:
        drop_unfinished(workspace, values)
        raise died(code, log_end)
    if "error" in result:
        error = result["error"]
        raise DataError(error["message"], code=error["code"], remedy=error["remedy"])
    return result["value"]


def drop_unfinished(workspace: Path, values: dict[str, Any]) -> None:
    """Remove what a child had begun to write."""
    for leftover in (workspace / "datasets").glob(f".{values.get('name', '?')}.*.tmp"):
        shutil.rmtree(leftover, ignore_errors=True)


def died(code: int, log: str) -> DataError:
    """The error for a child that left no result."""
    if code in (-24, -9):
        return DataError(
            f"Reading the files took more than {LIMITS.cpu_seconds} s or too much memory and was ended.",
            code="import-too-long",
            remedy="Take a sample of the data.",
        )
    if code == FULL or "MemoryError" in log or "bad_alloc" in log:
        return memory_error()
    return DataError(
        "The files made the reader crash; nothing was imported.",
        code="import-crashed",
        remedy="Save them again with another program, or leave files out.",
    )


def memory_error() -> DataError:
    return DataError(
        f"Reading the files needs more than {memory_for_one() // MB:,} MB of memory, which is what an import may take "
        "here.",
        code="import-memory",
        remedy="Take a sample of the data.",
    )


def set_limits() -> None:
    """Bound this process (POSIX; elsewhere only the wall clock bounds it)."""
    if os.name != "posix":
        return
    import resource

    for kind, value in (
        (resource.RLIMIT_AS, memory_for_one() + MAPPED),
        (resource.RLIMIT_CPU, LIMITS.cpu_seconds),
        (resource.RLIMIT_FSIZE, 4 * LIMITS.decoded_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        soft = value if hard == resource.RLIM_INFINITY else min(value, hard)
        # macOS knows RLIMIT_AS but does not let it be set.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (soft, hard))
    os.nice(5)


def die_with_parent(folder: Path) -> None:
    """Exit when our stdin closes: the parent, which holds its other end, has ended."""

    def watch() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 1):
                pass
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main(path: Path) -> None:
    job = json.loads(path.read_bytes())
    die_with_parent(path.parent)
    set_limits()
    from selfsup_core.data.library import child_tasks as tasks

    try:
        value = getattr(tasks, f"do_{job['task']}")(Path(job["workspace"]), **job["values"])
        result = {"value": value}
    except StudioError as error:
        result = {"error": error.as_dict()}
    except MemoryError:
        result = {"error": memory_error().as_dict()}
    except OSError as error:
        message = f"Could not write to disk: {error.strerror or type(error).__name__}."
        result = {"error": {"code": "disk", "message": message, "remedy": "Make space and try again."}}
    except Exception as error:
        # A reader's own mistake must not look like a finished import; the log keeps where it was.
        import traceback

        traceback.print_exc()
        result = {
            "error": {
                "code": "import-failed",
                "message": f"The files could not be read ({type(error).__name__}).",
                "remedy": "Save them again with another program, or leave files out.",
            }
        }
    write_json(path.with_name("result.json"), result)


if __name__ == "__main__":
    keep_private()
    main(Path(sys.argv[1]))
