"""Splits: disjoint, complete, stratified, seeded; the label budget."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.splits import choose_labeled, choose_stratified, group_labels, split_rows
from selfsup_core.errors import DataError


def table(y: np.ndarray | None, rows: int | None = None) -> Dataset:
    count = len(y) if y is not None else rows
    return Dataset(id="t", kind="table", title="t", x=np.zeros((count, 2), np.float32), y=y)


@st.composite
def labels(draw) -> np.ndarray:
    counts = draw(st.lists(st.integers(1, 60), min_size=1, max_size=6))
    y = np.repeat(np.arange(len(counts)), counts)
    return np.random.default_rng(draw(st.integers(0, 99))).permutation(y)


@settings(max_examples=60, deadline=None)
@given(y=labels(), validation=st.floats(0.05, 0.4), test=st.floats(0, 0.4), seed=st.integers(0, 9))
def test_parts_are_disjoint_complete_and_of_the_size_asked_for(y, validation, test, seed):
    held_out = round(len(y) * validation), round(len(y) * test)
    assume(held_out[0] >= 1 and sum(held_out) < len(y))
    split = split_rows(table(y), validation=validation, test=test, seed=seed)
    together = np.concatenate([split.train, split.validation, split.test])
    assert np.array_equal(np.sort(together), np.arange(len(y)))
    assert len(split.validation) == round(len(y) * validation)
    assert len(split.test) == round(len(y) * test)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31 - 1))
def test_each_part_keeps_the_class_mix(seed):
    y = np.repeat([0, 1, 2], [100, 60, 40])
    split = split_rows(table(y), validation=0.1, test=0.2, seed=seed)
    assert split.note == ""
    for part, share in ((split.train, 0.7), (split.validation, 0.1), (split.test, 0.2)):
        counts = np.bincount(y[part], minlength=3)
        assert np.abs(counts - np.array([100, 60, 40]) * share).max() <= 1


def test_same_seed_same_split_other_seed_another():
    y = np.arange(300) % 3
    a, b, c = (split_rows(table(y), validation=0.1, test=0.1, seed=s) for s in (4, 4, 5))
    assert np.array_equal(a.train, b.train)
    assert np.array_equal(a.test, b.test)
    assert not np.array_equal(a.test, c.test)


def test_no_test_share_is_no_test_rows():
    split = split_rows(table(None, 20), validation=0.2, test=0.0, seed=0)
    assert len(split.test) == 0
    assert len(split.train) == 16


def test_classes_too_small_for_the_mix_are_told():
    split = split_rows(table(np.array([0] * 30 + [1])), validation=0.2, test=0.2, seed=0)
    assert "too small" in split.note
    assert len(split.train) + len(split.validation) + len(split.test) == 31


def test_too_few_rows_says_what_is_left():
    with pytest.raises(DataError, match="10% for validation and 10% for test"):
        split_rows(table(None, 3), validation=0.1, test=0.1, seed=0)


@settings(max_examples=60, deadline=None)
@given(y=labels(), size=st.integers(1, 200), seed=st.integers(0, 99))
def test_stratified_choice_is_in_proportion(y, size, seed):
    rows = np.flatnonzero(y >= 0)
    chosen = choose_stratified(rows, y, size, seed)
    assert len(chosen) == min(size, len(rows)) == len(set(chosen.tolist()))
    shares = np.bincount(y) * (len(chosen) / len(rows))
    assert np.abs(np.bincount(y[chosen], minlength=len(shares)) - shares).max() < 1
    assert np.array_equal(chosen, choose_stratified(rows, y, size, seed))


@settings(max_examples=60, deadline=None)
@given(y=labels(), per_class=st.integers(1, 20), seed=st.integers(0, 99), hidden=st.integers(0, 5))
def test_label_budget_is_kept_in_each_class(y, per_class, seed, hidden):
    y = y.copy()
    y[:hidden] = -1
    rows = np.arange(0, len(y), 2)
    chosen = choose_labeled(rows, y, per_class, seed)
    assert set(chosen.tolist()) <= set(rows.tolist())
    assert (y[chosen] >= 0).all()
    for label in np.unique(y[rows][y[rows] >= 0]):
        assert np.sum(y[chosen] == label) == min(per_class, np.sum(y[rows] == label))


def test_budget_zero_means_all_labeled_rows():
    y = np.array([0, -1, 1, 1, -1, 0])
    assert choose_labeled(np.arange(6), y, 0, 0).tolist() == [0, 2, 3, 5]


def test_groups_that_are_no_copies_are_not_parted_and_that_is_said():
    """Rows of a speaker have many labels: no row stands for the others' class."""
    speakers = np.repeat(np.arange(20), 6)
    y = np.tile(np.arange(6), 20)
    said = replace(table(y), groups=speakers, details={"grouped_by": "speaker"})
    split = split_rows(said, validation=0.1, test=0.2, seed=3)
    parts = [set(speakers[rows].tolist()) for rows in (split.train, split.validation, split.test)]
    assert [len(part) for part in parts] == [14, 2, 4]
    assert sum(len(part) for part in parts) == len(set.union(*parts)) == 20
    assert split.note == "All rows of one speaker are on the same side of the split."
    again = split_rows(said, validation=0.1, test=0.2, seed=3)
    assert np.array_equal(split.train, again.train)


