"""What each column of a table is: label, text, id, number, category or date, and why. All cells are
strings.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import numpy as np

from selfsup_core.data.details import ColumnAbout
from selfsup_core.data.importing.numbers import (
    DECIMAL_COMMA,
    NUMBER,
    THOUSANDS,
    find_date_format,
    has_decimal_comma,
    is_date,
    is_dressed,
    share,
    undress,
)
from selfsup_core.translation import tr

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
WHOLE = r"^[+-]?\d{1,6}(\.0*(e[+]?00)?)?$"
LEADING_ZERO = r"^[+-]?0\d"
LABELS = frozenset(
    [
        "label",
        "labels",
        "labelid",
        "labelname",
        "labeltext",
        "class",
        "classes",
        "classid",
        "classindex",
        "classlabel",
        "classname",
        "target",
        "targets",
        "y",
        "category",
        "categories",
        "topic",
        "topics",
        "genre",
        "genres",
        "tag",
        "tags",
        "sentiment",
        "polarity",
        "emotion",
        "emotions",
        "intent",
        "species",
        "diagnosis",
        "dx",
        "klasse",
        "outcome",
        "survived",
        "isfraud",
        "spam",
        "isspam",
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
IDS = re.compile(r"(^|[_\s.-])(?i:id|uuid|guid|index|key|nr|number)$|[a-z](Id|ID|Nr)$")
# Names of a column that no one has named, as pandas and R write the numbers of rows.
UNNAMED = re.compile(r"^(column 1|unnamed: 0|index|row ?names?|row|)$", re.IGNORECASE)
MOST_LEVELS = 50
MOST_ASKED = 10  # columns of few numbers, which may be a label
MOST_CLASSES = 1000
ID_SHARE = 0.95  # of different values in a column that is named like an id: a few rows may be copies
FILE = re.compile(
    r"\.(png|jpe?g|webp|bmp|gif|tiff?|avif|heic|wav|flac|mp3|ogg|aiff?|m4a|dcm|npy|mp4)$", re.IGNORECASE
)
# What stands for a missing value in a column of categories; "none" and "-" may be values.
NO_LEVEL = frozenset(["", "na", "n/a", "#n/a", "nan", "null", "?"])


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
    whole: bool = False
    dressed: bool = False
    date_format: str = ""

    def as_dict(self) -> ColumnAbout:
        return cast("ColumnAbout", vars(self) | {"examples": list(self.examples)})


def describe_column(
    name: str, cells: pa.Array, delimiter: str = "", numbers: np.ndarray | None = None
) -> Column:
    """Guess the role of one column.

    Args:
        cells: strings without nulls, blanks stripped.
        delimiter: between the cells of the file, where there is one.
        numbers: (N,) the cells as numbers, where they are such in the file.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if numbers is not None and not may_be_dates(numbers):
        return describe_numbers(name, cells, numbers)
    rows = len(cells)
    filled = cells.filter(pc.not_equal(cells, ""))
    distinct = pc.count_distinct(filled).as_py()
    examples = [v[:80] for v in pc.unique(filled[:2000])[:5].to_pylist()]
    blank = rows - len(filled)
    about = Column(name, "ignore", tr("no value in it"), examples, blank, distinct)
    if not len(filled):
        return about
    word = re.sub(r"[\W_]+", "", name.lower())
    values = filled.filter(
        pc.invert(pc.is_in(pc.utf8_lower(filled), value_set=pa.array(MISSING, cells.type)))
    )
    if not len(values) and word not in LABELS:
        return replace(about, missing=rows)
    if form := find_date_format(filled):
        return replace(about, role="date", reason="dates", date_format=form)
    dressed = len(values) > 0 and share(values, NUMBER) < 0.95 and is_dressed(values)
    bare = undress(values) if dressed else values
    with_comma = len(values) > 0 and has_decimal_comma(bare, delimiter)
    usual = DECIMAL_COMMA if with_comma else f"{NUMBER}|{THOUSANDS}" if dressed else NUMBER
    plain = share(bare, usual) if len(values) else 0.0
    zeros = len(values) and share(values, LEADING_ZERO) > 0
    if plain >= 0.95 and not zeros:
        good = round(plain * len(values))
        whole = distinct <= MOST_CLASSES and share(values, WHOLE) == 1
        about = replace(about, missing=rows - good, decimal_comma=with_comma, whole=whole, dressed=dressed)
        return as_numeric(about, cells, blank)
    sample = Counter(filled[:500].to_pylist())
    if sum(count for cell, count in sample.items() if is_date(cell)) >= 0.95 * sample.total():
        return replace(about, reason=tr("dates in different formats"))
    lengths = pc.utf8_length(filled)
    mean = pc.mean(lengths).as_py()
    words = 1 + float(pc.mean(pc.count_substring(filled, " ")).as_py())
    # Scripts without spaces say as much in six characters as English in twenty.
    dense = share(filled, r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}]") > 0.5
    is_long = (mean >= 20 and words >= 3) or words >= 4 or (dense and mean >= 6)
    if word in LABELS and can_be_classes(distinct, len(filled)) and (distinct <= MOST_LEVELS or not is_long):
        return replace(
            about,
            role="label",
            reason=tr("named {name}, {distinct} values").format(name=name, distinct=distinct),
        )
    if (is_long and distinct > 0.3 * len(filled)) or (word in TEXTS and distinct > 0.3 * len(filled)):
        return replace(about, role="text", reason=tr("{mean:.0f} characters on average").format(mean=mean))
    if zeros and distinct > MOST_LEVELS:
        return replace(about, role="id", reason=tr("leading zeros, as in codes"))
    is_named_id = IDS.search(name) and distinct >= ID_SHARE * len(filled)
    if is_named_id or (distinct == len(filled) and distinct > 20 and words < 1.5):
        return replace(about, role="id", reason=tr("a different value in each row"))
    if distinct <= MOST_LEVELS and distinct < max(2, 0.6 * len(filled)):
        return replace(about, role="category", reason=tr("{distinct} values").format(distinct=distinct))
    return replace(
        about, reason=tr("{distinct:,} different words, too many for categories").format(distinct=distinct)
    )


