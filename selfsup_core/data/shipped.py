"""Data files that travel with the program, in `assets/data/`: compared with their SHA-256, then read.

Pictures are sheets (PNG, tiles of one size in rows from the top left), the rest is gzip or JSON: nothing that
can run code.
"""

from __future__ import annotations

import gzip
import io
import json

import numpy as np

from selfsup_core.errors import DataError
from selfsup_core.files import JsonObject, sha256
from selfsup_core.places import ASSETS
from selfsup_core.translation import tr, tr_later

FOLDER = ASSETS / "data"
REMEDY = tr_later("It is part of the program: reinstall the program.")


def explain_missing(title: str, *names: str) -> str:
    """What to do when one of these files is not there, or ""."""
    gone = [name for name in names if not (FOLDER / name).is_file()]
    return (
        tr("{title} needs the file {gone}, which is missing from assets/data. {remedy}").format(
            title=title, gone=gone[0], remedy=REMEDY
        )
        if gone
        else ""
    )


def read_bytes(name: str, digest: str) -> bytes:
    """A file's content.

    Args:
        digest: its SHA-256.

    Raises:
        DataError: it cannot be read, or is not the file that was released.
    """
    try:
        data = (FOLDER / name).read_bytes()
    except OSError as error:
        raise DataError(
            tr("{name} in assets/data cannot be read ({strerror}).").format(
                name=name, strerror=error.strerror
            ),
            code="no-file",
            remedy=REMEDY,
        ) from error
    if (found := sha256(data)) != digest:
        raise DataError(
            tr("{name} in assets/data is damaged: expected SHA-256 {digest}…, found {found}….").format(
                name=name, digest=digest[:12], found=found[:12]
            ),
            code="digest-mismatch",
            remedy=REMEDY,
        )
    return data


def read_json(name: str, digest: str) -> JsonObject:
    """Raises DataError as `read_bytes`."""
    found: JsonObject = json.loads(read_bytes(name, digest))
    return found


def read_gzip(name: str, digest: str) -> bytes:
    """Raises DataError as `read_bytes`."""
    return gzip.decompress(read_bytes(name, digest))


def read_sheet(name: str, digest: str, *, count: int, side: int) -> np.ndarray:
    """The first `count` tiles of a sheet, (count, side, side[, 3]) uint8. Raises DataError as
    `read_bytes`.
    """
    from PIL import Image

    with Image.open(io.BytesIO(read_bytes(name, digest))) as picture:
        sheet = np.asarray(picture)
    rows, columns = sheet.shape[0] // side, sheet.shape[1] // side
    tiles = sheet.reshape(rows, side, columns, side, *sheet.shape[2:]).swapaxes(1, 2)
    return tiles.reshape(rows * columns, *tiles.shape[2:])[:count]