def test_groups_of_copies_are_split_as_before():
    """One row of each stands for it, by its class: the split of earlier runs."""
    y = np.arange(60) % 2
    copies = replace(
        table(np.concatenate([y, y[:10]])), groups=np.concatenate([np.arange(60), np.arange(10)])
    )
    alone = split_rows(table(y), validation=0.1, test=0.2, seed=5)
    split = split_rows(copies, validation=0.1, test=0.2, seed=5)
    for part, wanted in (
        (split.train, alone.train),
        (split.validation, alone.validation),
        (split.test, alone.test),
    ):
        assert np.array_equal(part[part < 60], wanted)
    assert split.note == ""


def in_groups(*sizes: int, **details: str) -> Dataset:
    groups = np.repeat(np.arange(len(sizes)), sizes)
    return replace(table(groups % 2), groups=groups, details=dict(details))


def sizes_of(data: Dataset, seed: int) -> list[int]:
    split = split_rows(data, validation=0.1, test=0.1, seed=seed)
    parts = (split.train, split.validation, split.test)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(data)))
    assert sum(len(set(data.groups[part].tolist())) for part in parts) == len(set(data.groups.tolist()))
    return [len(part) for part in parts]


@pytest.mark.parametrize("seed", range(4))
def test_a_large_group_of_copies_never_fills_the_held_out_parts(seed: int):
    """Shares once counted groups, and a set of 600 rows was split into 66, 8 and 526."""
    assert sizes_of(in_groups(300, *[1] * 300), seed) == [480, 60, 60]


def test_where_the_shares_cannot_be_met_the_split_says_why():
    assert sizes_of(in_groups(540, *[30] * 2), 0) == [540, 30, 30]
    split = split_rows(in_groups(540, *[30] * 2), validation=0.1, test=0.1, seed=0)
    assert "540 / 30 / 30 rows rather than 480 / 60 / 60" in split.note
    assert "3 groups of copies, the largest of 540 rows" in split.note
    people = in_groups(*[40] * 3, grouped_by="speaker")
    assert sizes_of(people, 0) == [40, 40, 40]
    assert "there are 3 groups by speaker" in split_rows(people, validation=0.1, test=0.1, seed=0).note


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (in_groups(80), "All 80 rows are copies of one sample"),
        (in_groups(40, 40), "copies of 2 samples, too few to split into 3 parts"),
        (in_groups(40, 40, grouped_by="speaker"), "There are 2 speakers, and a split into 3 parts needs 3"),
    ],
)
def test_fewer_groups_than_parts_are_refused_with_the_reason(data: Dataset, says: str):
    with pytest.raises(DataError, match=says) as raised:
        split_rows(data, validation=0.1, test=0.1, seed=0)
    assert raised.value.remedy


