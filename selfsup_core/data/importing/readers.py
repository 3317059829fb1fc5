"""Tables in other programs' files: spreadsheets, Feather, Stata, ARFF and libsvm. None can run code."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

import numpy as np

from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.extras import damage_refused, why
from selfsup_core.data.importing.files import Member, check_entries
from selfsup_core.data.importing.fixes import from_sheet
from selfsup_core.data.importing.sniff import looks_like_header
from selfsup_core.data.importing.table import (
    Table,
    check_decoded,
    check_size,
    clean,
    number_cells,
    unique_names,
)
from selfsup_core.data.limits import LIMITS
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped]
    import pyarrow as pa

ODS_CONTENT = "content.xml"


def refused(member: Member, what: str) -> AbstractContextManager[None]:
    """What a library raises while it reads the file is a DataError that names it."""
    return damage_refused(
        lambda error: DataError(
            tr("{name} cannot be read as {what} ({why}).").format(
                name=member.name, what=what, why=why(error, 160)
            ),
            code="damaged-table",
            remedy=tr("Save it again, or as CSV."),
        )
    )


def check_xml(text: bytes) -> None:
    """Read XML to its end: calamine waits for ever for the rest of a table that is cut off.

    Raises:
        expat.ExpatError: it is not well-formed.
    """
    expat.ParserCreate().Parse(text, True)


def read_excel(member: Member, config: ImportConfig) -> Table:
    """The first sheet with cells in it, or the one asked for, of XLSX, XLS or ODS."""
    from python_calamine import load_workbook

    data = member.read()
    if data.startswith(b"PK"):
        with refused(member, tr("a spreadsheet")), zipfile.ZipFile(io.BytesIO(data)) as packed:
            check_entries(member.name, len(data), packed.infolist())
            if ODS_CONTENT in packed.namelist():
                check_xml(packed.read(ODS_CONTENT))
    with refused(member, tr("a spreadsheet")):
        book = load_workbook(io.BytesIO(data))
        names = list(book.sheet_names)
        if config.sheet and config.sheet not in names:
            raise DataError(
                tr("{name} has no sheet {sheet!r}. Sheets: {names}.").format(
                    name=member.name, sheet=config.sheet, names=", ".join(names[:20])
                ),
                code="no-sheet",
                remedy=tr("Choose one of them."),
                fix=from_sheet(names[0]),
            )
        chosen, rows = "", []
        for name in [config.sheet] if config.sheet else names:
            sheet = book.get_sheet_by_name(name)
            check_size(member.name, sheet.total_height, max(1, sheet.total_width))
            rows = [[as_cell(cell) for cell in row] for row in sheet.to_python()]
            rows = [row for row in rows if any(row)]
            if rows:
                chosen = name
                break
    if not rows:
        raise DataError(
            tr("{name} has no rows.").format(name=member.name), code="no-rows", remedy=tr("Add rows to it.")
        )
    table = from_rows(rows, config)
    table.found |= {"sheet": chosen, "sheets": names}
    if len(names) > 1:
        others = ", ".join(name for name in names if name != chosen)
        table.notes.append(
            tr("Sheet {chosen!r} was read; left out: {others}.").format(chosen=chosen, others=others)
        )
    return table


def as_cell(value: Any) -> str:
    """A cell as a CSV file would hold it."""
    if isinstance(value, datetime):
        return value.isoformat(" ") if value.time() != datetime.min.time() else value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return (
            ""
            if value != value
            else str(int(value))
            if value.is_integer() and abs(value) < 1e15
            else repr(value)
        )
    return "" if value is None else str(value).strip()


def from_rows(rows: list[list[str]], config: ImportConfig) -> Table:
    """Rows of equal length as a table, with or without a header."""
    import pyarrow as pa

    header = looks_like_header(rows[:200]) if config.header == "auto" else config.header == "yes"
    width = len(rows[0])
    names = rows[0] if header else [tr("column {i}").format(i=i + 1) for i in range(width)]
    body = rows[1:] if header else rows
    columns = [clean(pa.array([row[i] for row in body], pa.string())) for i in range(width)]
    names, notes = unique_names(names)
    return Table(names, columns, {"header": header}, notes)


def read_feather(member: Member, config: ImportConfig) -> Table:
    """Arrow's file format, in bounded batches."""
    import pyarrow as pa

    with refused(member, tr("Feather")):
        file = pa.ipc.open_file(io.BytesIO(member.read()))
        schema = file.schema
        keep = [i for i, one in enumerate(schema) if not is_odd(one.type)]
        check_size(member.name, 0, len(schema))
        parts: list[list[pa.Array]] = [[] for _ in keep]
        size = rows = 0
        for number in range(file.num_record_batches):
            batch = file.get_batch(number)
            batch.validate(full=True)  # a damaged one may point anywhere in memory
            rows += batch.num_rows
            check_size(member.name, rows, max(1, len(keep)))
            for part, place in zip(parts, keep, strict=True):
                part.append(clean(batch.column(place)))
                size += part[-1].nbytes
            check_decoded(tr("The cells of {name}").format(name=member.name), size, tr("Take a sample."))
    names, notes = unique_names([schema[i].name for i in keep])
    if not names:
        raise DataError(
            tr("{name} has no column of numbers or text.").format(name=member.name),
            code="no-columns",
            remedy=tr("Flatten it first."),
        )
    odd = [
        tr("Column {name!r} is left out: it holds {type}.").format(name=one.name, type=one.type)
        for one in schema
        if is_odd(one.type)
    ]
    columns = [pa.concat_arrays(part) if part else pa.array([], pa.string()) for part in parts]
    return Table(names, columns, {}, odd + notes)


