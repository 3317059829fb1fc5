"""Prepared data: scaling from training rows only, and test rows that nothing ever reads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.splits import split_rows
from selfsup_core.errors import DataError
from selfsup_core.features.batches import prepare, scale_columns
from selfsup_core.features.config import DataConfig


def test_columns_are_scaled_by_training_rows_and_cut_off_outside():
    x = np.array([[0.0, 5.0], [10.0, 5.0], [20.0, 7.0], [-5.0, 5.0]])
    scaled = scale_columns(x, np.array([0, 1]), ("a", "b"))
    assert scaled.tolist() == [[0, 0], [1, 0], [1, 1], [0, 0]]
    assert scaled.dtype == np.float32


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_value_that_is_no_number_is_named_with_row_and_column(bad):
    x = np.zeros((3, 2))
    x[2, 1] = bad
    with pytest.raises(DataError, match=rf"Row 2, column 'ash' is {bad}"):
        scale_columns(x, np.array([0, 1]), ("alcohol", "ash"))


def test_values_outside_the_training_range_in_test_rows_move_nothing():
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(90, 4)).astype(np.float32), np.arange(90) % 3
    clean = Dataset(id="c", kind="table", title="", x=x, y=y)
    rows = split_rows(clean, validation=0.1, test=0.2, seed=0)
    poisoned = x.copy()
    poisoned[rows.test] = 1e9
    config = DataConfig(test=0.2)
    a = prepare(clean, config)
    b = prepare(Dataset(id="p", kind="table", title="", x=poisoned, y=y), config)
    seen = np.concatenate([rows.train, rows.validation])
    assert np.array_equal(a.split.test, rows.test)
    assert torch.equal(a.x[seen], b.x[seen])


def test_bytes_become_values_in_zero_to_one():
    images = np.array([[[0, 255]], [[51, 102]], [[1, 2]], [[3, 4]]] * 3, dtype=np.uint8)
    data = prepare(Dataset(id="i", kind="image", title="", x=images, scale=1 / 255), DataConfig())
    assert data.x.dtype == torch.uint8
    batch = data.values(data.rows(np.array([1, 0])))
    assert torch.allclose(batch, torch.tensor([[0.2, 0.4], [0.0, 1.0]]))
    assert data.x[1].tolist() == [51, 102]


def test_categories_of_an_imported_table_are_groups_and_stay_zero_or_one():
    random = np.random.default_rng(0)
    level = random.integers(0, 3, 40)
    x = np.concatenate([random.normal(size=(40, 1)), np.eye(3)[level], random.normal(size=(40, 1))], axis=1)
    x[5, 1:4] = 0  # an empty cell
    columns = ("size", "color=red", "color=green", "color=blue", "color=deep")
    details = {"columns": [{"name": "size", "role": "number"}, {"name": "color", "role": "category"}]}
    dataset = Dataset(
        id="t", kind="table", title="T", x=x.astype(np.float32), columns=columns, details=details
    )
    data = prepare(dataset, DataConfig())
    assert data.groups == (), "a number's column called like a level is not a level"
    renamed = replace(dataset, columns=(*columns[:4], "weight"))
    data = prepare(renamed, DataConfig())
    assert data.groups == ((1, 2, 3),)
    assert np.array_equal(data.x.numpy()[:, 1:4], x[:, 1:4].astype(np.float32))
    assert data.x.numpy()[:, [0, 4]].min() >= 0
