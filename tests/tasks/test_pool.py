"""Which rows get proposals, and which hand labels count."""

from __future__ import annotations

import numpy as np
import pytest

from selfsup_core.errors import DataError
from selfsup_core.tasks.parts.pool import choose_pool, join_hand

TRAIN = np.arange(2, 10)


def test_hand_labels_stand_over_given_ones_and_only_in_training_rows():
    given = np.array([-1, 0, 1, -1, -1, -1, -1, -1, -1, -1])
    joined, note = join_hand(given, {2: 0, 3: 1, 0: 1}, TRAIN, 2)
    assert joined[:4].tolist() == [-1, 0, 0, 1]
    assert note.startswith("1 hand label is for a validation or test row")
    assert given[2] == 1, "the given labels stay as they are"
    assert join_hand(given, {2: 0}, TRAIN, 2)[1] == ""
    assert join_hand(given, {0: 0, 1: 1}, TRAIN, 2)[1].startswith("2 hand labels are")


@pytest.mark.parametrize("label", [-1, 2])
def test_a_hand_label_of_no_class_is_refused(label: int):
    with pytest.raises(DataError, match=f"class number {label}" if label > 0 else "class number"):
        join_hand(np.full(10, -1), {3: label}, TRAIN, 2)


def test_the_pool_is_all_training_rows_without_a_label_or_as_many_as_were_asked_for():
    given = np.full(10, -1)
    given[[2, 5]] = 1
    pool, note = choose_pool(TRAIN, given, 0, 0)
    assert pool.tolist() == [3, 4, 6, 7, 8, 9]
    assert note == ""
    some, note = choose_pool(TRAIN, given, 4, 0)
    assert len(some) == 4
    assert set(some) < set(pool)
    assert (np.diff(some) > 0).all()
    assert note == "This run uses 4 of 6 unlabeled rows, as set (Unlabeled rows)."
    assert choose_pool(TRAIN, given, 4, 0)[0].tolist() == some.tolist()
    given[TRAIN] = 0
    assert "no unlabeled training rows" in choose_pool(TRAIN, given, 0, 0)[1]
