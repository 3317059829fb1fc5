"""A small CSV file is previewed, imported and checked a second time by children that a prepared process
forks, beside new interpreters that do the same: by a processor's time, imports of libraries included, and by
the clock.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import psutil

from benchmarks.table import Row
from selfsup_core.data.library import forks, limited, own

MOST = 0.25
TASKS = ("preview", "import", "check")
COLUMNS = tuple(f"{task}_{what}" for task in TASKS for what in ("over_new", "over_new_wall"))
Times = dict[str, tuple[float, float]]  # of each task: seconds of a processor, seconds on the clock


def spent() -> float:
    """Seconds of a processor that children of this process, and theirs, have taken so far."""
    ended = os.times()
    total = ended.children_user + ended.children_system
    for process in psutil.Process().children():
        times = process.cpu_times()
        total += times.user + times.system + times.children_user + times.children_system
    return total


def timed(work: Callable[[], object]) -> tuple[float, float]:
    cpu, wall = spent(), time.perf_counter()
    work()
    return spent() - cpu, time.perf_counter() - wall


def do_tasks(folder: Path, name: str) -> Times:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.csv"
    rows = "".join(f"{i}.5,{i % 7},g{i % 2}\n" for i in range(400))
    path.write_text(f"a,{name},label\n{rows}")
    return {
        "preview": timed(lambda: own.preview(folder, [path])),
        "import": timed(lambda: own.import_files(folder, [path])),
        "check": timed(lambda: own.check(folder, own.import_files(folder, [path]))),  # found by its content
    }


def measure_again(folder: Path) -> Iterator[Row]:
    do_tasks(folder / "forked", "first")
    forked = do_tasks(folder / "forked", "second")
    forks.dismiss()
    with patch.object(limited, "fork_prepared", lambda *asked: None):
        new = do_tasks(folder / "new", "second")
    for task in TASKS:
        ratio, wall = (mine / theirs for mine, theirs in zip(forked[task], new[task], strict=True))
        yield Row(
            f"{task} of a small CSV once more, forked / in a new interpreter",
            f"{ratio:.2f} ({forked[task][0] * 1000:.0f} ms of a core), {wall:.2f} on the clock "
            f"({forked[task][1] * 1000:.0f} ms)",
            f"<= {MOST:g}",
            ratio <= MOST,
            {f"{task}_over_new": ratio, f"{task}_over_new_wall": wall},
        )
