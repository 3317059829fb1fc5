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
from pathlib import Path
from typing import Any

from selfsup_core.data.limits import LIMITS, MB
from selfsup_core.environment import without_secrets
from selfsup_core.errors import DataError, StudioError
from selfsup_core.files import keep_private, read_json, sweep, write_json

ROOT = Path(__file__).parents[3]


def run_job(task: str, workspace: Path, **values: Any) -> Any:
    """Do a task of `tasks.py` in a limited child and return its result.

    Raises:
        DataError: what the task raised, or that it ran out of memory, time or crashed.
    """
    workspace.mkdir(parents=True, exist_ok=True)
    sweep(workspace)  # what an import left behind that was killed with its parent
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
            code = process.wait(timeout=2 * LIMITS.cpu_seconds)
        except subprocess.TimeoutExpired:
            code = -24  # as if the CPU limit had ended it
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            if process.stdin:
                process.stdin.close()
        result = read_json(Path(folder) / "result.json")
        log_end = (Path(folder) / "log").read_bytes()[-2000:].decode("utf-8", "replace")
    if result is None:
        for leftover in (workspace / "datasets").glob(f".{values.get('name', '?')}.*.tmp"):
            shutil.rmtree(leftover, ignore_errors=True)
        raise died(code, log_end)
    if "error" in result:
        error = result["error"]
        raise DataError(error["message"], code=error["code"], remedy=error["remedy"])
    return result["value"]


def died(code: int, log: str) -> DataError:
    """What to say of a child that left no result."""
    if code in (-24, -9):
        return DataError(
            f"Reading the files took more than {LIMITS.cpu_seconds} s or too much memory and was ended.",
            code="import-too-long",
            remedy="Take a sample of the data.",
        )
    if "MemoryError" in log or "bad_alloc" in log:
        return memory_error()
    return DataError(
        "The files made the reader crash; nothing was imported.",
        code="import-crashed",
        remedy="Save them again with another program, or leave files out.",
    )


def memory_error() -> DataError:
    return DataError(
        f"Reading the files needs more than {LIMITS.memory_bytes // MB:,} MB of memory.",
        code="import-memory",
        remedy="Take a sample of the data.",
    )


def set_limits() -> None:
    """Bound this process (POSIX; elsewhere only the wall clock bounds it)."""
    if os.name != "posix":
        return
    import resource

    for kind, value in (
        (resource.RLIMIT_AS, LIMITS.memory_bytes),
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
    """Whoever asked holds the other end of our input: when it closes, nobody waits for a result any more."""

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
