"""New samples that a person gives to a classifier: texts, text files, tables, images, sounds; and their
predictions as CSV.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NotRequired

import numpy as np
from typing_extensions import TypedDict

from selfsup_core.errors import DataError
from selfsup_core.export.csv_file import csv_bytes
from selfsup_core.translation import tr

MOST_ROWS = 100_000  # of a file of new samples
TABLES = (".csv", ".tsv")
USUAL = ("text", "texts", "content", "message", "sentence", "review", "comment", "body", "title")


@dataclass(frozen=True)
class Sample:
    """name: what to call it. item: what a classifier is given. cells: of its row, by column, where it is of a
    table.
    """

    name: str
    item: Any
    cells: dict[str, str] = field(default_factory=dict)


def read_table(path: Path) -> tuple[list[str], list[list[str]]]:
    """Column names (made up where there is no header) and rows of a CSV or TSV file, all as text.

    Raises:
        DataError: it cannot be read as a table.
    """
    from selfsup_core.data.importing.config import ImportConfig
    from selfsup_core.data.importing.delimited import read_csv
    from selfsup_core.data.importing.files import open_files

    found = read_csv(open_files([path])[0], ImportConfig())
    columns = [[str(cell) for cell in column.to_pylist()] for column in found.columns]
    return list(found.names), [list(row) for row in zip(*columns, strict=True)]


def choose_text_column(file: str, names: Sequence[str], rows: Sequence[Sequence[str]], wanted: str) -> int:
    """Place of the column with texts: the one asked for, one with a usual name, or the one with the longest
    cells.

    Raises:
        DataError: there is no column of the name asked for.
    """
    if wanted:
        if wanted not in names:
            raise DataError(
                tr("{file} has no column {wanted!r}. Columns: {names}.").format(
                    file=file, wanted=wanted, names=", ".join(names)
                ),
                code="no-column",
                remedy=tr("Choose one of them."),
            )
        return list(names).index(wanted)
    lowered = [name.strip().casefold() for name in names]
    for usual in USUAL:
        if usual in lowered:
            return lowered.index(usual)
    return int(np.argmax([sum(len(row[i]) for row in rows[:1000]) for i in range(len(names))]))


class Prediction(TypedDict):
    """What a classifier makes of a sample.

    Attributes:
        item: what the sample is called. probabilities: of all classes, by their names.
        far: why it is unlike the training data, or "".
        cells: of a row of a table in a file, by column. row, true: of the run's own data, with its label or
        "".
    """

    item: str
    label: str
    probability: float
    probabilities: dict[str, float]
    far: str
    cells: NotRequired[dict[str, str]]
    row: NotRequired[int]
    true: NotRequired[str]


def predictions_csv(found: list[Prediction], classes: list[str]) -> bytes:
    """Predictions as CSV: the columns that were given (or the sample), then class, probability and all
    probabilities.

    Args:
        found: of `Classifier.predict`.
    """
    given = list(dict.fromkeys(name for one in found for name in one.get("cells", {})))
    own = {name: name if name not in given else f"predicted {name}" for name in ("class", "probability")}
    warned = any(one.get("far") for one in found)
    heads = [
        *(given or ["sample"]),
        own["class"],
        own["probability"],
        *(f"p {name}" for name in classes),
    ]
    lines = []
    for one in found:
        cells = [one.get("cells", {}).get(name, "") for name in given] if given else [one["item"]]
        shares = [f"{one['probabilities'][name]:.6f}" for name in classes]
        row = [*cells, one["label"], f"{one['probability']:.6f}", *shares]
        lines.append(row + ([one.get("far", "")] if warned else []))
    return csv_bytes(heads + (["warning"] if warned else []), lines)
