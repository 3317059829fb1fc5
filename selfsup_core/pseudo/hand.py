"""Hand labels: kept beside the data set, later ones over earlier ones, used by the next run."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import numpy as np
from filelock import FileLock
from pydantic import Field
from typing_extensions import TypedDict

from selfsup_core.data.sources import find_source
from selfsup_core.errors import DataError
from selfsup_core.files import DamagedFile, move_aside, read_checked, read_shaped, write_json
from selfsup_core.translation import tr


class KeptLabel(TypedDict):
    """A class number, when it was given, and while looking at which run."""

    label: Annotated[int, Field(ge=0)]
    time: int
    run: str


class HandLabels(TypedDict):
    """A data set's file. labels: by row."""

    labels: dict[Annotated[str, Field(pattern="^[0-9]{1,15}$")], KeptLabel]


def path_of(workspace: Path, source: str) -> Path:
    find_source(source, workspace)  # never build a path from an invalid name
    return workspace / "hand" / f"{source}.json"


def read_hand_labels(workspace: Path, source: str) -> dict[int, int]:
    """Row → class number; empty when no one has labeled anything.

    Raises:
        DataError: there is no such data set. SettingError: no built-in set is called so.
    """
    return {one["row"]: one["label"] for one in reversed(list_hand_labels(workspace, source))}


class HandLabel(TypedDict):
    """A label that a person made: class number of a row, when (seconds since 1970), and in whose run's
    review.
    """

    row: int
    label: int
    time: int
    run: str


def list_hand_labels(workspace: Path, source: str) -> list[HandLabel]:
    """All of them, the newest first. Raises as `read_hand_labels`."""
    found = read_shaped(path_of(workspace, source), HandLabels)
    classes = find_source(source, workspace).classes
    made: list[HandLabel] = [
        {"row": int(row), "label": one["label"], "time": int(one.get("time", 0)), "run": one.get("run", "")}
        for row, one in (found["labels"] if found else {}).items()
        if one["label"] < classes
    ]
    return made[::-1]


def count_words(count: int) -> str:
    """ "1 label by hand", "5 labels by hand" """
    return tr("{count:,} label{value} by hand").format(count=count, value="" if count == 1 else "s")


def open_labels(path: Path) -> HandLabels:
    """The file to be added to; a damaged one is kept beside it."""
    try:
        return read_checked(path, HandLabels) or {"labels": {}}
    except DamagedFile:
        move_aside(path)
        return {"labels": {}}


def spread_out(x: np.ndarray, count: int) -> np.ndarray:
    """(R, D) → `count` row numbers, the first row first, then always the one farthest from those chosen
    (greedy k-center, Gonzalez 1985; for active learning Sener, Savarese 2018), so that a person does not
    label one kind of row over and over.
    """
    x = np.asarray(x, np.float32)
    chosen = [0]
    away = np.linalg.norm(x - x[0], axis=1)
    for _ in range(min(count, len(x)) - 1):
        away[chosen[-1]] = -1.0
        chosen.append(int(away.argmax()))
        away = np.minimum(away, np.linalg.norm(x - x[chosen[-1]], axis=1))
    return np.array(chosen)


def add_hand_label(workspace: Path, source: str, row: int, label: int | None, *, run: str = "") -> int:
    """Keep a label, or take it back with None; how many there are now.

    Args:
        run: in whose review it was made.

    Raises:
        DataError: the row or the class is none of the data set's.
    """
    about = find_source(source, workspace)
    if not 0 <= row < about.samples or not (label is None or 0 <= label < about.classes):
        raise DataError(
            tr(
                "Row {row} with class number {label} is not in {title}: it has rows 0 to "
                "{samples} and classes 0 to {classes}."
            ).format(
                row=row, label=label, title=about.title, samples=about.samples - 1, classes=about.classes - 1
            ),
            code="bad-hand-label",
        )
    path = path_of(workspace, source)
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        found = open_labels(path)
        if label is None:
            found["labels"].pop(str(row), None)
        else:
            found["labels"].pop(str(row), None)  # the newest stands last
            found["labels"][str(row)] = {"label": label, "time": round(time.time()), "run": run}
        write_json(path, found, durable=True)
    return len(found["labels"])
