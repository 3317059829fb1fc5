"""Whether there is memory for one more run. In a room it is asked for before a run begins: where many share a
machine, the system would otherwise end somebody's training.
"""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path

import psutil

from selfsup_core.data.sources import Source
from selfsup_core.errors import RunError
from selfsup_core.files import MB
from selfsup_core.runs.state import RunState
from selfsup_core.translation import tr

# Of a worker beside network and data. A forked one shares the supervisor's libraries: 40 to 60 MB of its own
# were measured while it trains, and probes and maps come on top. A spawned one has 380 MB.
IS_FORKED = hasattr(os, "fork") and sys.platform != "darwin"
WORKER_BYTES = (200 if IS_FORKED else 500) * MB
RESERVE_BYTES = 400 * MB  # stays free for the pages and their helpers
COPIES = 4  # weight, gradient, Adam's two means
FLOAT = 4


def needed_bytes(parameters: int, source: Source) -> int:
    """About what a run takes: a worker, its network, and its data twice (as stored, and as a tensor)."""
    data = source.samples * math.prod(source.shape) * FLOAT
    return WORKER_BYTES + COPIES * FLOAT * parameters + 2 * data


def cgroup_left() -> tuple[int, int] | None:
    """(left, limit) of the container in bytes, None where there is no limit (Linux, cgroup v2)."""
    folder = Path("/sys/fs/cgroup")
    try:
        limit = int((folder / "memory.max").read_text())
        used = int((folder / "memory.current").read_text())
        about = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):
        return None
    return max(0, limit - used + int(about.get("inactive_file", 0))), limit


def memory() -> tuple[int, int]:
    """(available, in all) in bytes, of the machine or of the container, whichever is less."""
    machine = psutil.virtual_memory()
    left, total = int(machine.available), int(machine.total)
    if inside := cgroup_left():
        left, total = min(left, inside[0]), min(total, inside[1])
    return left, total


def require_memory(parameters: int, source: Source) -> None:
    """Raises RunError: a run would not fit even if nothing else was at work."""
    needed, total = needed_bytes(parameters, source), memory()[1]
    if needed + RESERVE_BYTES <= total:
        return
    raise RunError(
        tr("This run needs about {needed:,} MB of memory; this machine has {total:,} MB.").format(
            needed=needed // MB, total=total // MB
        ),
        code="no-memory",
        remedy=tr("Choose a smaller network or fewer data."),
    )


def lacks_now(state: RunState, source: Source) -> str:
    """Why a run has to wait for memory; "" when it may begin."""
    needed, left = needed_bytes(state["parameters"], source), memory()[0]
    if needed + RESERVE_BYTES <= left:
        return ""
    return tr("Waiting for memory: it needs about {needed:,} MB, and {left:,} MB are free.").format(
        needed=needed // MB, left=left // MB
    )
