"""What the Data page shows of a table is what a network gets, beside the cells that it was read from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from selfsup_core.data.library import own
from selfsup_core.data.sources import open_source
from selfsup_core.features.batches import prepare
from selfsup_core.features.config import DataConfig
from selfsup_core.features.seen import see_table
from tests.data.importing.make import write

TABLE = "name,color,size,price,label\n" + "".join(
    f"n{i % 30},{('red', 'blue', 'NA')[i % 3]},{'' if i % 7 == 0 else i % 11},{i % 30}.5,{'ab'[i % 2]}\n"
    for i in range(60)
)


@pytest.fixture
def table(workspace: Path, tmp_path: Path) -> str:
    return own.import_files(workspace, [write(tmp_path, "t.csv", TABLE)])


@pytest.mark.parametrize("source", ["wine", "table"])
def test_values_are_those_of_a_run(workspace: Path, table: str, source: str):
    name = table if source == "table" else source
    dataset, config = open_source(name, workspace), DataConfig(source=name, split_seed=3)
    seen = see_table(dataset, config, most=40)
    expected = prepare(dataset, config).x.numpy()[:40]
    np.testing.assert_allclose(seen.values, expected, atol=1e-6)
    np.testing.assert_array_equal(seen.filled, np.isnan(dataset.x[:40]))
    assert seen.columns == dataset.columns


def test_cells_stay_beside_their_rows_when_others_are_left_out(workspace: Path, table: str):
    seen = see_table(open_source(table, workspace), DataConfig(source=table))
    assert seen.is_file
    assert seen.read_columns == ["name", "color", "size", "price", "label"]
    assert seen.read[0] == ["n0", "red", "", "0.5", "a"]
    shorter = own.act_on_rows(workspace, table, [0, 2], None)
    seen = see_table(open_source(shorter, workspace), DataConfig(source=shorter))
    assert [row[0] for row in seen.read[:3]] == ["n1", "n3", "n4"]
    np.testing.assert_array_equal(seen.filled[:, seen.columns.index("size")][:6], [False] * 5 + [True])


def test_without_a_file_the_numbers_of_the_set_are_shown(workspace: Path):
    seen = see_table(open_source("wine", workspace), DataConfig(source="wine"), most=2)
    assert not seen.is_file
    assert seen.read_columns[0] == "alcohol"
    assert seen.read[0][0] == "14.23"