def partly(rows: int = 620, labeled: int = 32, classes: int = 3) -> np.ndarray:
    y = np.full(rows, -1)
    y[np.random.default_rng(5).permutation(rows)[:labeled]] = np.arange(labeled) % classes
    return y


def test_a_partly_labeled_set_has_labels_of_each_class_in_each_part():
    y = partly()
    split = split_rows(table(y), validation=0.1, test=0.1, seed=0)
    counts = {
        name: np.bincount(y[rows][y[rows] >= 0], minlength=3).tolist()
        for name, rows in (("train", split.train), ("validation", split.validation), ("test", split.test))
    }
    assert counts == {"train": [5, 5, 4], "validation": [3, 3, 3], "test": [3, 3, 3]}
    assert (len(split.validation), len(split.test)) == (62, 62)
    assert "Only 32 of 620 rows have a label" in split.note
    again = split_rows(table(y), validation=0.1, test=0.1, seed=0)
    assert np.array_equal(split.test, again.test)


def test_where_labels_are_many_the_shares_are_those_asked_for():
    y = partly(rows=2000, labeled=1500)
    split = split_rows(table(y), validation=0.1, test=0.2, seed=1)
    assert [np.count_nonzero(y[part] >= 0) for part in (split.validation, split.test)] == [150, 300]
    assert split.note == ""


@settings(max_examples=60, deadline=None)
@given(
    y=labels(),
    hidden=st.integers(1, 200),
    validation=st.floats(0.05, 0.4),
    test=st.sampled_from([0.0, 0.1, 0.4]),
)
def test_partly_labeled_parts_are_disjoint_complete_and_leave_labels_to_training(y, hidden, validation, test):
    y = np.random.default_rng(0).permutation(np.concatenate([y, np.full(hidden, -1)]))
    held_out = round(len(y) * validation), round(len(y) * test)
    assume(held_out[0] >= 1 and sum(held_out) < len(y))
    split = split_rows(table(y), validation=validation, test=test, seed=3)
    together = np.concatenate([split.train, split.validation, split.test])
    assert np.array_equal(np.sort(together), np.arange(len(y)))
    assert set(np.unique(y)) - {-1} <= set(y[split.train])
    assert test > 0 or len(split.test) == 0


def test_a_group_has_the_label_of_its_first_row_that_has_one():
    groups, y = np.array([0, 0, 1, 1, 2]), np.array([-1, 2, 1, 0, -1])
    assert group_labels(groups, y).tolist() == [2, 1, -1]


@pytest.mark.parametrize(
    ("counts", "validation", "test", "expected"),
    [
        ((20, 6, 4), 0.3, 0.3, (20, 6, 4)),
        ((24, 0, 6), 0.1, 0.1, (21, 3, 6)),  # a tenth of all 30 rows
        ((24, 6, 0), 0.1, 0.1, (21, 6, 3)),
        ((24, 6, 0), 0.1, 0.0, (24, 6, 0)),
    ],
)
def test_a_given_split_is_kept_and_what_it_lacks_is_drawn_from_its_training_rows(
    counts, validation, test, expected
):
    part = np.random.default_rng(0).permutation(np.repeat(np.arange(3, dtype=np.uint8), counts))
    given_split = replace(table(np.arange(30) % 2), extra={"part": part})
    split = split_rows(given_split, validation=validation, test=test, seed=1)
    found = (split.train, split.validation, split.test)
    assert tuple(map(len, found)) == expected
    for number, rows in enumerate(found):
        assert set(part[rows]) <= ({number} if counts[number] else {0})
    assert np.array_equal(np.sort(np.concatenate(found)), np.arange(30))
    assert "the data came with" in split.note
