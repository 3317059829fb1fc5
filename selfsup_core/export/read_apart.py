"""Files of new samples are read in a process of its own, with an import's limits: a bomb or a crash ends only
it.

`python -m selfsup_core.export.read_apart JOB`, or a fork of the prepared process, reads a job's JSON and
writes `result.json` beside it, and the values of images, sounds and rows into the file that the job names.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TypedDict, cast

import numpy as np

from selfsup_core.data.library.child import died, outcome
from selfsup_core.data.library.limited import (
    MAPPED,
    die_with_parent,
    lower_priority,
    memory_for_one,
    run_limited,
    set_limits,
)
from selfsup_core.data.library.turns import turn
from selfsup_core.data.limits import LIMITS
from selfsup_core.export.about import FeaturesAbout
from selfsup_core.export.new_samples import Sample
from selfsup_core.export.reading import Given, SamplesRead, read_samples
from selfsup_core.files import keep_private, sweep, write_json

MODULE = "selfsup_core.export.read_apart"
NEEDED = ("item_shape", "columns", "scale", "width", "sound", "picture", "cells", "kind")


class Job(TypedDict):
    """job.json.

    Attributes:
        given: (whether it is a file, its path or the text).
        target: where the values of samples that are no texts are written.
    """

    about: FeaturesAbout
    given: list[tuple[bool, str]]
    column: str
    target: str


class Read(TypedDict):
    """What is read: names, rows of tables, notes, and texts; other samples are in the job's target."""

    names: list[str]
    cells: list[dict[str, str]]
    texts: list[str]
    notes: list[str]


def read_apart(about: FeaturesAbout, given: Sequence[Given], column: str, workspace: Path) -> SamplesRead:
    """As `read_samples`; files are read by a limited child, and texts as they are.

    Raises:
        DataError: as `read_samples`, or the child took too much memory or time, or crashed.
    """
    files = [one for one in given if isinstance(one, Path)]
    if not files or not all(file.is_file() for file in files):
        return read_samples(about, given, column)  # texts alone, or a file that is missing, which is said
    workspace.mkdir(parents=True, exist_ok=True)
    sweep(workspace)
    needed = cast("FeaturesAbout", {name: value for name, value in about.items() if name in NEEDED})
    with turn(workspace, files[0].name), tempfile.TemporaryDirectory(prefix=".job-", dir=workspace) as place:
        target = Path(place) / "values.npy"
        job: Job = {
            "about": needed,
            "given": [(isinstance(one, Path), str(one)) for one in given],
            "column": column,
            "target": str(target),
        }
        ended = run_limited(MODULE, job, Path(place), seconds=LIMITS.cpu_seconds, is_prepared=True)
        if ended.result is None:
            raise died(ended)
        read: Read = ended.value()
        items = read["texts"] if about["kind"] == "text" else list(np.load(target, allow_pickle=False))
    samples = [Sample(*one) for one in zip(read["names"], items, read["cells"], strict=True)]
    return SamplesRead(samples, read["notes"])


def do_read(job: Job) -> Read:
    given: list[Given] = [Path(one) if is_file else one for is_file, one in job["given"]]
    found = read_samples(job["about"], given, job["column"])
    is_text = job["about"]["kind"] == "text"
    if not is_text:
        np.save(job["target"], np.stack([one.item for one in found.samples]), allow_pickle=False)
    return {
        "names": [one.name for one in found.samples],
        "cells": [one.cells for one in found.samples],
        "texts": [one.item for one in found.samples] if is_text else [],
        "notes": found.notes,
    }


def prepare(path: Path) -> None:
    """Import the libraries that a job needs by the names of its files, which are not opened."""
    lower_priority()
    from selfsup_core.data.library.child_tasks import libraries_for

    job: Job = json.loads(path.read_bytes())
    for library in libraries_for("inspect", [name for is_file, name in job["given"] if is_file]):
        import_module(library)


def main(path: Path) -> None:
    job: Job = json.loads(path.read_bytes())
    die_with_parent(path.parent)
    set_limits(memory_for_one() + MAPPED, LIMITS.cpu_seconds)
    write_json(path.with_name("result.json"), outcome(partial(do_read, job)))


if __name__ == "__main__":
    keep_private()
    main(Path(sys.argv[1]))
