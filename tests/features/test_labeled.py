"""Which rows a classifier may learn from, and what is said when labels are lacking."""

from __future__ import annotations

import numpy as np
import pytest

from selfsup_core.data.splits import Split
from selfsup_core.errors import DataError
from selfsup_core.features.config import DataConfig
from selfsup_core.features.labeled import choose_rows, choose_shown

NAMES = ("a", "b", "c")
SPLIT = Split(np.arange(60), np.arange(60, 80), np.arange(80, 100))


def labels() -> np.ndarray:
    return np.arange(100) % 3


def test_the_budget_and_rows_without_labels():
    y = labels()
    y[[0, 1, 2, 61, 81]] = -1
    rows = choose_rows(y, NAMES, SPLIT, DataConfig(labels_per_class=4))
    assert np.bincount(y[rows.train]).tolist() == [4, 4, 4]
    assert set(rows.train) <= set(range(3, 60))
    assert 61 not in rows.validation
    assert 81 not in rows.test
    assert rows.notes == ()


def test_more_labels_than_there_are():
    rows = choose_rows(labels(), NAMES, SPLIT, DataConfig(labels_per_class=50))
    assert len(rows.train) == 60
    assert "Fewer than 50 labels" in rows.notes[0]
    assert "a (20)" in rows.notes[0]


def test_a_class_without_a_label_goes_on():
    y = labels()
    y[:60] = np.where(y[:60] == 2, -1, y[:60])
    rows = choose_rows(y, NAMES, SPLIT, DataConfig())
    assert rows.notes == ("1 class has no labeled training row and cannot be learned: c.",)


@pytest.mark.parametrize(
    ("y", "code"),
    [
        (None, "no-labels"),
        (np.full(100, -1), "no-labels"),
        (np.where(np.arange(100) < 60, -1, 1), "no-labels"),
        (np.zeros(100, int), "one-class"),
        (np.where(np.arange(100) < 60, labels(), -1), "no-validation-labels"),
    ],
)
def test_what_cannot_be_learned(y, code):
    with pytest.raises(DataError) as caught:
        choose_rows(y, NAMES, SPLIT, DataConfig())
    assert caught.value.code == code
    assert caught.value.remedy


@pytest.mark.parametrize(("samples", "train"), [(40, 40), (10, 3), (500, 500), (30, 0)])
def test_rows_of_the_map(samples, train):
    y = labels()
    rows = choose_rows(y, NAMES, SPLIT, DataConfig(labels_per_class=5))
    measured, shown, is_validation = choose_shown(
        rows, SPLIT, y, validation=12, samples=samples, train=train, seed=0
    )
    assert len(measured) == 12
    assert set(measured) <= set(rows.validation)
    assert len(shown) == len(set(shown)) <= samples
    assert set(shown[is_validation]) <= set(measured)
    assert set(shown[~is_validation]) <= set(SPLIT.train)
    assert (~is_validation).sum() <= train
    if samples == 500:
        assert set(rows.train) <= set(shown)
