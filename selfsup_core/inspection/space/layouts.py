"""Maps on disk: `layouts/<key>/` with about.json, rows.npy and a layout for each epoch; read by pages without
torch.

about.json is a `MapAbout`, progress.json a `Progress`, partial.npy: the layout that is being made.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import NotRequired

import numpy as np
from typing_extensions import TypedDict

from selfsup_core.errors import DataError
from selfsup_core.files import load_array, read_shaped, write_bytes
from selfsup_core.translation import tr

ABOUT, PROGRESS, ROWS, PARTIAL = "about.json", "progress.json", "rows.npy", "partial.npy"
ENDED = ("cancelled", "failed", "done")
LEVELS = 65_535  # of a coordinate that is sent


class Progress(TypedDict):
    """How a map's making stands. status: running, paused, cancelled, failed or done; share: of the whole
    work.
    """

    status: str
    stage: NotRequired[str]
    done: NotRequired[int]
    total: NotRequired[int]
    epoch: NotRequired[int]
    seconds: NotRequired[float]
    seconds_left: NotRequired[float | None]
    stamp: NotRequired[int]
    share: NotRequired[float]
    error: NotRequired[str]


class MapAbout(TypedDict):
    """What a map is of. epochs: wanted; done: made; explained: epoch → share of the variance that is seen."""

    key: str
    space: str
    source: str
    title: str
    kind: str
    classes: list[str]
    config: dict[str, object]
    epochs: list[int]
    done: list[int]
    rows: int
    total: int
    width: int
    notes: list[str]
    explained: dict[str, float | None]
    can_decode: bool


class MapAndJob(MapAbout):
    """A map with its progress."""

    job: Progress


def folder_of(workspace: Path, key: str) -> Path:
    """Raises DataError when the key is none."""
    if not (len(key) == 16 and all(c in "0123456789abcdef" for c in key)):
        raise DataError(tr("There is no map {key!r}.").format(key=key), code="no-map")
    return workspace / "layouts" / key


def read_map(workspace: Path, key: str) -> MapAndJob:
    """about.json with the progress under "job". Raises DataError when there is no such map."""
    folder = folder_of(workspace, key)
    about = read_shaped(folder / ABOUT, MapAbout)
    if about is None:
        raise DataError(
            tr("There is no map {key!r}.").format(key=key), code="no-map", remedy=tr("Draw it again.")
        )
    return {**about, "job": read_progress(folder) or {"status": "done"}}


def read_progress(folder: Path) -> Progress | None:
    return read_shaped(folder / PROGRESS, Progress)


def layout_path(folder: Path, epoch: int) -> Path:
    return folder / f"{epoch:06d}.npy"


def save_array(path: Path, array: np.ndarray) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
    write_bytes(path, buffer.getvalue())


def read_layout(workspace: Path, key: str, epoch: int | None = None, *, partial: bool = False) -> np.ndarray:
    """(N, 2 or 3) float32. Raises DataError when this epoch is not there."""
    folder = folder_of(workspace, key)
    path = folder / PARTIAL if partial else layout_path(folder, epoch or 0)
    try:
        return load_array(path)
    except (OSError, ValueError) as error:
        raise DataError(
            tr("The map {key} has no layout of epoch {value} yet.").format(key=key, value=epoch or 0),
            code="no-layout",
        ) from error


def read_rows(workspace: Path, key: str) -> np.ndarray:
    """(N,) row numbers of the points."""
    try:
        return load_array(folder_of(workspace, key) / ROWS)
    except (OSError, ValueError) as error:
        raise DataError(tr("There is no map {key!r}.").format(key=key), code="no-map") from error


def packed_layout(points: np.ndarray) -> bytes:
    """Points as a browser gets them: a line of JSON (its length first, 4 bytes, little endian), then two
    bytes a coordinate.

    value = low + number / 65535 · size, the same size on all axes, so that shapes stay.
    """
    low, high = points.min(axis=0).astype(float), points.max(axis=0).astype(float)
    size = float(max((high - low).max(), 1e-9))
    head = json.dumps(
        {"low": low.tolist(), "size": size, "rows": len(points), "dimensions": points.shape[1]}
    ).encode()
    head += b" " * (-(len(head) + 4) % 4)  # typed arrays begin at even addresses
    numbers = np.rint((points - low) / size * LEVELS).astype("<u2")
    return len(head).to_bytes(4, "little") + head + np.ascontiguousarray(numbers).tobytes()


def forget(workspace: Path, most: int = 60) -> None:
    """Leave the newest maps only."""
    import shutil

    root = workspace / "layouts"
    folders = [f for f in root.glob("?" * 16) if f.is_dir()]
    for folder in sorted(folders, key=lambda f: f.stat().st_mtime, reverse=True)[most:]:
        progress = read_progress(folder)
        if progress is None or progress["status"] not in ("running", "paused"):
            shutil.rmtree(folder, ignore_errors=True)
