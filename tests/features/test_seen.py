"""What the Data page shows of a table is what a network gets, beside the cells that it was read from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from selfsup_core.data.importing import build_table
from selfsup_core.data.importing.table import Table
from selfsup_core.data.library import own
from selfsup_core.data.sources import open_source
from selfsup_core.data.texts import Texts
from selfsup_core.features.batches import prepare
from selfsup_core.features.config import DataConfig
from selfsup_core.features.seen import describe_cells, see_table
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


def test_rows_from_anywhere_have_their_own_cells(workspace: Path, table: str):
    dataset, config = open_source(table, workspace), DataConfig(source=table)
    seen, first = see_table(dataset, config, rows=[57, 3]), see_table(dataset, config)
    assert seen.is_file
    assert seen.rows.tolist() == [57, 3]
    assert seen.read == [first.read[57], first.read[3]]
    np.testing.assert_array_equal(seen.values, first.values[[57, 3]])
    np.testing.assert_array_equal(seen.filled, first.filled[[57, 3]])


def test_rows_whose_cells_were_not_kept_are_shown_as_numbers(workspace: Path, table: str):
    whole, config = open_source(table, workspace), DataConfig(source=table)
    cells = whole.extra["cells"]
    ends = np.where(np.arange(len(cells)) < 10, cells.ends, cells.ends[9])
    dataset = replace(whole, extra={"cells": Texts(cells.blob, ends)})
    assert see_table(dataset, config, rows=[9]).is_file
    seen = see_table(dataset, config, rows=[9, 10])
    assert not seen.is_file
    assert seen.read_columns == list(dataset.columns)
    assert len(seen.read) == 2


def test_as_many_rows_keep_their_cells_as_there_is_room_for(monkeypatch):
    columns = [pa.array([f"{i}{c}" for i in range(30)]) for c in "xy"]
    table = Table(["x", "y"], columns)
    assert all(build_table.first_cells(table))
    monkeypatch.setattr(build_table, "KEPT_CELLS", 40)
    monkeypatch.setattr(build_table, "LEAST_KEPT", 5)
    kept = list(build_table.first_cells(table))
    assert kept[19] == '["19x", "19y"]'
    assert not any(kept[20:])


def test_the_class_can_be_left_out(workspace: Path, table: str):
    seen = see_table(open_source(table, workspace), DataConfig(source=table), rows=[4])
    hidden = seen.without_labels()
    assert (seen.read[0][-1], seen.label_column) == ("a", "label")
    assert hidden.read_columns == ["name", "color", "size", "price"]
    assert hidden.read == [seen.read[0][:-1]]
    wine = see_table(open_source("wine", workspace), DataConfig(source="wine"), most=1)
    assert wine.without_labels().read == wine.read


def test_rows_are_described_as_they_were_uploaded_without_their_class(workspace: Path, table: str):
    said = describe_cells(open_source(table, workspace), np.array([31, 7]))
    assert said == ["name n1 · color blue · size 9 · price 1.5", "name n7 · color blue · size – · price 7.5"]
    wine = open_source("wine", workspace)
    assert describe_cells(wine, np.array([5]))[0].startswith(f"{wine.columns[0]} {wine.x[5, 0]:g} · ")
