"""Rows of a table of new samples, read as the columns of the training data were: decimal commas, units, dates
and categories alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from selfsup_core.data.details import ColumnAbout
from selfsup_core.data.importing.columns import NO_LEVEL
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.numbers import as_numbers, as_seconds
from selfsup_core.errors import DataError
from selfsup_core.export.about import FeaturesAbout
from selfsup_core.export.new_samples import Sample
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import pyarrow as pa

    from selfsup_core.data.importing.table import Table

DAY = 86_400.0  # seconds


def read_rows(member: Member, about: FeaturesAbout) -> tuple[list[Sample], list[str]]:
    """Rows by the header, a category in a column of its own name, and notes of the reader. An empty cell is
    missing.

    Raises:
        DataError: a column is missing, or a cell is no number.
    """
    table = open_table(member, about["columns"])
    cells = dict(zip(table.names, table.columns, strict=True))
    known = {one["name"]: one for one in about.get("cells", [])}
    values = np.stack([read_column(member.name, cells, column, known) for column in about["columns"]], axis=1)
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    samples = [
        Sample(
            tr("{name}, row {number}").format(name=member.name, number=number),
            values[number - 1],
            dict(zip(table.names, row, strict=True)),
        )
        for number, row in enumerate(rows, 1)
    ]
    return samples, table.notes


def open_table(member: Member, columns: list[str]) -> Table:
    """The table with its header; without one where it has exactly the columns and begins with numbers."""
    from selfsup_core.data.importing.sniff import is_number
    from selfsup_core.data.importing.tables import read_table

    table = read_table([member], ImportConfig(header="yes"))
    if len(table.names) == len(columns) and not set(table.names) & set(columns):
        bare = read_table([member], ImportConfig(header="no"))
        if bare.columns and all(is_number(str(column[0].as_py())) for column in bare.columns):
            bare.names = list(columns)
            bare.notes.append(
                tr("{name} has no header; its columns were taken in the order of the training data.").format(
                    name=member.name
                )
            )
            return bare
    return table


def read_column(
    file: str, cells: dict[str, pa.Array], column: str, known: dict[str, ColumnAbout]
) -> np.ndarray:
    """(N,) values of a column of the training data."""
    if column in cells:
        about: Any = known.get(column, {})
        if about.get("role") == "date":
            return read_dates(file, cells[column], column, about)
        comma, dressed = bool(about.get("decimal_comma")), bool(about.get("dressed"))
        return checked(file, column, cells[column], as_numbers(cells[column], comma, dressed))
    name, equals, level = column.rpartition("=")
    if equals and name in cells:
        return np.array([cell == level for cell in cells[name].to_pylist()], np.float64)
    raise DataError(
        tr("{file} lacks the column {column!r}.").format(file=file, column=column if not equals else name),
        code="no-column",
        remedy=tr("Give each column the name that it has in the training data."),
    )


def read_dates(file: str, cells: pa.Array, column: str, about: Any) -> np.ndarray:
    """Days since the first date of the training data."""
    form, origin = about.get("date_format"), about.get("date_origin")
    if not form or origin is None:
        raise DataError(
            tr("{file}: {column} is a date, and the first date of the training data is not known.").format(
                file=file, column=column
            ),
            code="no-date-origin",
            remedy=tr("Add the training data again, and train on the new data set."),
        )
    return checked(file, column, cells, (as_seconds(cells.to_pylist(), form) - origin) / DAY)


def checked(file: str, column: str, cells: pa.Array, values: np.ndarray) -> np.ndarray:
    """The values. Raises DataError: a cell is neither one nor missing."""
    for place in np.flatnonzero(np.isnan(values)):
        cell = cells[int(place)].as_py()
        if cell.strip().lower() not in NO_LEVEL:
            raise DataError(
                tr("{file}, row {number}: {column} is {text!r}, not a number.").format(
                    file=file, number=int(place) + 1, column=column, text=cell[:40]
                ),
                code="no-number",
            )
    return values
