"""Numbers that a file holds as numbers: what is said of them, and what is kept of their cells."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from selfsup_core.data.importing.build_table import first_cells
from selfsup_core.data.importing.columns import describe_column
from selfsup_core.data.importing.table import Table, number_cells

NAN = float("nan")


@pytest.mark.parametrize("name", ["q", "label", "id", "index", "PassengerId"])
@pytest.mark.parametrize(
    "values",
    [
        np.arange(40.0),
        np.arange(40.0) % 3,
        np.arange(40.0) / 7,
        np.array([1.0, NAN, 2.5, float("inf")] * 10),
        np.full(40, NAN),
        np.full(40, 7.0),
        np.full(40, 20240105.0) + np.arange(40) % 5,
        np.arange(40) * 1e-9,
        np.arange(40) * 1e6,
    ],
)
def test_numbers_are_described_as_their_cells_are(name: str, values: np.ndarray):
    cells = number_cells(values)
    assert describe_column(name, cells, "", values) == describe_column(name, cells)


def test_first_cells_are_json_whatever_they_hold():
    words = ['say "no"', "back\\slash", "new\nline", "naïve", "", "\x01", "☕" * 300]
    numbers = np.arange(len(words)) / 2
    table = Table(
        ["word", "number"],
        [pa.array(words, pa.string()), number_cells(numbers)],
        values={"number": numbers},
    )
    rows = zip(words, table.columns[1].to_pylist(), strict=True)
    expected = [json.dumps([word[:200], number], ensure_ascii=False) for word, number in rows]
    assert list(first_cells(table)) == expected
