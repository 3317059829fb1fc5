"""Cells that are numbers in another dress ($1,299.00, 45%, 3.1 kg, (5.00), −4.2) or dates."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
DECIMAL_COMMA = r"^[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?$"
THOUSANDS = r"^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$"
CURRENCY = r"(?:\p{Sc}|USD|EUR|GBP|CHF|JPY|CNY)"
STEPS = (
    (r"^\s*[−–]", "-"),
    ("[\u00a0\u202f\u2009\u2007]", " "),
    (r"(\d)[ '’](\d{3})\b", r"\1\2"),
    (r"(\d)[ '’](\d{3})\b", r"\1\2"),
    (r"^\((.*)\)$", r"-\1"),
    (rf"^([+-]?)\s*{CURRENCY}\s*", r"\1"),
    (rf"\s*{CURRENCY}$", ""),
    (r"^([+-]?[\d.,]*\d(?:[eE][+-]?\d+)?)\s*[\p{L}°µ²³/%]{1,6}$", r"\1"),
)
LETTER = r"[^\W\d_]"
DATE = (
    r"^(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|(19|20)\d{6}"
    rf"|{LETTER}{{3,9}}\.? \d{{1,2}},? \d{{4}}|\d{{1,2}}\.? {LETTER}{{3,9}}\.? \d{{4}})([T ].*)?$"
)
DAYS = (
    "ISO8601",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%d.%m.%y",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%m/%d/%y",
    "%d/%m/%y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%b %d %Y",
    "%d %b %Y",
    "%d %B %Y",
)
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p")
ENOUGH = 0.95  # of the cells


def share(cells: pa.Array, pattern: str) -> float:
    """Share of the cells that match."""
    import pyarrow.compute as pc

    found, counts = cells.value_counts().flatten()  # many cells are alike
    matching = pc.sum(counts.filter(pc.match_substring_regex(found, pattern))).as_py() or 0
    return matching / max(len(cells), 1)


def undress(cells: pa.Array) -> pa.Array:
    """Without currency, percent, unit and spaces between thousands; brackets become a minus."""
    import pyarrow.compute as pc

    coded = cells.dictionary_encode()  # many cells are alike
    bare = coded.dictionary
    for pattern, instead in STEPS:
        bare = pc.replace_substring_regex(bare, pattern, instead)
    return pc.utf8_trim_whitespace(bare).take(coded.indices)


def is_dressed(cells: pa.Array) -> bool:
    """Whether the cells are numbers with one currency or unit, or with thousands parted."""
    import pyarrow.compute as pc

    odd = pc.unique(cells)
    odd = odd.filter(pc.invert(pc.match_substring_regex(odd, NUMBER)))
    marks = pc.unique(pc.replace_substring_regex(odd, r"[\d.,\s+()'’−–\-\x{a0}\x{202f}\x{2009}]", ""))
    with_mark = [mark for mark in marks.to_pylist() if mark]
    if len(with_mark) > 1 or (with_mark and 1 - share(cells, NUMBER) < ENOUGH):
        return False
    bare = undress(cells)
    return max(share(bare, f"{NUMBER}|{THOUSANDS}"), share(bare, DECIMAL_COMMA)) >= ENOUGH


def has_decimal_comma(cells: pa.Array, delimiter: str) -> bool:
    """Whether a comma stands before the decimals; "1,234" alone may be both, and a semicolon between cells
    speaks for it.
    """
    if share(cells, NUMBER) >= ENOUGH or share(cells, DECIMAL_COMMA) < ENOUGH:
        return False
    return delimiter == ";" or share(cells, f"{NUMBER}|{THOUSANDS}") < ENOUGH


def as_numbers(cells: pa.Array, decimal_comma: bool, dressed: bool = False) -> np.ndarray:
    """Strings → (N,) float64, NaN where a cell is not a finite number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if dressed:
        cells = undress(cells)
    if decimal_comma:
        cells = pc.replace_substring(pc.replace_substring(cells, ".", ""), ",", ".")
    elif dressed:
        parted = pc.match_substring_regex(cells, THOUSANDS)
        cells = pc.if_else(parted, pc.replace_substring(cells, ",", ""), cells)
    ok = pc.match_substring_regex(cells, NUMBER)
    values = pc.cast(pc.if_else(ok, cells, pa.scalar(None, cells.type)), pa.float64())
    array = values.to_numpy(zero_copy_only=False).astype(np.float64)
    return np.where(np.isfinite(array), array, np.nan)


def is_date(cell: str) -> bool:
    """Whether it looks like a date, maybe with a time behind it."""
    return re.match(DATE, cell) is not None


def find_date_format(cells: pa.Array) -> str:
    """The format that nearly all filled cells have, as `strftime` writes it; "" for none."""
    import pyarrow.compute as pc

    filled = pc.unique(cells.filter(pc.not_equal(cells, "")))
    sample = filled[:500].to_pylist()
    # Not by Arrow, which takes ten milliseconds to compile the pattern for each column.
    others = (cell for cell in sample if not is_date(cell))
    if not sample or sum(1 for _ in islice(others, len(sample) // 20 + 1)) > len(sample) // 20:
        return ""
    for day in DAYS:
        for time in TIMES if day != "ISO8601" else ("",):
            if np.isfinite(as_seconds(sample, day + time)).mean() >= ENOUGH:
                return day + time
    return ""


def as_seconds(cells: list[str], form: str) -> np.ndarray:
    """(N,) seconds since 1970, NaN where a cell has another format."""
    import pandas as pd  # type: ignore[import-untyped]

    times = pd.to_datetime(pd.Series(cells, dtype=object), format=form, errors="coerce", utc=True)
    stamps = times.dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    return np.where(np.isnat(stamps), np.nan, stamps.astype(np.int64) / 1e6)


def as_days(cells: pa.Array, form: str) -> tuple[np.ndarray, float]:
    """Dates → (N,) days since the first of them, so that float32 holds minutes too; and the first, in seconds
    since 1970.
    """
    seconds = as_seconds(cells.to_pylist(), form)
    first = float(np.nanmin(seconds))
    return np.asarray((seconds - first) / 86_400), first
