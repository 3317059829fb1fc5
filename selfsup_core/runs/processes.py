"""Helper processes: started so that they outlive their parent, and told from others that have their pid by now."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, TypedDict

from selfsup_core.files import read_json


class Identity(TypedDict):
    """A process, so that it can be told from others that have its pid by now."""

    pid: int
    start: float | None


def start_time(pid: int) -> float | None:
    """When a process started, in the system's own ticks or seconds; None when there is no such process.

    On Linux the kernel's tick count is read directly: it does not move when the clock is set.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rsplit(b")", 1)[1].split()
        return None if fields[0] in (b"Z", b"X") else float(fields[19])
    except (FileNotFoundError, ProcessLookupError):
        if os.path.isdir("/proc/self"):
            return None
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


def is_alive(pid: int, start: float | None) -> bool:
    """Whether the process with this pid is the one that started then."""
    found = start_time(pid)
    return found is not None and (start is None or abs(found - start) < 1e-3)


def identity() -> Identity:
    """This process, to be written down and asked for later."""
    return {"pid": os.getpid(), "start": start_time(os.getpid())}


def who_serves(home: Path) -> dict[str, Any] | None:
    """What a helper process wrote of itself into `home`/about.json, or None when it is not alive."""
    about: dict[str, Any] | None = read_json(home / "about.json")
    if not about or not is_alive(about["pid"], about["start"]):
        return None
    return about


def start_detached(module: str, workspace: Path, home: Path, **environment: str) -> None:
    """Start `python -m module workspace` so that it outlives this process; its words go to `home`/log.txt."""
    home.mkdir(parents=True, exist_ok=True)
    quiet = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0"}
    flags: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        flags = {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    root = str(Path(__file__).parent.parent.parent)
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    with open(home / "log.txt", "ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", module, str(workspace)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            close_fds=True,
            env=os.environ | quiet | {"PYTHONPATH": path} | environment,
            **flags,
        )
