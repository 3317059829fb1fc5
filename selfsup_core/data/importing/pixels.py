"""Images that are kept as a table: a column for each pixel, or all pixels of an image in one cell."""

from __future__ import annotations

import re
from math import isqrt
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from selfsup_core.data.details import ColumnAbout
from selfsup_core.data.importing.numbers import as_numbers
from selfsup_core.data.importing.table import Table, check_decoded
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import pyarrow as pa

LEAST, MOST = 64, 196_608  # pixels of an image, times its colors: 8 × 8 to 256 × 256 in color
SURE = 256  # columns, from which whole numbers of 0 to 255 are taken for images without being asked
CELL = re.compile(r"^[\[(]?\s*\d{1,3}([\s,]+\d{1,3})+\s*[\])]?$")


class Pixels(TypedDict):
    """Where a table holds images.

    Attributes:
        columns: in the order of the pixels; a single one holds them all as text.
        side, channels: of an image. label: column of the class, "" for none.
        is_sure: whether they are hardly anything else.
    """

    columns: list[str]
    side: int
    channels: int
    label: str
    is_sure: bool


def shape_of(count: int) -> tuple[int, int] | None:
    """(side, channels) of a square image of so many numbers, gray or of three colors."""
    if not LEAST <= count <= MOST:
        return None
    if isqrt(count) ** 2 == count:
        return isqrt(count), 1
    return (isqrt(count // 3), 3) if count % 3 == 0 and isqrt(count // 3) ** 2 == count // 3 else None


def find_pixels(table: Table, columns: list[ColumnAbout]) -> Pixels | None:
    """The columns that hold the pixels of images of one size, if there are such."""
    named = next((c["name"] for c in columns if c["role"] == "label"), "")
    for c, cells in zip(columns, table.columns, strict=True):
        sample = [cell for cell in cells[:20].to_pylist() if cell]
        if not sample or len(sample[0]) < 2 * LEAST or not all(map(CELL.match, sample)):
            continue
        counts = {len(numbers_in(cell)) for cell in sample}
        shape = shape_of(counts.pop()) if len(counts) == 1 else None
        if shape:
            return Pixels(columns=[c["name"]], side=shape[0], channels=shape[1], label=named, is_sure=True)
    places = [i for i, c in enumerate(columns) if c["role"] == "numeric" or (c["whole"] and not named)]
    names = [columns[i]["name"] for i in places]
    if (shape := shape_of(len(names))) is None and (shape := shape_of(len(names) - 1)) and not named:
        first, last = places[0], places[-1]
        is_pixel = columns[first]["distinct"] < 2 or top(table.columns[first]) > 100
        is_label = columns[last]["distinct"] > 1 and top(table.columns[last]) <= 100
        at = -1 if is_pixel and is_label else 0
        named = names.pop(at)
        places.pop(at)
    if shape is None:
        return None
    is_sure = len(names) >= SURE and all(columns[i]["whole"] for i in places)
    if is_sure:
        tops = [top(table.columns[i]) for i in places[:: max(1, len(places) // 100)]]
        is_sure = 15 <= max(tops) <= 255 and not any(table.columns[i][0].as_py()[:1] == "-" for i in places)
    return Pixels(columns=names, side=shape[0], channels=shape[1], label=named, is_sure=is_sure)


def top(cells: pa.Array) -> float:
    values = as_numbers(cells, decimal_comma=False)
    return float(np.nanmax(values)) if np.isfinite(values).any() else 0.0


def numbers_in(cell: str) -> list[str]:
    return re.findall(r"\d+", cell)


def read_pixels(table: Table, pixels: Pixels) -> np.ndarray:
    """(N, side, side[, 3]) numbers as they are in the table, missing ones 0.

    Raises:
        DataError: a cell holds another number of pixels than the first one.
    """
    side, channels = pixels["side"], pixels["channels"]
    count = side * side * channels
    check_decoded(
        tr("{count:,} images of {side} × {side}").format(count=len(table), side=side),
        4 * len(table) * count,
        tr("Take a sample."),
    )
    by_name = dict(zip(table.names, table.columns, strict=True))
    flat = np.zeros((len(table), count), np.float32)
    if len(pixels["columns"]) == 1:
        name = pixels["columns"][0]
        for row, cell in enumerate(by_name[name].to_pylist()):
            values = numbers_in(cell)
            if len(values) != count:
                raise DataError(
                    tr("Row {row} of column {name!r} holds {count:,} pixels, not {count_2:,}.").format(
                        row=row + 1, name=name, count=len(values), count_2=count
                    ),
                    code="ragged-images",
                    remedy=tr("Leave the row out."),
                )
            flat[row] = values
    else:
        for place, name in enumerate(pixels["columns"]):
            flat[:, place] = np.nan_to_num(as_numbers(by_name[name], decimal_comma=False))
    if channels == 1:
        return flat.reshape(-1, side, side)
    whole = flat.reshape(-1, side, side, channels)
    planes = flat.reshape(-1, channels, side, side).transpose(0, 2, 3, 1)
    # Neighbors are alike in the right order: all of a color first (CIFAR), or the colors of each pixel.
    return planes if roughness(planes[:100]) < roughness(whole[:100]) else whole


def roughness(images: np.ndarray) -> float:
    """Mean difference between neighbors in a row."""
    return float(np.abs(np.diff(images, axis=2)).mean())
