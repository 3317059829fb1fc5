"""A table as columns of strings, and what all readers of tables share.

Cells are read as strings and turned into numbers by role, so that "00123" and a label "NA" stay what they
are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from selfsup_core.data.details import TableFound
from selfsup_core.data.importing.columns import LABELS
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.extras import damage_refused, why
from selfsup_core.data.importing.fixes import first_columns
from selfsup_core.data.limits import LIMITS, MB
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import pyarrow as pa


def parquet_errors(name: str) -> AbstractContextManager[None]:
    """Call what goes wrong while a Parquet file is read a DataError that names the file."""
    return damage_refused(
        lambda error: DataError(
            tr("{name} cannot be read as Parquet ({why}).").format(name=name, why=why(error, 160)),
            code="damaged-table",
            remedy=tr("Write it again."),
        )
    )


@dataclass
class Table:
    """Columns of equal length, and how they were read.

    Attributes:
        values: (N,) float64 of columns that hold numbers in the file already, NaN where one is missing.
    """

    names: list[str]
    columns: list[pa.Array]
    found: TableFound = field(default_factory=lambda: TableFound())
    notes: list[str] = field(default_factory=list)
    values: dict[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.columns[0]) if self.columns else 0


def check_size(name: str, rows: int, columns: int, *, can_cut: bool = False) -> None:
    """Raises DataError: too many rows, columns or cells.

    Args:
        can_cut: whether the first columns can be read alone.
    """
    fix = first_columns(rows) if can_cut else None
    if columns > LIMITS.table_columns:
        raise DataError(
            tr("{name} has {columns:,} columns; at most {table_columns:,}.").format(
                name=name, columns=columns, table_columns=LIMITS.table_columns
            ),
            code="too-many-columns",
            remedy=tr("Leave columns out."),
            fix=fix,
        )
    if rows > LIMITS.table_rows:
        raise DataError(
            tr("{name} has {rows:,} rows; at most {table_rows:,}.").format(
                name=name, rows=rows, table_rows=LIMITS.table_rows
            ),
            code="too-many-rows",
            remedy=tr("Take a sample."),
        )
    if rows * columns > LIMITS.table_cells:
        raise DataError(
            tr(
                "{name} has {rows:,} rows of {columns:,} columns, {rows_2:,} cells; at most {table_cells:,}."
            ).format(
                name=name, rows=rows, columns=columns, rows_2=rows * columns, table_cells=LIMITS.table_cells
            ),
            code="too-many-cells",
            remedy=tr("Leave columns out or take a sample."),
            fix=fix,
        )


def kept_columns(names: Sequence[str], config: ImportConfig) -> list[int]:
    """Places of the columns that are read: all, or so many first ones, and those that have a role or are the
    label.
    """
    if not config.columns:
        return list(range(len(names)))
    asked = {config.label, config.text, *config.roles}
    return [
        place
        for place, name in enumerate(names)
        if place < config.columns or name in asked or re.sub(r"[\W_]+", "", name.lower()) in LABELS
    ]


def check_decoded(what: str, size: int, remedy: str) -> None:
    """Raises DataError before an array is made that is larger than a data set may be."""
    if size > LIMITS.decoded_bytes:
        raise DataError(
            tr("{what} take {size:,.0f} MB; at most {decoded_bytes:,} MB.").format(
                what=what, size=size / MB, decoded_bytes=LIMITS.decoded_bytes // MB
            ),
            code="too-large",
            remedy=remedy,
        )


def clean(cells: pa.Array | pa.ChunkedArray) -> pa.Array:
    """As one array of strings without nulls and outer blanks."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(cells, pa.ChunkedArray):
        chunks = [chunk.cast(pa.string()) for chunk in cells.chunks]
        cells = pa.concat_arrays(chunks) if chunks else pa.array([], pa.string())
    return pc.utf8_trim_whitespace(pc.fill_null(cells.cast(pa.string()), ""))


def number_cells(values: np.ndarray) -> pa.Array:
    """Numbers as cells, "" for NaN."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.fill_null(pa.array(values, from_pandas=True).cast(pa.string()), "")


def unique_names(names: list[str]) -> tuple[list[str], list[str]]:
    """Column names that are all there and all different, and what had to be changed."""
    notes, used, result = [], set(), []
    for index, raw in enumerate(names):
        name = " ".join(str(raw).split())[:200] or tr("column {index}").format(index=index + 1)
        count, fresh = 2, name
        while fresh in used:
            fresh, count = f"{name} ({count})", count + 1
        if fresh != name:
            notes.append(
                tr("Two columns are called {name!r}; the later one is now {fresh!r}.").format(
                    name=name, fresh=fresh
                )
            )
        used.add(fresh)
        result.append(fresh)
    return result, notes
