"""Tables as CSV. Headers and cells are what people have written, so nothing in them may become a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from typing import Any

import numpy as np

EXACT = 2**24  # whole numbers below it are exact in float32
NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; a number such as -0.81 is none."""
    return f"'{cell}" if cell.startswith(FORMULA) and not NUMBER.fullmatch(cell) else cell


def numbers(column: np.ndarray) -> list[float | None] | list[int]:
    """(N,) numbers as they were written before they were kept as float32: -0.81, not -0.8100000023841858;
    3, not 3.0, where all are whole. None where there is none.
    """
    if column.dtype.kind in "iu":
        return [int(v) for v in column]
    if len(column) and np.all(np.isfinite(column) & (column == np.round(column)) & (np.abs(column) < EXACT)):
        return [int(v) for v in column]
    return [None if np.isnan(v) else float(str(v)) for v in column]


def csv_bytes(heads: Iterable[Any], lines: Iterable[Iterable[Any]]) -> bytes:
    """UTF-8; texts made harmless, None as an empty cell, numbers in the fewest digits that give the same
    again in their own precision.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    for line in (heads, *lines):
        writer.writerow([harmless(v) if isinstance(v, str) else "" if v is None else v for v in line])
    return text.getvalue().encode("utf-8")
