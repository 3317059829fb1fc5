"""What each column of a table is: label, text, id, number, category or date, and why. All cells are
strings.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, TypedDict, cast

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

# Of a numeric column only: a label "NA" stays a label.
MISSING = (
    "",
    "na",
    "n/a",
    "nan",
    "null",
    "none",
    "-",
    "?",
    "#n/a",
    "inf",
    "-inf",
    "+inf",
    "infinity",
    "-infinity",
)
NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
DECIMAL_COMMA = r"^[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?$"
LEADING_ZERO = r"^[+-]?0\d"
DATE = r"^(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{2,4})([T ].*)?$"
LABELS = frozenset(
    [
        "label",
        "labels",
        "class",
        "target",
        "y",
        "category",
        "topic",
        "sentiment",
        "species",
        "diagnosis",
        "klasse",
        "outcome",
    ]
)
TEXTS = frozenset(
    [
        "text",
        "texts",
        "sentence",
        "review",
        "comment",
        "message",
        "content",
        "body",
        "tweet",
        "document",
    ]
)
IDS = re.compile(r"(^|[_\s.-])(id|uuid|guid|index|key|nr|number)$", re.IGNORECASE)
MOST_LEVELS = 50
ID_SHARE = 0.95  # of different values in a column that is named like an id: a few rows may be copies
# What stands for a missing value in a column of categories; "none" and "-" may be values.
NO_LEVEL = frozenset(["", "na", "n/a", "#n/a", "nan", "null", "?"])


class ColumnAbout(TypedDict):
    """A `Column` in plain values, as a plan and a data set's details hold it."""

    name: str
    role: str
    reason: str
    examples: list[str]
    missing: int
    distinct: int
    decimal_comma: bool


@dataclass(frozen=True)
class Column:
    """What is known of one column; `missing` counts cells without a usable value in its role."""

    name: str
    role: str
    reason: str
    examples: list[str]
    missing: int
    distinct: int
    decimal_comma: bool = False

    def as_dict(self) -> ColumnAbout:
        return cast("ColumnAbout", asdict(self))


def share(cells: pa.Array, pattern: str) -> float:
    """Share of the cells that match."""
    import pyarrow.compute as pc

    return float(pc.mean(pc.match_substring_regex(cells, pattern)).as_py() or 0.0)


def describe_column(name: str, cells: pa.Array) -> Column:
    """Guess the role of one column.

    Args:
        cells: strings without nulls, blanks stripped.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = len(cells)
    filled = cells.filter(pc.not_equal(cells, ""))
    distinct = pc.count_distinct(filled).as_py()
    examples = [v[:80] for v in pc.unique(filled[:2000])[:5].to_pylist()]
    blank = rows - len(filled)
    about = Column(name, "ignore", "no value in it", examples, blank, distinct)
    if not len(filled):
        return about
    word = name.strip().lower()
    values = filled.filter(
        pc.invert(pc.is_in(pc.utf8_lower(filled), value_set=pa.array(MISSING, cells.type)))
    )
    plain = share(values, NUMBER) if len(values) else 0.0
    comma = share(values, DECIMAL_COMMA) if len(values) else 0.0
    with_comma = comma >= 0.95 and plain < 0.95
    zeros = len(values) and share(values, LEADING_ZERO) > 0
    if max(plain, comma) >= 0.95 and not zeros:
        good = round(max(plain, comma) * len(values))
        about = replace(about, missing=rows - good, decimal_comma=with_comma)
        if word in LABELS and distinct <= MOST_LEVELS:
            return replace(about, role="label", missing=blank, reason=f"named {name}, {distinct} values")
        if IDS.search(name) and distinct >= ID_SHARE * len(filled):
            each = "another number in each row" if distinct == len(filled) else "a number for nearly each row"
            return replace(about, role="id", reason=each)
        return replace(about, role="numeric", reason="numbers" + (", decimal comma" if with_comma else ""))
    if share(filled, DATE) >= 0.95:
        return replace(about, role="date", reason="dates")
    lengths = pc.utf8_length(filled)
    mean = pc.mean(lengths).as_py()
    words = 1 + float(pc.mean(pc.count_substring(filled, " ")).as_py())
    # Scripts without spaces say as much in six characters as English in twenty.
    dense = share(filled, r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}]") > 0.5
    if word in LABELS and distinct <= MOST_LEVELS:
        return replace(about, role="label", reason=f"named {name}, {distinct} values")
    is_long = (mean >= 20 and words >= 3) or words >= 4 or (dense and mean >= 6)
    if (is_long and distinct > 0.3 * len(filled)) or (word in TEXTS and distinct > 0.3 * len(filled)):
        return replace(about, role="text", reason=f"{mean:.0f} characters on average")
    if zeros and distinct > MOST_LEVELS:
        return replace(about, role="id", reason="leading zeros, as in codes")
    is_named_id = IDS.search(name) and distinct >= ID_SHARE * len(filled)
    if is_named_id or (distinct == len(filled) and distinct > 20 and words < 1.5):
        return replace(about, role="id", reason="another value in each row")
    if distinct <= MOST_LEVELS and distinct < max(2, 0.6 * len(filled)):
        return replace(about, role="category", reason=f"{distinct} values")
    return replace(about, reason=f"{distinct:,} different words, too many for categories")


def choose_label(columns: list[Column]) -> list[Column]:
    """Keep one label; where none is named so, the only or last category with few values is taken."""
    labels = [c.name for c in columns if c.role == "label"]
    if not labels:
        few = [c for c in columns if c.role == "category" and c.distinct <= 20]
        has_text = any(c.role == "text" for c in columns)
        if few and ((has_text and len(few) == 1) or few[-1] is columns[-1]):
            return [
                replace(c, role="label", reason=f"{c.reason}; taken for the class")
                if c.name == few[-1].name
                else c
                for c in columns
            ]
        return columns
    return [
        replace(c, role="category" if c.distinct <= MOST_LEVELS else "ignore", reason="a second label")
        if c.role == "label" and c.name != labels[-1]
        else c
        for c in columns
    ]


def as_numbers(cells: pa.Array, decimal_comma: bool) -> np.ndarray:
    """Strings → (N,) float64, NaN where a cell is not a finite number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if decimal_comma:
        cells = pc.replace_substring(pc.replace_substring(cells, ".", ""), ",", ".")
    ok = pc.match_substring_regex(cells, NUMBER)
    values = pc.cast(pc.if_else(ok, cells, pa.scalar(None, cells.type)), pa.float64())
    array = values.to_numpy(zero_copy_only=False).astype(np.float64)
    return np.where(np.isfinite(array), array, np.nan)
