"""One table from uploaded files: CSV and TSV (`delimited.py`), JSONL and Parquet."""

from __future__ import annotations

import io
import json
from array import array
from collections.abc import Iterator
from itertools import repeat
from typing import TYPE_CHECKING, Any

from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.decode import decode
from selfsup_core.data.importing.delimited import read_csv
from selfsup_core.data.importing.files import Member, identify
from selfsup_core.data.importing.table import Table, check_size, clean, unique_names
from selfsup_core.data.limits import LIMITS, MB
from selfsup_core.errors import DataError
from selfsup_core.settings import short

if TYPE_CHECKING:
    import pyarrow as pa


def read_table(members: list[Member], config: ImportConfig) -> Table:
    """One table from files of the same columns. Raises DataError."""
    tables = []
    for member in members:
        form = identify(member.name, member.head())
        reader = {"jsonl": read_jsonl, "parquet": read_parquet}.get(form, read_csv)
        table = reader(member, config)
        if not len(table):
            raise DataError(f"{member.name} has no rows.", code="no-rows", remedy="Add rows to it.")
        check_size(member.name, len(table), len(table.names))
        check_cells(member.name, table)
        tables.append(table)
    first = tables[0]
    for member, table in zip(members[1:], tables[1:], strict=True):
        if table.names != first.names:
            raise DataError(
                f"{member.name} has other columns than {members[0].name}.",
                code="other-columns",
                remedy="Upload them one at a time.",
            )
        first.columns = [concat([a, b]) for a, b in zip(first.columns, table.columns, strict=True)]
        first.notes += table.notes
    check_size(members[0].name, len(first), len(first.names))
    return first


def check_cells(name: str, table: Table) -> None:
    import pyarrow.compute as pc

    for column, cells in zip(table.names, table.columns, strict=True):
        lengths = pc.binary_length(cells)
        longest = pc.max(lengths).as_py() or 0
        if longest > LIMITS.cell_bytes:
            row = pc.index(lengths, longest).as_py()
            raise DataError(
                f"{name}, row {row + 1}, column {column!r} holds {longest / MB:.1f} MB; at most "
                f"{LIMITS.cell_bytes // MB} MB a cell.",
                code="cell-too-large",
                remedy="Shorten it.",
            )


def concat(arrays: list[pa.Array]) -> pa.Array:
    import pyarrow as pa

    return pa.concat_arrays([a.cast(pa.string()) for a in arrays])


def read_jsonl(member: Member, config: ImportConfig) -> Table:
    """One JSON object a line. Raises DataError with the line."""
    import pyarrow as pa

    text, encoding, note = decode(member.name, member.read(), config.encoding)
    cells: dict[str, SparseColumn] = {}
    rows = 0
    for number, line in enumerate(io.StringIO(text), 1):
        if not line.strip():
            continue
        if rows * len(cells) >= LIMITS.table_cells or rows >= LIMITS.table_rows:
            check_size(member.name, rows + 1, max(1, len(cells)))
        if len(line) > LIMITS.line_bytes:
            raise DataError(
                f"{member.name}, line {number} has over {LIMITS.line_bytes // MB} MB.",
                code="line-too-long",
                remedy="Shorten it.",
            )
        try:
            value = json.loads(line, object_pairs_hook=unlike)
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"{member.name}, line {number} is not valid JSON ({str(error)[:80]}).",
                code="damaged-json",
                remedy="Give one JSON object a line, with each key once.",
            ) from error
        if not isinstance(value, dict):
            raise DataError(
                f"{member.name}, line {number} holds a {type(value).__name__}, not an object.",
                code="damaged-json",
                remedy='Give one object a line, as in {"text": "…"}.',
            )
        for key, inner in value.items():
            column = cells.get(key)
            if column is None:
                column = cells[key] = SparseColumn()
                check_size(member.name, rows + 1, len(cells))
            column.add(rows, json_cell(inner))
        rows += 1
    raw = list(cells)
    # Lone surrogates, which UTF-8 has no bytes for, become "?".
    names, notes = unique_names([key.encode("utf-8", "replace").decode() for key in raw])
    columns = []
    for key in raw:
        columns.append(clean(pa.array(cells.pop(key).filled(rows), pa.string())))
    return Table(names, columns, {"encoding": encoding}, ([note] if note else []) + notes)


class SparseColumn:
    """The cells of a key that may be missing in most rows: those that are there, and where.

    A list with "" for each row without it takes gigabytes for a small file of many keys.
    """

    def __init__(self) -> None:
        self.rows = array("q")
        self.cells: list[str] = []

    def add(self, row: int, cell: str) -> None:
        self.rows.append(row)
        self.cells.append(cell)

    def filled(self, rows: int) -> Iterator[str]:
        """A cell for each of so many rows. Lone surrogates, which UTF-8 has no bytes for, become "?"."""
        done = 0
        for row, cell in zip(self.rows, self.cells, strict=True):
            yield from repeat("", row - done)
            yield cell.encode("utf-8", "replace").decode()
            done = row + 1
        yield from repeat("", rows - done)


def unlike(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The pairs of a JSON object as a dictionary. Raises ValueError when a key occurs twice."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"key {short(key, 40)} occurs twice")
        found[key] = value
    return found


def json_cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def read_parquet(member: Member, config: ImportConfig) -> Table:
    """Column by column in bounded batches, since a small file may hold very much. Raises DataError."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(io.BytesIO(member.read()))
        schema = file.schema_arrow
        check_size(member.name, file.metadata.num_rows, len(schema))
        notes, keep = [], []
        for entry in schema:
            if (
                pa.types.is_nested(entry.type)
                or pa.types.is_binary(entry.type)
                or pa.types.is_large_binary(entry.type)
            ):
                notes.append(f"Column {entry.name!r} is left out: it holds {entry.type}.")
            else:
                keep.append(entry.name)
        if not keep:
            raise DataError(
                f"{member.name} has no column of numbers or text.",
                code="no-columns",
                remedy="Flatten it first.",
            )
        parts: list[list[pa.Array]] = [[] for _ in keep]
        size = 0
        for batch in file.iter_batches(batch_size=10_000, columns=keep, use_threads=False):
            for part, column in zip(parts, batch.columns, strict=True):
                cells = clean(column)
                size += cells.nbytes
                part.append(cells)
            if size > LIMITS.decoded_bytes:
                raise DataError(
                    f"{member.name} unpacks to more than {LIMITS.decoded_bytes // MB:,} MB.",
                    code="too-large",
                    remedy="Take a sample.",
                )
    except (DataError, MemoryError):
        raise
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{member.name} cannot be read as Parquet ({str(error)[:160]}).",
            code="damaged-table",
            remedy="Write it again.",
        ) from error
    names, renamed = unique_names(keep)
    columns = [pa.concat_arrays(part) if part else pa.array([], pa.string()) for part in parts]
    return Table(names, columns, {}, notes + renamed)