def as_numeric(about: Column, cells: pa.Array, blank: int) -> Column:
    """The role of a column of numbers. blank: cells without any value."""
    name, distinct, filled = about.name, about.distinct, len(cells) - blank
    word = re.sub(r"[\W_]+", "", name.lower())
    is_repeated = about.whole or 2 * distinct <= filled
    if word in LABELS and is_repeated and can_be_classes(distinct, filled):
        return replace(
            about,
            role="label",
            missing=blank,
            reason=tr("named {name}, {distinct} values").format(name=name, distinct=distinct),
        )
    if IDS.search(name) and distinct >= ID_SHARE * filled:
        each = (
            tr("a different number in each row") if distinct == filled else tr("a number for nearly each row")
        )
        return replace(about, role="id", reason=each)
    if UNNAMED.match(name) and counts_rows(cells):
        return replace(about, role="id", reason=tr("counts the rows"))
    how = (tr(", decimal comma") if about.decimal_comma else "") + (
        tr(" with signs") if about.dressed else ""
    )
    return replace(about, role="numeric", reason=f"numbers{how}")


def may_be_dates(numbers: np.ndarray) -> bool:
    """Whether they may be written as 20240105, or there are none."""
    known = numbers[np.isfinite(numbers)]
    return not len(known) or bool((known >= 1e7).mean() >= 0.95 and (known < 1e8).any())


def describe_numbers(name: str, cells: pa.Array, numbers: np.ndarray) -> Column:
    """What `describe_column` says, from the numbers themselves."""
    filled = numbers[~np.isnan(numbers)]
    known = filled[np.isfinite(filled)]
    distinct = len(np.unique(filled))
    examples: list[str] = []
    for start, end in ((0, 20), (20, 2000)):  # few are enough, as a rule
        if len(examples) < 5:
            examples += cells[start:end].to_pylist()
            examples = [cell for cell in dict.fromkeys(examples) if cell][:5]
    is_whole = distinct <= MOST_CLASSES and bool(((known == np.floor(known)) & (np.abs(known) < 1e6)).all())
    missing = len(cells) - len(known)
    about = Column(name, "ignore", tr("no value in it"), examples, missing, distinct, whole=is_whole)
    return as_numeric(about, cells, len(cells) - len(filled))


def counts_rows(cells: pa.Array) -> bool:
    """Whether the cells are 0, 1, 2, … or 1, 2, 3, …"""
    if len(cells) < 10 or cells[0].as_py() not in ("0", "1"):
        return False
    first = int(cells[0].as_py())
    return bool(cells.to_pylist() == [str(i) for i in range(first, first + len(cells))])


