"""One table from uploaded files: CSV and TSV (`delimited.py`), JSONL and Parquet."""

from __future__ import annotations

import io
from array import array
from collections.abc import Callable, Iterator
from itertools import repeat
from typing import TYPE_CHECKING

from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.decode import decode
from selfsup_core.data.importing.delimited import read_csv
from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.fixes import without_damaged
from selfsup_core.data.importing.formats import identify
from selfsup_core.data.importing.join import join_tables
from selfsup_core.data.importing.media import class_names, named
from selfsup_core.data.importing.readers import read_arff, read_excel, read_feather, read_libsvm, read_stata
from selfsup_core.data.importing.records import each_record, flat
from selfsup_core.data.importing.sniff import text_form
from selfsup_core.data.importing.surveys import read_survey
from selfsup_core.data.importing.table import (
    Table,
    check_size,
    clean,
    kept_columns,
    parquet_errors,
    unique_names,
)
from selfsup_core.data.importing.tmx import read_tmx
from selfsup_core.data.importing.wide import widen
from selfsup_core.data.limits import LIMITS, MB
from selfsup_core.errors import DataError
from selfsup_core.files import JsonObject
from selfsup_core.settings import short
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import pyarrow as pa

MARK = "__label__"


def table_form(member: Member, config: ImportConfig) -> str:
    """Format of a file; one that is text by its name may be a table by what it holds. Raises DataError."""
    form = identify(member.name, member.head())
    return text_form(member, config) if form == "txt" else form


def read_table(members: list[Member], config: ImportConfig) -> Table:
    """One table from files of the same columns. Raises DataError."""
    tables = []
    kept, faults = [], []
    for member in members:
        try:
            tables.append(read_one(member, config))
            kept.append(member)
        except DataError as error:
            faults.append((member.name, error))
    if faults and (not tables or config.damaged == "refuse"):
        raise one_of(faults, len(tables))
    tables[0].notes += [
        tr("{name} was left out: {message}").format(name=name, message=error.message)
        for name, error in faults
    ]
    members = kept
    if lengths_differ_by_header(tables):
        least = min(range(len(tables)), key=lambda place: len(tables[place]))
        tables[least] = read_csv(members[least], config.model_copy(update={"header": "no"}))
    return join_tables([member.name for member in members], tables)


def read_one(member: Member, config: ImportConfig) -> Table:
    """Raises DataError."""
    table = READERS.get(table_form(member, config), read_csv)(member, config)
    if not len(table):
        raise DataError(
            tr("{name} has no rows.").format(name=member.name), code="no-rows", remedy=tr("Add rows to it.")
        )
    check_size(member.name, len(table), len(table.names))
    table = widen(member.name, table, config)
    check_cells(member.name, table)
    return table


def one_of(faults: list[tuple[str, DataError]], others: int) -> DataError:
    """The first refusal; where other files can be read, it names the way to leave all such files out."""
    first = faults[0][1]
    if others and first.fix is None:
        first.fix = without_damaged(len(faults), "file")
    return first


def lengths_differ_by_header(tables: list[Table]) -> bool:
    """Whether one of two tables lacks a row, as its first one was taken for a header (a list of words)."""
    if len(tables) != 2 or tables[0].names == tables[1].names:
        return False
    short, long = sorted(tables, key=len)
    return len(long) - len(short) == 1 and bool(short.found.get("header")) and not long.found.get("header")


def check_cells(name: str, table: Table) -> None:
    import pyarrow.compute as pc

    for column, cells in zip(table.names, table.columns, strict=True):
        lengths = pc.binary_length(cells)
        longest = pc.max(lengths).as_py() or 0
        if longest > LIMITS.cell_bytes:
            row = pc.index(lengths, longest).as_py()
            raise DataError(
                tr(
                    "{name}, row {row}, column {column!r} holds {longest:.1f} MB; at most "
                    "{cell_bytes} MB a cell."
                ).format(
                    name=name,
                    row=row + 1,
                    column=column,
                    longest=longest / MB,
                    cell_bytes=LIMITS.cell_bytes // MB,
                ),
                code="cell-too-large",
                remedy=tr("Shorten it."),
            )


def read_jsonl(member: Member, config: ImportConfig) -> Table:
    """JSON objects: one a line, in an array, or one after the other. Raises DataError with the line."""

    text, encoding, note = decode(member.name, member.read(), config.encoding)
    cells: dict[str, SparseColumn] = {}
    rows = 0
    for record in each_record(member.name, text):
        if rows * len(cells) >= LIMITS.table_cells or rows >= LIMITS.table_rows:
            check_size(member.name, rows + 1, max(1, len(cells)))
        add_record(member.name, cells, rows, record)
        rows += 1
    del text
    names, columns, notes = filled_columns(cells, rows)
    return Table(names, columns, {"encoding": encoding}, ([note] if note else []) + notes)


