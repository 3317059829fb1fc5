"""How much disk the runs of a workspace use, from the index of their states: only a run that has changed
since its files were counted is counted again.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from selfsup_core.files import MB
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.index import index_of
from selfsup_core.translation import tr
from selfsup_core.wording import brief

GB = 1000 * MB
QUICK_SECONDS = 0.2  # a page does not wait longer for what is not counted yet


@dataclass(frozen=True)
class DiskUse:
    """Bytes of all runs. uncounted: runs of which nothing is known yet; they are counted the next time."""

    bytes: int
    uncounted: int

    def say(self) -> str:
        """ "34 MB on disk", or that it is at least so much."""
        if self.uncounted:
            return tr("at least {size} on disk, still counting").format(size=say_bytes(self.bytes))
        return tr("{size} on disk").format(size=say_bytes(self.bytes))


def say_bytes(count: float) -> str:
    """ "0.4 MB", "34 MB", "1.2 GB"."""
    return f"{brief(count / GB, 2)} GB" if count >= GB else f"{brief(count / MB, 2)} MB"


def run_bytes(folder: RunFolder, *, walks: bool = True) -> int | None:
    """Bytes of one run's folder.

    Args:
        walks: whether its files may be counted; else None where nothing is known of it yet.
    """
    return index_of(folder.path.parent).measure(folder.id, walks=walks)


def disk_use(workspace: Path, seconds: float = QUICK_SECONDS) -> DiskUse:
    """Bytes of all runs of a workspace, after `scan_runs` has read their states.

    Args:
        seconds: for which files may be counted; of runs that are not reached, what was known before is used.
    """
    index = index_of(workspace / "runs")
    try:
        names = [name for name in os.listdir(index.runs) if not name.startswith(".")]
    except OSError:
        return DiskUse(0, 0)
    total, rest = 0, []
    for name in names:
        if index.has_measured(name):
            total += index.sizes[name][1]
        else:
            rest.append(name)
    until, uncounted = time.monotonic() + seconds, 0
    for name in rest:
        found = index.measure(name, walks=time.monotonic() <= until)
        total += found or 0
        uncounted += found is None
    return DiskUse(total, uncounted)