def can_be_classes(distinct: int, rows: int) -> bool:
    """Whether so many values may be classes: few, or each of several rows."""
    return distinct <= MOST_LEVELS or (distinct <= MOST_CLASSES and 2 * distinct <= rows)


def choose_label(columns: list[Column]) -> list[Column]:
    """Keep one label; where none is named so, the only or last category with few values is taken, then a
    column of few whole numbers beside texts or before measurements.
    """
    labels = [c.name for c in columns if c.role == "label"]
    if not labels:
        few = [c for c in columns if c.role == "category" and c.distinct <= 20]
        has_text = any(c.role == "text" for c in columns)
        chosen = ""
        if few and ((has_text and len(few) == 1) or few[-1] is columns[-1]):
            chosen = few[-1].name
        elif codes := [c for c in columns if c.role == "numeric" and c.whole and 2 <= c.distinct <= 100]:
            numbers = [c for c in columns if c.role == "numeric"]
            lone = has_text and len(codes) == 1 == len(numbers)
            first = len(columns) >= 16 and codes == [columns[0]] and len(numbers) == len(columns)
            chosen = codes[0].name if (lone or first) and not few else ""
        return [
            replace(
                c,
                role="label",
                reason=tr("{distinct} values; taken for the class").format(distinct=c.distinct),
            )
            if c.name == chosen
            else c
            for c in columns
        ]
    return [
        replace(c, role="category" if c.distinct <= MOST_LEVELS else "ignore", reason=tr("a second label"))
        if c.role == "label" and c.name != labels[-1]
        else c
        for c in columns
    ]


def column_notes(columns: list[ColumnAbout], label: str, *, is_offered: bool = False) -> list[str]:
    """What a person should know of the roles: why there is no label, and what becomes many columns.

    Args:
        label: the column that is asked for, "-" for none. is_offered: whether a label is offered already.
    """
    notes = []
    if label != "-" and not any(c["role"] == "label" for c in columns):
        for c in columns:
            word = re.sub(r"[\W_]+", "", c["name"].lower())
            if word in LABELS and c["distinct"] > MOST_LEVELS and c["reason"] != "chosen":
                notes.append(
                    tr(
                        "{name} has {distinct:,} different values and is not taken for the class. "
                        "A label has at most {most_classes:,} classes, most of them with two or more rows."
                    ).format(name=c["name"], distinct=c["distinct"], most_classes=MOST_CLASSES)
                )
        if onehot := one_hot(columns):
            notes.append(
                tr(
                    "{count} columns hold only 0 and 1 ({onehot}, …). If each is one of "
                    "several labels of a row, choose one of them as the label and ignore the others."
                ).format(count=len(onehot), onehot=", ".join(onehot[:4]))
            )
        elif not notes and not is_offered and (maybe := possible_labels(columns)):
            notes.append(
                tr(
                    "No column was taken for the class. If one holds it, choose it as the label: {maybe}."
                ).format(maybe=", ".join(maybe[:6]))
            )
    if paths := [c for c in columns if c["role"] not in ("label", "text") and holds_files(c["examples"])]:
        first = paths[0]
        notes.append(
            tr(
                "{name} names files ({examples}), which are not here. To import them, put "
                "them and this table into one ZIP file."
            ).format(name=first["name"], examples=first["examples"][0])
        )
    many = [c for c in columns if c["role"] == "category" and c["distinct"] > 10]
    notes += [
        tr("{name} becomes {distinct} columns, one for each value.").format(
            name=c["name"], distinct=c["distinct"]
        )
        for c in many[:10]
    ]
    return notes


def holds_files(cells: list[str]) -> bool:
    """Whether cells are names of images or sounds."""
    return len(cells) > 1 and all(map(FILE.search, cells))


def possible_labels(columns: list[ColumnAbout]) -> list[str]:
    """Columns of few values. Where many hold few numbers, as counts of genes do, numbers are measurements."""
    few = [c for c in columns if 2 <= c["distinct"] <= 20]
    numbers = [c["name"] for c in few if c["role"] == "numeric"]
    is_measured = len(numbers) > MOST_ASKED
    return [c["name"] for c in few if c["role"] == "category" or (c["role"] == "numeric" and not is_measured)]


def one_hot(columns: list[ColumnAbout]) -> list[str]:
    """Columns of 0 and 1 that may be labels: two or more beside a text."""
    if not any(c["role"] == "text" for c in columns):
        return []
    found = [c["name"] for c in columns if set(c["examples"]) == {"0", "1"} and c["role"] == "numeric"]
    return found if len(found) >= 2 else []