def add_record(name: str, cells: dict[str, SparseColumn], row: int, record: JsonObject) -> None:
    """Raises DataError: too many columns, or two values of one name, as in {"a.b": 1, "a": {"b": 2}}."""
    for key, cell in flat(record):
        column = cells.get(key)
        if column is None:
            column = cells[key] = SparseColumn()
            check_size(name, row + 1, len(cells))
        if column.rows and column.rows[-1] == row:
            raise DataError(
                tr("{name}, row {row}: {key} occurs twice.").format(
                    name=name, row=row + 1, key=short(key, 40)
                ),
                code="damaged-json",
                remedy=tr("Rename one of the two keys."),
            )
        column.add(row, cell)


def filled_columns(cells: dict[str, SparseColumn], rows: int) -> tuple[list[str], list[pa.Array], list[str]]:
    """(names, columns, notes); `cells` is emptied."""
    import pyarrow as pa

    raw = list(cells)
    # Lone surrogates, which UTF-8 has no bytes for, become "?".
    names, notes = unique_names([key.encode("utf-8", "replace").decode() for key in raw])
    columns = [clean(pa.array(cells.pop(key).filled(rows), pa.string())) for key in raw]
    return names, columns, notes


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


def read_parquet(member: Member, config: ImportConfig) -> Table:
    """Column by column in bounded batches, since a small file may hold very much. Raises DataError."""
    import pyarrow as pa
    from pyarrow import parquet

    with parquet_errors(member.name):
        file = parquet.ParquetFile(io.BytesIO(member.read()))
        schema = file.schema_arrow
        places = kept_columns(schema.names, config)
        schema = pa.schema([schema.field(place) for place in places], schema.metadata)
        check_size(member.name, file.metadata.num_rows, len(schema), can_cut=True)
        notes: list[str] = []
        keep: list[str] = []
        nested: list[str] = []
        for entry in schema:
            if pa.types.is_binary(entry.type) or pa.types.is_large_binary(entry.type):
                notes.append(
                    tr("Column {name!r} is left out: it holds {type}.").format(
                        name=entry.name, type=entry.type
                    )
                )
            else:
                (nested if pa.types.is_nested(entry.type) else keep).append(entry.name)
        if not keep and not nested:
            raise DataError(
                tr("{name} has no column of numbers or text.").format(name=member.name),
                code="no-columns",
                remedy=tr("Save the values as numbers or strings."),
            )
        classes = {c: n for c, n in class_names(schema).items() if c in keep}
        parts: list[list[pa.Array]] = [[] for _ in keep]
        deep: dict[str, SparseColumn] = {}
        size = rows = 0
        for batch in file.iter_batches(
            batch_size=1000 if nested else 10_000, columns=[*keep, *nested], use_threads=False
        ):
            for part, name in zip(parts, keep, strict=True):
                column = batch.column(name)
                if name in classes:
                    column = pa.array(named(column.to_pylist(), classes[name]), pa.string())
                cells = clean(column)
                size += cells.nbytes
                part.append(cells)
            size += sum(batch.column(name).nbytes for name in nested)
            if size > LIMITS.decoded_bytes:
                raise DataError(
                    tr("{name} unpacks to more than {decoded_bytes:,} MB.").format(
                        name=member.name, decoded_bytes=LIMITS.decoded_bytes // MB
                    ),
                    code="too-large",
                    remedy=tr("Take a sample."),
                )
            for i, record in enumerate(batch.select(nested).to_pylist() if nested else []):
                add_record(member.name, deep, rows + i, record)
            rows += batch.num_rows
    columns = [pa.concat_arrays(part) if part else pa.array([], pa.string()) for part in parts]
    inner, more, _ = filled_columns(deep, rows)
    names, renamed = unique_names([*keep, *inner])
    return Table(names, [*columns, *more], {}, notes + renamed)


def read_fasttext(member: Member, config: ImportConfig) -> Table:
    """Lines of "__label__a text", as fastText reads them. Raises DataError."""
    import pyarrow as pa

    text, encoding, note = decode(member.name, member.read(), config.encoding)
    check_size(member.name, text.count("\n"), 2)
    labels, texts = [], []
    for line in filter(str.strip, text.splitlines()):
        words = line.split()
        count = next((i for i, word in enumerate(words) if not word.startswith(MARK)), len(words))
        labels.append("|".join(word.removeprefix(MARK) for word in words[:count]))
        texts.append(" ".join(words[count:]))
    columns = [clean(pa.array(labels, pa.string())), clean(pa.array(texts, pa.string()))]
    return Table(["label", "text"], columns, {"encoding": encoding}, [note] if note else [])


READERS: dict[str, Callable[[Member, ImportConfig], Table]] = {
    "csv": read_csv,
    "jsonl": read_jsonl,
    "parquet": read_parquet,
    "fasttext": read_fasttext,
    "excel": read_excel,
    "feather": read_feather,
    "stata": read_stata,
    "spss": read_survey,
    "sas": read_survey,
    "arff": read_arff,
    "libsvm": read_libsvm,
    "tmx": read_tmx,
}
TABLES = tuple(READERS)
