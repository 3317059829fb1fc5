"""SPSS (.sav, .zsav, .por) and SAS (.sas7bdat, .xpt) → a table. Labels stand for coded values.

All are read by pyreadstat. It writes .sav, .por and .xpt, on which the tests read what was written;
SAS7BDAT it only reads, so no test covers that.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.extras import load_reader
from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.readers import cells_of, refused
from selfsup_core.data.importing.table import Table, check_size, number_cells, unique_names
from selfsup_core.data.limits import LIMITS
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped]
    import pyarrow as pa

WAYS = {".por": "read_por", ".sas7bdat": "read_sas7bdat", ".xpt": "read_xport"}


def read_survey(member: Member, config: ImportConfig) -> Table:
    """Raises DataError: damaged, too large, or pyreadstat is not installed."""
    pyreadstat = load_reader(member.name, "pyreadstat", instead=tr("save it as CSV"))
    way = getattr(pyreadstat, WAYS.get(member.suffix, "read_sav"))
    what = tr("a SAS file") if member.suffix in (".sas7bdat", ".xpt") else tr("an SPSS file")
    encoding = {"encoding": config.encoding} if config.encoding else {}
    data = member.read()
    with refused(member, what):
        _, about = way(io.BytesIO(data), metadataonly=True, **encoding)
        check_size(member.name, max(0, about.number_rows or 0), max(1, len(about.column_names)))
        frame, about = way(io.BytesIO(data), row_limit=LIMITS.table_rows + 1, **encoding)
        coded = dict(about.variable_value_labels)
        arrays = {name: as_array(column) for name, column in frame.items()}
        columns = [as_cells(column, coded.get(name, {})) for name, column in arrays.items()]
    if not columns:
        raise DataError(
            tr("{name} has no columns.").format(name=member.name),
            code="no-columns",
            remedy=tr("Save it again."),
        )
    check_size(member.name, len(columns[0]), len(columns))
    names, notes = unique_names(list(arrays))
    named = [name for name in arrays if name in coded]
    if named:
        shown = ", ".join(named[:6]) + (", …" if len(named) > 6 else "")
        notes.append(tr("Coded values were replaced by their labels: {shown}.").format(shown=shown))
    held = {
        name: column.astype(np.float64, copy=False)
        for name, (raw, column) in zip(names, arrays.items(), strict=True)
        if raw not in coded and column.dtype.kind in "iuf"
    }
    return Table(names, columns, {}, notes, held)


def as_array(column: pd.Series) -> np.ndarray:
    """(N,) numbers, or strings and times as Python holds them, None for none."""
    if column.dtype.kind in "biuf":
        return np.asarray(column)
    return np.asarray(column.astype(object).where(column.notna(), None))


def as_cells(array: np.ndarray, labels: dict[Any, str]) -> pa.Array:
    """A column as strings; a coded value as its label."""
    if labels and array.dtype.kind in "iuf":
        codes, places = np.unique(array, return_inverse=True)
        return cells_of(labels.get(v, None if v != v else v) for v in codes.tolist()).take(places)
    if labels or array.dtype.kind not in "biuf":
        return cells_of(labels.get(v, None if v != v else v) for v in array.tolist())
    return number_cells(array)
