"""What the cells of a label column mean: one number written in two ways, rows without a label, several
labels in one cell.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from selfsup_core.data.importing.arrays import label_text
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.fixes import NOT_AGAINST
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import pyarrow as pa

# Values that often mean that a row has no label. They may also be classes, so a person is asked.
DOUBTFUL = frozenset(
    ["-1", "?", "-", "nan", "na", "n/a", "#n/a", "null", "none", "unknown", "unlabeled", "unlabelled"]
)
WHOLE = re.compile(r"^([+-]?)0*(\d+?)(?:\.0*)?$")
NUMBER = re.compile(r"^[+-]?(\d+\.?\d*|\.\d+|\d\.\d+[eE][+-]?\d{1,2})$")
POWER = re.compile(r"^[+-]?\d\.\d+[eE][+-]?\d{1,2}$")  # as NumPy writes numbers
PARTS = re.compile(r"\s*[|;]\s*")
LEAST_SEVERAL = 0.02  # of the cells hold more than one label


def one_name(label: str) -> str:
    """1, 1.0, +1 and 1.0e+00 are one class; codes such as 007 stay what they are."""
    if POWER.match(label):
        label = f"{float(label):.15g}"
    found = WHOLE.match(label)
    if found is None or (len(label) > 1 and label.lstrip("+-").startswith("0") and "." not in label):
        return label
    sign = "-" if found[1] == "-" and found[2] != "0" else ""
    return sign + found[2]


def count_cells(cells: pa.Array | list[str]) -> Counter[str]:
    """How often each cell occurs, in the order in which they first do."""
    if isinstance(cells, list):
        return Counter(cells)
    found = cells.value_counts()
    return Counter(dict(zip(*(field.to_pylist() for field in found.flatten()), strict=True)))


def as_names(counts: Counter[str]) -> dict[str, str]:
    """Numbers of one value under one name, where all cells are numbers; otherwise the cells as they are."""
    if all(not cell or NUMBER.match(cell) or cell.lower() in DOUBTFUL for cell in counts):
        return {cell: one_name(cell) for cell in counts}
    return {cell: cell for cell in counts}


def renamed(counts: Counter[str], names: dict[str, str]) -> Counter[str]:
    """How often each name occurs."""
    found: Counter[str] = Counter()
    for cell, count in counts.items():
        found[names[cell]] += count
    return found


def array_labels(y: np.ndarray) -> list[str]:
    """(N,) stored labels as class names; -1 means none, unless -1 and 1 are the two classes."""
    values = y.tolist()
    different = set(values)
    if y.dtype.kind in "if" and different == {-1, 1}:
        return [f"{value:g}" for value in values]
    if y.dtype.kind not in "biufSU":  # 1 and True are one key of a dictionary
        return [label_text(value) for value in values]
    texts = {value: label_text(value) for value in different}
    return [texts[value] for value in values]


def split_labels(cell: str) -> list[str]:
    """The labels in a cell: of "a|b" and of a JSON or Python list, otherwise the cell itself."""
    if cell.startswith("[") and cell.endswith("]"):
        try:
            inner = json.loads(cell if '"' in cell else cell.replace("'", '"'))
        except ValueError:
            return [cell]
        return [str(one).strip() for one in inner if str(one).strip()]
    return [part for part in PARTS.split(cell) if part]


def holds_several(counts: Counter[str]) -> bool:
    """Whether cells hold lists of labels, whose parts come back in other cells."""
    lists = {cell: split_labels(cell) for cell in counts if cell}
    if lists and all(cell.startswith("[") and parts != [cell] for cell, parts in lists.items()):
        return True
    many = sum(counts[cell] for cell, parts in lists.items() if len(parts) > 1)
    if not many or many < LEAST_SEVERAL * sum(counts[cell] for cell in lists):
        return False
    parts = {part for found in lists.values() for part in found}
    return len(parts) < len(lists) or len(parts) < sum(len(p) for p in lists.values())


def read_labels(cells: pa.Array | list[str], config: ImportConfig) -> list[str]:
    """Cells as classes, by what a person has chosen; "" for none.

    Raises:
        DataError: a label is to stand against the rest that is in no row.
    """
    classes = name_classes(count_cells(cells), config)
    if isinstance(cells, list):
        return [classes[cell] for cell in cells]
    coded = cells.dictionary_encode()
    named = [classes[cell] for cell in coded.dictionary.to_pylist()]
    return [named[place] for place in coded.indices.to_pylist()]


def name_classes(counts: Counter[str], config: ImportConfig) -> dict[str, str]:
    """The class of each cell; see `read_labels`."""
    none = {one.strip().lower() for one in config.unlabeled.split(",")} - {""}
    names = {cell: "" if name.lower() in none else name for cell, name in as_names(counts).items()}
    parts = {name: split_labels(name) for name in names.values()}
    if config.against:
        if not any(config.against in found for found in parts.values()):
            known = ", ".join(sorted({part for found in parts.values() for part in found})[:20])
            raise DataError(
                tr("No row has the label {against!r}. Labels: {known}.").format(
                    against=config.against, known=known
                ),
                code="no-label",
                remedy=tr("Choose one of them."),
                fix=NOT_AGAINST,
            )
        rest = tr("not {against}").format(against=config.against)
        return {
            cell: "" if not name else config.against if config.against in parts[name] else rest
            for cell, name in names.items()
        }
    if not holds_several(renamed(counts, names)):
        return names
    if config.several == "first":
        return {cell: parts[name][0] if parts[name] else "" for cell, name in names.items()}
    return {cell: "|".join(parts[name]) for cell, name in names.items()}


def doubtful_values(counts: Counter[str]) -> list[str]:
    """Values that may mean "no label". With −1, the other classes must not make it one of a pair −1/+1."""
    named = set(as_names(counts).values()) - {""}
    doubtful = [label for label in named if label.lower() in DOUBTFUL]
    if "-1" in doubtful and named - set(doubtful) == {"1"}:
        doubtful.remove("-1")
    return sorted(doubtful)


def parts_of(counts: Counter[str]) -> list[str]:
    """Each single label, where cells hold several; otherwise none."""
    if not holds_several(counts):
        return []
    return sorted({part for label in counts for part in split_labels(label)})


def label_notes(cells: Counter[str], config: ImportConfig) -> list[str]:
    """What a person should know, or decide, of the values of the label column."""
    notes = []
    counts = renamed(cells, as_names(cells))
    if len(set(cells) - {""}) > len(set(counts) - {""}):
        notes.append(tr("The same number written in different ways, as 1 and 1.0, is one class."))
    none = {one.strip().lower() for one in config.unlabeled.split(",")} - {""}
    for value in doubtful_values(cells):
        if value.lower() not in none:
            notes.append(
                tr(
                    "{counts:,} rows have the label {value!r}, which is a class now. If it means that "
                    "they have no label, name it under Unlabeled."
                ).format(counts=counts[value], value=value)
            )
    for value in sorted(v for v in counts if v.lower() in none):
        notes.append(
            tr("{counts:,} rows with the label {value!r} count as unlabeled.").format(
                counts=counts[value], value=value
            )
        )
    if (parts := parts_of(counts)) and not config.against:
        named = ", ".join(parts[:6]) + (", …" if len(parts) > 6 else "")
        what = {
            "together": tr("each combination is a class now"),
            "first": tr("the first one of each row is its class"),
        }[config.several]
        notes.append(
            tr(
                "Rows have several labels each, of {count:,} ({named}): {what}. "
                "Choose under Several labels and One against the rest."
            ).format(count=len(parts), named=named, what=what)
        )
    spelled: dict[str, set[str]] = {}
    for value in counts:
        spelled.setdefault(" ".join(value.casefold().split()), set()).add(value)
    twins = sorted(value for same in spelled.values() if len(same) > 1 for value in same)
    if twins:
        notes.append(
            tr("Classes that differ only in case or spaces: {twins}.").format(twins=", ".join(twins[:6]))
        )
    return notes
