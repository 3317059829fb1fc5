"""Whether a process is the one that was meant: a pid alone can be somebody else's by now."""

from __future__ import annotations

import os


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


def identity() -> dict[str, float | int | None]:
    """This process, to be written down and asked for later."""
    return {"pid": os.getpid(), "start": start_time(os.getpid())}
