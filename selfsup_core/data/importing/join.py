"""Several tables as one: more rows of the same columns, or more columns of the same rows."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from selfsup_core.data.importing.fixes import read_only
from selfsup_core.data.importing.table import Table, check_size, unique_names
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import pyarrow as pa

MADE_UP = re.compile(r"^column \d+$")


def join_tables(names: list[str], tables: list[Table]) -> Table:
    """One table of them all.

    Args:
        names: of the files.

    Raises:
        DataError: they have neither the same columns nor as many rows.
    """
    first = tables[0]
    if len(tables) == 1:
        return first
    if all(sorted(table.names) == sorted(first.names) for table in tables):
        made = stack(tables)
    elif len({len(table) for table in tables}) == 1 and len(first) > 1 and not shared(tables):
        made = put_beside(names, tables)
    else:
        odd = next(i for i, table in enumerate(tables) if sorted(table.names) != sorted(first.names))
        raise DataError(
            tr(
                "{names} has other columns than {names_2}, and {count:,} rows where that has {count_2:,}."
            ).format(names=names[odd], names_2=names[0], count=len(tables[odd]), count_2=len(first)),
            code="other-columns",
            remedy=tr("Give files of the same columns or of the same rows, or add them one at a time."),
            fix=read_only(names[0]),
        )
    check_size(names[0], len(made), len(made.names))
    return made


def shared(tables: list[Table]) -> bool:
    """Whether two tables have a column of the same name, other than the names that were made up."""
    named = [name for table in tables for name in table.names if not MADE_UP.match(name)]
    return len(set(named)) < len(named)


def stack(tables: list[Table]) -> Table:
    """The rows of all, whatever the order of their columns."""
    first = tables[0]
    columns = [concat([table.columns[table.names.index(name)] for table in tables]) for name in first.names]
    notes = [note for table in tables for note in table.notes]
    return replace(first, columns=columns, notes=notes, values={})


def put_beside(files: list[str], tables: list[Table]) -> Table:
    """The columns of all, row by row: features and labels, or vectors and what they stand for."""
    names, renamed = unique_names([name for table in tables for name in table.names])
    note = tr("{files} have as many rows and other columns: they were joined row by row.").format(
        files=" and ".join(files)
    )
    notes = [note, *(one for table in tables for one in table.notes), *renamed]
    columns = [c for t in tables for c in t.columns]
    return replace(tables[0], names=names, columns=columns, notes=notes, values={})


def concat(arrays: list[pa.Array]) -> pa.Array:
    import pyarrow as pa

    return pa.concat_arrays([a.cast(pa.string()) for a in arrays])
