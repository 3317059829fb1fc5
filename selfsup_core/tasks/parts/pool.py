"""Which rows a run with pseudo-labels may propose labels for, and which labels it may see; what is left out
is said in words.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from selfsup_core.errors import DataError
from selfsup_core.translation import tr


def join_hand(
    given: np.ndarray, hand: Mapping[int, int], train: np.ndarray, classes: int
) -> tuple[np.ndarray, str]:
    """((N,) labels of the budget with those made by hand over them, a note on hand labels that are not used).

    Raises:
        DataError: a hand label is of a class that these data do not have.
    """
    if any(not 0 <= label < classes for label in hand.values()):
        raise DataError(
            tr("A hand label has class number {values}, but this data set has {classes} classes.").format(
                values=max(hand.values()), classes=classes
            ),
            code="bad-hand-label",
            remedy=tr("Use labels by hand only for runs with the same data set."),
        )
    in_train = set(train.tolist())
    joined = given.copy()
    for row, label in hand.items():
        if row in in_train:
            joined[row] = label
    outside = sum(row not in in_train for row in hand)
    if not outside:
        return joined, ""
    if outside == 1:
        return (
            joined,
            tr("1 hand label is for a validation or test row of this split and is not used for training."),
        )
    note = tr(
        "{outside:,} hand labels are for validation or test rows of this split and are not used for training."
    ).format(outside=outside)
    return joined, note


def choose_pool(train: np.ndarray, given: np.ndarray, most: int, split_seed: int) -> tuple[np.ndarray, str]:
    """((P,) training rows whose label is hidden, or that have none; a note, or "").

    Args:
        given: (N,) labels that may be seen, -1 for none. most: rows of the pool, 0 for all.
    """
    pool: np.ndarray = train[given[train] < 0]
    note = ""
    if most and len(pool) > most:
        generator = np.random.default_rng(split_seed + 7)
        note = tr("This run uses {most:,} of {count:,} unlabeled rows, as set (Unlabeled rows).").format(
            most=most, count=len(pool)
        )
        pool = np.sort(generator.permutation(pool)[:most])
    if len(pool) == 0:
        note = tr(
            "There are no unlabeled training rows, so there is nothing to propose labels for: student and "
            "twin are the same."
        )
    return pool, note
