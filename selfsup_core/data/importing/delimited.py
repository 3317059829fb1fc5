"""CSV and TSV: delimiter and header are detected; rows of another length are set aside and reported."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from selfsup_core.data.details import TableFound
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.decode import decode, detect_encoding
from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.fixes import DETECT_DELIMITER, NO_HEADER, without_damaged
from selfsup_core.data.importing.quotes import refuse_open_quote
from selfsup_core.data.importing.sniff import (
    LOOKED_AT,
    detect_delimiter,
    is_number,
    looks_like_header,
    rows_of,
    spaces_to_tabs,
    strip_head,
)
from selfsup_core.data.importing.table import Table, check_size, clean, kept_columns, unique_names
from selfsup_core.data.limits import LIMITS, MB
from selfsup_core.errors import DataError
from selfsup_core.settings import short
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import pyarrow as pa

# As `export.csv_file.harmless` and other programs write it; "-5" in quotes of both ends stays what it is.
GUARDED = r"(?s)^'([=+\-@\t\r\n＝＋－＠](?:.*[^'])?)$"
# MySQL and Spark write \\" inside a cell in quotes. Elsewhere a backslash may be the last sign of a cell, but
# a quote then ends it.
INNER_QUOTE = re.compile(rb'(?:^|[,;\t|\n])"[^"]*\\"[^",;\t|\r\n]')
ESCAPED_QUOTE = re.compile(rb'(?<!\\)((?:\\\\)*)\\"')


def read_csv(member: Member, config: ImportConfig) -> Table:
    """Raises DataError: a quote that is not closed, a row count that differs everywhere, nothing in it."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    data = member.read()
    text: str | None
    if config.encoding:
        text, encoding, note = decode(member.name, data, config.encoding)
    else:
        encoding, note = detect_encoding(member.name, data)
        text = None if encoding == "utf-8" and 0 not in data else decode(member.name, data, encoding)[0]
    if text is None and b"\r" in data and b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    if text is not None:
        data = text.encode("utf-8", "replace")
        del text
    notes = [note] if note else []
    lines_given = data.count(b"\n")
    data, said, left = strip_head(data)
    notes += [f"{member.name}: {left}"] if left else []
    if INNER_QUOTE.search(data):
        data = ESCAPED_QUOTE.sub(rb'\1""', data)
        notes.append(
            tr('{name} writes a quote inside a cell as \\"; it was read as a quote.').format(name=member.name)
        )
    sample = data[:200_000].decode("utf-8", "ignore")
    longest = max((len(line) for line in sample.splitlines()), default=0)
    is_whole = len(data) <= 200_000
    if not sample.strip():
        raise DataError(
            tr("{name} holds only blanks.").format(name=member.name), code="no-rows", remedy=tr("Add rows.")
        )
    delimiter = config.delimiter or said or detect_delimiter(member.name, sample[:LOOKED_AT])
    if not delimiter.isascii() or delimiter in '\0\n\r"':
        raise DataError(
            tr("{delimiter!r} cannot be the delimiter between cells.").format(delimiter=delimiter),
            code="bad-delimiter",
            remedy=tr("Give a comma, a semicolon, a tab or another ASCII character."),
            fix=DETECT_DELIMITER,
        )
    found: TableFound = {"encoding": encoding, "delimiter": delimiter}
    if delimiter == " ":
        data, delimiter = spaces_to_tabs(data), "\t"
        sample = data[:200_000].decode("utf-8", "ignore")
    refuse_open_quote(member.name, data, delimiter, lines_given - data.count(b"\n"))
    csv.field_size_limit(LIMITS.cell_bytes)
    try:
        rows = rows_of(sample, delimiter)[:200]
    except csv.Error as error:
        raise DataError(
            tr("{name} cannot be read as a table ({error}).").format(name=member.name, error=error),
            code="damaged-table",
            remedy=tr("Look for a quote that is not closed."),
        ) from error
    if not is_whole and len(rows) < 2 and longest > 100_000:
        raise DataError(
            tr("{name} has a line of over {longest:,} characters.").format(name=member.name, longest=longest),
            code="line-too-long",
            remedy=tr("Keep lines under {line_bytes} MB.").format(line_bytes=LIMITS.line_bytes // MB),
        )
    width = Counter(len(row) for row in rows).most_common(1)[0][0]
    if width > LIMITS.table_columns and not config.columns:
        check_size(member.name, 0, width, can_cut=True)
    # Cells at most: as many as there are delimiters and line ends, and no row is wider than the others.
    lines = data.count(b"\n") + 1
    kept_width = min(width, config.columns or width)
    if lines > LIMITS.table_rows or lines * kept_width > LIMITS.table_cells:
        ends = min(lines, (data.count(delimiter.encode()) + lines) // width)
        if '"' not in sample:  # in quotes they may be part of a text: counted once it is read
            check_size(member.name, ends, kept_width, can_cut=True)
    if config.header == "auto" and len(rows) == 1 and is_whole and not any(map(is_number, rows[0])):
        raise DataError(
            tr("{name} has a single row, {rows}, which looks like a header.").format(
                name=member.name, rows=short(", ".join(rows[0]), 60)
            ),
            code="no-rows",
            remedy=tr("Add rows below it, or say that there is no header."),
        )
    header = looks_like_header(rows) if config.header == "auto" else config.header == "yes"
    names = list(rows[0]) if header else []
    if header and len(names) == width - 1:
        names = [tr("row name"), *names]  # as R writes it: no name over the row names
        notes.append(
            tr("The header has one name less than the rows have cells; the first is the row's name.")
        )
    elif header and len(names) != width:
        raise DataError(
            tr("{name}: the header names {count} columns, the rows have {width} cells.").format(
                name=member.name, count=len(names), width=width
            ),
            code="ragged-table",
            remedy=tr("Make them agree, or say that there is no header."),
            fix=DETECT_DELIMITER if config.delimiter else NO_HEADER,
        )
    names = names or [tr("column {i}").format(i=i + 1) for i in range(width)]
    keep = kept_columns(names, config)
    if len(keep) < width:
        notes.append(tr("{count:,} of {width:,} columns were read.").format(count=len(keep), width=width))
    skipped: list[str] = []

    def handle(row: Any) -> str:
        place = tr("row {number}").format(number=row.number) if row.number else tr("a row")
        skipped.append(
            tr("{place} has {actual_columns} cells").format(place=place, actual_columns=row.actual_columns)
        )
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
                column_types={f"f{i}": pa.string() for i in keep},
                include_columns=[f"f{i}" for i in keep],
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid as error:
        raise DataError(
            tr("{name} cannot be read as a table ({error}).").format(
                name=member.name, error=str(error)[:160]
            ),
            code="damaged-table",
            remedy=tr("Look for a quote that is not closed."),
        ) from error
    ragged_header = header and len(rows[0]) != width  # then Arrow has set that row aside already
    if ragged_header and skipped:
        skipped.pop(0)
    del data
    columns, raw = [], read.columns[::-1]
    del read
    while raw:  # one column at a time, so that both copies are never whole in memory
        columns.append(clean(raw.pop()))
    if header and not ragged_header:
        columns = [column[1:] for column in columns]
    total = len(columns[0]) + len(skipped)
    most = 0.9 if config.damaged == "leave-out" else 0.1
    if len(skipped) > most * max(total, 10):
        raise DataError(
            tr(
                "{name}: {count:,} of {total:,} rows have another number of cells than {width} ({skipped})."
            ).format(name=member.name, count=len(skipped), total=total, width=width, skipped=skipped[0]),
            code="ragged-table",
            remedy=tr("Put texts that hold the delimiter into quotes."),
            fix=None if len(skipped) > 0.9 * total else without_damaged(len(skipped), "row"),
        )
    if skipped:
        shown = "; ".join(skipped[:3])
        message = (
            tr("1 row was set aside: {shown}, not {width}.")
            if len(skipped) == 1
            else tr("{count:,} rows were set aside: {shown}, not {width}.")
        )
        notes.append(message.format(count=len(skipped), shown=shown, width=width))
    names, renamed = unique_names([names[i] for i in keep])
    bare = [without_guard(column) for column in columns]
    if guarded := [n for n, one, column in zip(names, bare, columns, strict=True) if one is not column]:
        notes.append(
            tr(
                "{guarded}: the apostrophe that keeps spreadsheets from taking a cell for a "
                "formula was removed."
            ).format(guarded=", ".join(guarded[:6]))
        )
    return Table(names, bare, found | {"header": header}, notes + renamed)


def without_guard(cells: pa.Array) -> pa.Array:
    """Cells without the apostrophe before =, +, -, or @, where no cell begins with another apostrophe."""
    import pyarrow.compute as pc

    quoted = pc.sum(pc.starts_with(cells, "'")).as_py() or 0
    if not quoted or quoted != pc.sum(pc.match_substring_regex(cells, GUARDED)).as_py():
        return cells
    return pc.replace_substring_regex(cells, GUARDED, r"\1")
