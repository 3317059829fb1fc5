"""Which of the given labels are set aside to choose the best epoch by: under a label budget, no other label
may choose.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfsup_core.data.splits import choose_stratified
from selfsup_core.features.config import DataConfig
from selfsup_core.pseudo.audit import FEW_TEST_ROWS
from selfsup_core.translation import tr

MOST_ASIDE = 1000
ALL, SOME = "val_loss", "choice_loss"  # by which the best epoch is chosen


@dataclass(frozen=True)
class Aside:
    """What chooses the epoch that is kept.

    Attributes:
        train: (L,) rows to learn from. aside: (A,) rows whose given label only chooses.
        chosen_by: metric whose lowest value is the best epoch; None where the last epoch is kept.
        note: why, in words; "" where nothing differs from a run without a budget.
    """

    train: np.ndarray
    aside: np.ndarray
    chosen_by: str | None
    note: str


def set_aside(
    train: np.ndarray,
    y: np.ndarray,
    config: DataConfig,
    *,
    groups: np.ndarray | None = None,
    most: int = MOST_ASIDE,
    patience: int = 0,
) -> Aside:
    """Share the given labels between learning and choosing.

    Args:
        train: (L,) rows whose label is given. y: (N,) class numbers; those of other rows are not looked at.
        groups: (N,) rows of one number stay together, as in the split.
        most: rows that are set aside at most. patience: of the early stop, which needs rows to choose by.
    """
    if not config.has_budget:
        return Aside(train, train[:0], ALL, "")
    share = round(config.validation * len(train))
    aside = train[:0]
    if share >= FEW_TEST_ROWS:
        draw = draw_rows if groups is None else draw_groups
        kinds = np.arange(len(y)) if groups is None else groups
        aside = draw(train, y, kinds, min(share, most), config.split_seed + 5)
    if len(aside) < FEW_TEST_ROWS:
        return Aside(
            train,
            train[:0],
            None,
            tr(
                "The weights of the last epoch are kept: {count:,} labels are too few to choose an epoch "
                "by some of them (data.validation = {validation:g} of them would be {share}, and "
                "{few_test_rows} are needed)."
            ).format(count=len(train), validation=config.validation, share=share, few_test_rows=FEW_TEST_ROWS)
            + no_early_stop(patience),
        )
    return Aside(
        np.setdiff1d(train, aside),
        aside,
        SOME,
        tr(
            "{count:,} of the {count_2:,} given labels are set aside to choose the best epoch; the "
            "network does not learn from them. Labels of validation rows are shown for the audit and choose "
            "nothing."
        ).format(count=len(aside), count_2=len(train)),
    )


def draw_rows(train: np.ndarray, y: np.ndarray, kinds: np.ndarray, size: int, seed: int) -> np.ndarray:
    """`size` of the rows, each class in proportion; a class keeps one label at least to learn from."""
    counts = np.bincount(y[train])
    drawn = choose_stratified(train[counts[y[train]] >= 2], y, size, seed)
    taken = np.bincount(y[drawn], minlength=len(counts))
    for c in np.flatnonzero((taken == counts) & (counts > 0)):
        drawn = np.delete(drawn, np.flatnonzero(y[drawn] == c)[0])
    return np.sort(drawn)


def draw_groups(train: np.ndarray, y: np.ndarray, kinds: np.ndarray, size: int, seed: int) -> np.ndarray:
    """Whole groups with at most `size` rows together; a class keeps one label at least to learn from."""
    left = np.bincount(y[train])
    drawn = np.zeros(len(train), bool)
    for group in np.random.default_rng(seed).permutation(np.unique(kinds[train])):
        if drawn.sum() >= size:
            break
        mine = kinds[train] == group
        counts = np.bincount(y[train[mine]], minlength=len(left))
        if drawn.sum() + mine.sum() <= size and ((left > counts) | (counts == 0)).all():
            left, drawn = left - counts, drawn | mine
    return np.sort(train[drawn])


def last_epoch(train: np.ndarray, patience: int) -> Aside:
    """All given labels are learned from, and no epoch is chosen."""
    return Aside(train, train[:0], None, no_early_stop(patience).strip())


def no_early_stop(patience: int) -> str:
    """A sentence where `train.patience` is set in vain."""
    return (
        tr(" No epoch is chosen, so early stopping has no effect: all epochs are trained.")
        if patience
        else ""
    )
