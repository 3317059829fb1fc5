"""CSV, TSV, JSONL and Parquet as columns of strings, with what was found odd on the way.

Cells are read as strings and turned into numbers by role, so that "00123" and a label "NA" stay what they are.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.decode import decode, detect_encoding
from selfsup_core.data.importing.files import Member, identify
from selfsup_core.data.limits import LIMITS, MB
from selfsup_core.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

DELIMITERS = ",;\t|"


@dataclass
class Table:
    """Columns of equal length, and how they were read."""

    names: list[str]
    columns: list[pa.Array]
    found: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.columns[0]) if self.columns else 0


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
                f"{member.name} has other columns than {members[0].name}.", code="other-columns",
                remedy="Upload them one at a time.",
            )  # fmt: skip
        first.columns = [concat([a, b]) for a, b in zip(first.columns, table.columns, strict=True)]
        first.notes += table.notes
    check_size(members[0].name, len(first), len(first.names))
    return first


def check_size(name: str, rows: int, columns: int) -> None:
    if columns > LIMITS.table_columns:
        raise DataError(
            f"{name} has {columns:,} columns; at most {LIMITS.table_columns:,}.",
            code="too-many-columns", remedy="Leave columns out.",
        )  # fmt: skip
    if rows > LIMITS.table_rows:
        raise DataError(
            f"{name} has {rows:,} rows; at most {LIMITS.table_rows:,}.", code="too-many-rows",
            remedy="Take a sample.",
        )  # fmt: skip


def check_cells(name: str, table: Table) -> None:
    import pyarrow.compute as pc

    for column, cells in zip(table.names, table.columns, strict=True):
        lengths = pc.binary_length(cells)
        longest = pc.max(lengths).as_py() or 0
        if longest > LIMITS.cell_bytes:
            row = pc.index(lengths, longest).as_py()
            raise DataError(
                f"{name}, row {row + 1}, column {column!r} holds {longest / MB:.1f} MB; at most "
                f"{LIMITS.cell_bytes // MB} MB a cell.", code="cell-too-large", remedy="Shorten it.",
            )  # fmt: skip


def concat(arrays: list[pa.Array]) -> pa.Array:
    import pyarrow as pa

    return pa.concat_arrays([a.cast(pa.string()) for a in arrays])


def clean(cells: pa.Array | pa.ChunkedArray) -> pa.Array:
    """As one array of strings without nulls and outer blanks."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(cells, pa.ChunkedArray):
        chunks = [chunk.cast(pa.string()) for chunk in cells.chunks]
        cells = pa.concat_arrays(chunks) if chunks else pa.array([], pa.string())
    return pc.utf8_trim_whitespace(pc.fill_null(cells.cast(pa.string()), ""))


def unique_names(names: list[str]) -> tuple[list[str], list[str]]:
    """Column names that are all there and all different, and what had to be changed."""
    notes, used, result = [], set(), []
    for index, raw in enumerate(names):
        name = " ".join(str(raw).split())[:200] or f"column {index + 1}"
        count, fresh = 2, name
        while fresh in used:
            fresh, count = f"{name} ({count})", count + 1
        if fresh != name:
            notes.append(f"Two columns are called {name!r}; the later one is now {fresh!r}.")
        used.add(fresh)
        result.append(fresh)
    return result, notes


def detect_delimiter(name: str, text: str) -> str:
    """The character that parts the first lines into the same number of cells, most cells first."""
    if name.lower().endswith((".tsv", ".tab")):
        return "\t"
    best, most = ",", 0.0
    for delimiter in DELIMITERS:
        try:
            rows = [r for r in csv.reader(io.StringIO(text), delimiter=delimiter) if r][:50]
        except csv.Error:
            continue
        # The last row of a cut-off sample may be torn.
        widths = Counter(len(row) for row in (rows[:-1] or rows))
        if not widths:
            continue
        width, count = widths.most_common(1)[0]
        score = (count / widths.total()) * (width > 1) * (1 + width / 100)
        if score > most:
            best, most = delimiter, score
    return best


