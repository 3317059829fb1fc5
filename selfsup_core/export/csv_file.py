"""Tables as CSV. Headers and cells are what people have written, so nothing in them may become a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def csv_bytes(heads: Iterable[Any], lines: Iterable[Iterable[Any]]) -> bytes:
    """UTF-8; texts made harmless, None as an empty cell, numbers as they are."""
    text = io.StringIO()
    writer = csv.writer(text)
    for line in (heads, *lines):
        writer.writerow([harmless(v) if isinstance(v, str) else "" if v is None else v for v in line])
    return text.getvalue().encode("utf-8")
