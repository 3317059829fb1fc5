"""Named selections of rows, kept beside the data set: the same rows in every space over it."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from filelock import FileLock
from typing_extensions import TypedDict

from selfsup_core.errors import DataError, SettingError
from selfsup_core.files import DamagedFile, move_aside, read_checked, read_shaped, write_json
from selfsup_core.settings import short
from selfsup_core.translation import tr

MOST = 200  # selections of a data set
LARGEST = 2**62  # row number that is told from others
NAME = re.compile(r"[^\x00-\x1f/\\?#&:]{1,60}")


class Selection(TypedDict):
    """rows: how many; bits: which, in base64."""

    rows: int
    bits: str
    time: float


class Selections(TypedDict):
    """The file of a data set: selections by name."""

    selections: dict[str, Selection]


def path_of(workspace: Path, source: str) -> Path:
    if not re.fullmatch(r"[a-zA-Z0-9-]{1,120}", source):
        raise SettingError(tr("{source!r} is not a data set.").format(source=source))
    return workspace / "selections" / f"{source}.json"


def kept_under(space: str, source: str) -> str:
    """Under which name selections of a space are kept: the data set's, or the run's where rows are tokens."""
    return source or space.replace(":", "-")


def rows_meant(text: str, known: np.ndarray) -> np.ndarray:
    """Which of the known rows "3, 10-20" means.

    A range of a few letters may be of billions of rows: it is compared with the rows that there are, never
    written out.

    Args:
        known: (N,) row numbers.

    Returns: (N,) mask.

    Raises:
        SettingError: a part is neither a number nor a range.
    """
    ranges: list[list[int]] = []
    for begin, end in sorted(map(parse_range, text.replace(";", ",").split(","))):
        if ranges and begin <= ranges[-1][1] + 1:
            ranges[-1][1] = max(end, ranges[-1][1])
        else:
            ranges.append([begin, end])
    begins, ends = np.array(ranges, np.int64).T
    place = np.searchsorted(begins, known, side="right") - 1
    return np.asarray((place >= 0) & (known <= ends[place]))


def parse_range(part: str) -> tuple[int, int]:
    """ "10-20" → (10, 20), "3" → (3, 3). Raises SettingError."""
    begin, _, end = part.strip().partition("-")
    try:
        first, last = int(begin), int(end or begin)
    except ValueError as error:
        raise SettingError(
            tr("{part} is not a row number; write numbers as in 3, 10-20.").format(
                part=short(part.strip(), 40)
            )
        ) from error
    return min(first, LARGEST), min(last, LARGEST)


def pack_rows(rows: np.ndarray) -> str:
    """Row numbers → one bit a row up to the last one, in base64."""
    bits = np.zeros(int(rows.max(initial=-1)) + 1, bool)
    bits[rows] = True
    return base64.b64encode(np.packbits(bits, bitorder="little").tobytes()).decode()


def unpack_rows(text: str, rows: int | None = None) -> np.ndarray:
    """The opposite of `pack_rows`, of the first so many rows. Raises SettingError when the text is not
    base64.
    """
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise SettingError(tr("A selection must be bits in base64.")) from error
    most = None if rows is None else min(rows, 8 * len(raw))
    return np.flatnonzero(np.unpackbits(np.frombuffer(raw, np.uint8), bitorder="little", count=most))


def kept_selections(workspace: Path, source: str) -> dict[str, Selection]:
    found = read_shaped(path_of(workspace, source), Selections)
    return found["selections"] if found else {}


def list_selections(workspace: Path, source: str) -> dict[str, int]:
    """Name → rows in it, newest first."""
    found = kept_selections(workspace, source)
    return {name: entry["rows"] for name, entry in sorted(found.items(), key=lambda item: -item[1]["time"])}


def read_selection(workspace: Path, source: str, name: str) -> np.ndarray:
    """Row numbers. Raises DataError when nothing is called so."""
    found = kept_selections(workspace, source)
    if name not in found:
        known = ", ".join(list(found)[:8]) or tr("none yet")
        raise DataError(
            tr("There is no selection {name!r} for these data. Known: {known}.").format(
                name=name, known=known
            ),
            code="no-selection",
            remedy=tr("Select points and save the selection with this name."),
        )
    return unpack_rows(found[name]["bits"])


def save_selection(workspace: Path, source: str, name: str, rows: np.ndarray) -> None:
    """Keep rows under a name; an older one of that name is replaced.

    Raises:
        SettingError: the name has letters that an address cannot hold, or there are too many. DataError:
        nothing is selected.
    """
    name = " ".join(name.split())
    if not NAME.fullmatch(name):
        raise SettingError(
            tr(
                "The name of a selection has 1 to 60 characters, without / \\ ? # & or a "
                "colon; found {name!r}."
            ).format(name=name)
        )
    if not len(rows):
        raise DataError(
            tr("Nothing is selected."), code="nothing-selected", remedy=tr("Select some points first.")
        )

    def add(found: dict[str, Selection]) -> None:
        if name not in found and len(found) >= MOST:
            raise SettingError(
                tr("At most {most} selections can be saved per data set.").format(most=MOST),
                remedy=tr("Delete one that is no longer needed."),
            )
        found[name] = {"bits": pack_rows(np.asarray(rows)), "rows": len(rows), "time": time.time()}

    change(workspace, source, add)


def delete_selection(workspace: Path, source: str, name: str) -> None:
    change(workspace, source, lambda found: found.pop(name, None))


def change(workspace: Path, source: str, how: Callable[[dict[str, Selection]], object]) -> None:
    path = path_of(workspace, source)
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        try:
            found = read_checked(path, Selections) or Selections(selections={})
        except DamagedFile:
            move_aside(path)  # kept beside the new one
            found = {"selections": {}}
        how(found["selections"])
        write_json(path, found, durable=True)