def looks_like_header(rows: list[list[str]]) -> bool:
    """Names: all filled, all different, none a number, and unlike what is below them."""
    first, rest = rows[0], rows[1:]
    if not rest or any(is_number(cell) for cell in first) or len(set(first)) < len(first) > 1:
        return len(rest) > 0 and not any(is_number(c) for c in first) and any(
            is_number(c) for row in rest for c in row
        )  # fmt: skip
    if any(is_number(cell) for row in rest for cell in row):
        return True
    short = max((len(cell) for cell in first), default=0) <= 40
    below = Counter(cell for row in rest for cell in row)
    return short and not any(cell in below for cell in first if cell)


def is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", ".").strip() or "x")
    except ValueError:
        return False
    return True


def read_csv(member: Member, config: ImportConfig) -> Table:
    """Raises DataError: damaged quotes, a row count that differs everywhere, nothing in it."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    data = member.read()
    if config.encoding:
        text, encoding, note = decode(member.name, data, config.encoding)
    else:
        encoding, note = detect_encoding(member.name, data)
        text = None if encoding == "utf-8" else decode(member.name, data, encoding)[0]
    if text is not None:
        data = text.encode("utf-8", "replace")
        del text
    notes = [note] if note else []
    sample = data[:200_000].decode("utf-8", "ignore")
    longest = max((len(line) for line in sample.splitlines()), default=0)
    is_whole = len(data) <= 200_000
    if not sample.strip():
        raise DataError(f"{member.name} holds only blanks.", code="no-rows", remedy="Add rows.")
    delimiter = config.delimiter or detect_delimiter(member.name, sample[:50_000])
    if not delimiter.isascii() or delimiter in '\0\n\r"':
        raise DataError(
            f"{delimiter!r} cannot be the delimiter between cells.", code="bad-delimiter",
            remedy="Give a comma, a semicolon, a tab or another ASCII character.",
        )  # fmt: skip
    csv.field_size_limit(LIMITS.cell_bytes)
    try:
        rows = [row for row in csv.reader(io.StringIO(sample), delimiter=delimiter) if row][:200]
    except csv.Error as error:
        raise DataError(
            f"{member.name} cannot be read as a table ({error}).", code="damaged-table",
            remedy="Look for a quote that is not closed.",
        ) from error  # fmt: skip
    if not is_whole and len(rows) < 2 and longest > 100_000:
        raise DataError(
            f"{member.name} has a line of over {longest:,} characters.", code="line-too-long",
            remedy=f"Keep lines under {LIMITS.line_bytes // MB} MB.",
        )  # fmt: skip
    width = Counter(len(row) for row in rows).most_common(1)[0][0]
    if width > LIMITS.table_columns:
        check_size(member.name, 0, width)
    header = looks_like_header(rows) if config.header == "auto" else config.header == "yes"
    names = list(rows[0]) if header else []
    if header and len(names) == width - 1:
        names = ["row name", *names]  # as R writes it: no name over the row names
        notes.append(
            "The header has one name less than the rows have cells; the first is the row's name."
        )
    elif header and len(names) != width:
        raise DataError(
            f"{member.name}: the header names {len(names)} columns, the rows have {width} cells.",
            code="ragged-table", remedy="Make them agree, or say that there is no header.",
        )  # fmt: skip
    skipped: list[str] = []

    def handle(row: Any) -> str:
        place = f"row {row.number}" if row.number else "a row"
        skipped.append(f"{place} has {row.actual_columns} cells")
        return "skip"

    try:
        read = arrow_csv.read_csv(
            io.BytesIO(data),
            read_options=arrow_csv.ReadOptions(
                column_names=[f"f{i}" for i in range(width)], use_threads=False, block_size=8 * MB
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=handle
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types={f"f{i}": pa.string() for i in range(width)},
                strings_can_be_null=False, check_utf8=False,
            ),
        )  # fmt: skip
    except pa.ArrowInvalid as error:
        raise DataError(
            f"{member.name} cannot be read as a table ({str(error)[:160]}).", code="damaged-table",
            remedy="Look for a quote that is not closed.",
        ) from error  # fmt: skip
    ragged_header = header and len(rows[0]) != width  # then Arrow has set that row aside already
    if ragged_header and skipped:
        skipped.pop(0)
    del data
    columns = []
    for _ in range(width):  # one column at a time, so that both copies are never whole in memory
        columns.append(clean(read.column(0)))
        read = read.remove_column(0)
    if header and not ragged_header:
        columns = [column[1:] for column in columns]
    total = len(columns[0]) + len(skipped)
    if len(skipped) > 0.1 * max(total, 10):
        raise DataError(
            f"{member.name}: {len(skipped):,} of {total:,} rows have another number of cells than "
            f"{width} ({skipped[0]}).", code="ragged-table",
            remedy="Put texts that hold the delimiter into quotes.",
        )  # fmt: skip
    if skipped:
        shown = "; ".join(skipped[:3])
        notes.append(f"{len(skipped)} rows were set aside: {shown}, not {width}.")
    names, renamed = unique_names(names or [f"column {i + 1}" for i in range(width)])
    found = {"encoding": encoding, "delimiter": delimiter, "header": header}
    return Table(names, columns, found, notes + renamed)


def read_jsonl(member: Member, config: ImportConfig) -> Table:
    """One JSON object a line. Raises DataError with the line."""
    import pyarrow as pa

    text, encoding, note = decode(member.name, member.read(), config.encoding)
    cells: dict[str, list[str]] = {}
    rows = 0
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        if len(line) > LIMITS.line_bytes:
            raise DataError(
                f"{member.name}, line {number} has over {LIMITS.line_bytes // MB} MB.",
                code="line-too-long", remedy="Shorten it.",
            )  # fmt: skip
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"{member.name}, line {number} is no JSON ({str(error)[:80]}).", code="damaged-json",
                remedy="Give one JSON object a line.",
            ) from error  # fmt: skip
        if not isinstance(value, dict):
            raise DataError(
                f"{member.name}, line {number} holds a {type(value).__name__}, not an object.",
                code="damaged-json", remedy='Give one object a line, as in {"text": "…"}.',
            )  # fmt: skip
        for key, inner in value.items():
            column = cells.setdefault(key, [])
            if len(cells) > LIMITS.table_columns:
                check_size(member.name, 0, len(cells))
            column += [""] * (rows - len(column))
            column.append(json_cell(inner))
        rows += 1
    raw = list(cells)
    # Lone surrogates, which UTF-8 has no bytes for, become "?".
    names, notes = unique_names([key.encode("utf-8", "replace").decode() for key in raw])
    columns = []
    for key in raw:
        filled = cells.pop(key)
        filled += [""] * (rows - len(filled))
        columns.append(
            clean(pa.array([c.encode("utf-8", "replace").decode() for c in filled], pa.string()))
        )
    return Table(names, columns, {"encoding": encoding}, ([note] if note else []) + notes)


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
                f"{member.name} has no column of numbers or text.", code="no-columns",
                remedy="Flatten it first.",
            )  # fmt: skip
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
                    code="too-large", remedy="Take a sample.",
                )  # fmt: skip
    except (DataError, MemoryError):
        raise
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{member.name} cannot be read as Parquet ({str(error)[:160]}).", code="damaged-table",
            remedy="Write it again.",
        ) from error  # fmt: skip
    names, renamed = unique_names(keep)
    columns = [pa.concat_arrays(part) if part else pa.array([], pa.string()) for part in parts]
    return Table(names, columns, {}, notes + renamed)