def is_odd(kind: pa.DataType) -> bool:
    """Whether cells of this type cannot be written as text."""
    import pyarrow as pa

    return bool(pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def read_stata(member: Member, config: ImportConfig) -> Table:
    """Values with labels become those labels."""
    import pandas as pd

    data = member.read()
    with refused(member, tr("a Stata file")), pd.read_stata(io.BytesIO(data), iterator=True) as reader:
        frame = reader.read(LIMITS.table_rows + 1)
    return from_frame(member, frame)


def from_frame(member: Member, frame: pd.DataFrame) -> Table:
    check_size(member.name, len(frame), max(1, len(frame.columns)))
    names, notes = unique_names([str(name) for name in frame.columns])
    columns = []
    values: dict[str, np.ndarray] = {}
    for place in range(len(names)):
        column = frame.iloc[:, place]
        if column.dtype.kind in "iuf":
            values[names[place]] = column.to_numpy(np.float64)
            columns.append(number_cells(column.to_numpy()))
            continue
        cells = column.astype(object)
        columns.append(
            cells_of(None if missing else v for v, missing in zip(cells, cells.isna(), strict=True))
        )
    return Table(names, columns, {}, notes, values)


def cells_of(values: Iterable[Any]) -> pa.Array:
    import pyarrow as pa

    return clean(pa.array([as_cell(value) for value in values], pa.string()))


def read_arff(member: Member, config: ImportConfig) -> Table:
    """Weka's format: numbers and named values; "?" is missing."""
    from scipy.io import arff

    text = member.read().decode(config.encoding or "utf-8", "replace")
    check_size(member.name, text.count("\n"), 1)
    with refused(member, "ARFF"):
        values, about = arff.loadarff(io.StringIO(text, newline=None))
    names, notes = unique_names(about.names())
    check_size(member.name, len(values), max(1, len(names)))
    columns = []
    for name in about.names():
        cells = [v.decode() if isinstance(v, bytes) else v for v in values[name].tolist()]
        columns.append(cells_of("" if cell == "?" else cell for cell in cells))
    return Table(names, columns, {}, notes)


def read_libsvm(member: Member, config: ImportConfig) -> Table:
    """Lines of "label place:value …"; places that are not there are 0."""
    from sklearn.datasets import load_svmlight_file

    data = member.read()
    check_size(member.name, data.count(b"\n"), 1)
    with refused(member, tr("libsvm rows")):
        sparse, y = load_svmlight_file(io.BytesIO(data))
    check_size(member.name, sparse.shape[0], sparse.shape[1] + 1)
    dense = np.asarray(sparse.todense())
    columns = [cells_of(y.tolist())]
    places = [tr("feature {i}").format(i=i + 1) for i in range(dense.shape[1])]
    columns += [number_cells(column) for column in dense.T]
    notes = [
        tr("{nnz:.0%} of the values were not written and are 0.").format(
            nnz=1 - sparse.nnz / max(1, dense.size)
        )
    ]
    values = dict(zip(places, dense.T.astype(np.float64, copy=False), strict=True))
    return Table(["label", *places], columns, {}, notes, values)
