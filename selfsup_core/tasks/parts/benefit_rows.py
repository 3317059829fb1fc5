"""Which rows "Did it help?" looks at, and how many labels per class it can draw from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from selfsup_core.data.splits import choose_stratified
from selfsup_core.errors import DataError
from selfsup_core.evaluate.benefit import ALL
from selfsup_core.features.batches import Prepared
from selfsup_core.runs.benefit import POOL_ROWS
from selfsup_core.translation import tr

HELD_ROWS, TEST_ROWS = 500, 2000


@dataclass(frozen=True)
class BenefitRows:
    """Row numbers, each with a label.

    Attributes:
        pool: training rows that labels are drawn from, in order. held: validation rows. test: test rows.
        y: (N,) labels of the data set. classes: (C,) those that the pool has.
        notes: what is left out.
    """

    pool: np.ndarray
    held: np.ndarray
    test: np.ndarray
    y: np.ndarray
    classes: np.ndarray
    notes: tuple[str, ...] = ()

    @property
    def largest(self) -> int:
        """Labels of the class that has most of them."""
        return int(np.bincount(self.y[self.pool]).max())

    def index(self, rows: np.ndarray) -> np.ndarray:
        """(R,) rows → their classes as places in `classes`."""
        found: np.ndarray = np.searchsorted(self.classes, self.y[rows])
        return found


def choose_benefit_rows(data: Prepared, seed: int) -> BenefitRows:
    """Labeled rows of a run's split, stratified where there are very many.

    Raises:
        DataError: labels are lacking in one of the three parts, or are of one class only.
    """
    y, split = data.y, data.split
    if y is None or not (y[split.train] >= 0).any():
        raise DataError(tr("There are no labels to measure with."), code="no-labels")
    known = np.unique(y[split.train][y[split.train] >= 0])
    if len(known) < 2:
        raise DataError(tr("The training rows have labels of one class only."), code="one-class")
    labeled = {
        name: rows[np.isin(y[rows], known)]
        for name, rows in (("training", split.train), ("validation", split.validation), ("test", split.test))
    }
    for name, rows in labeled.items():
        if len(rows) < 2:
            raise DataError(
                tr("This run has no labeled {name} rows to measure with.").format(name=name),
                code="no-split",
                remedy=tr("Train with larger shares of validation and test rows, or with more labels."),
            )
    pool, held, test = (
        choose_stratified(rows, y, most, seed)
        for rows, most in zip(labeled.values(), (POOL_ROWS, HELD_ROWS, TEST_ROWS), strict=True)
    )
    count = len(labeled["training"])
    note = tr("All labels are those of {count:,} of the {count_2:,} labeled training rows.").format(
        count=len(pool), count_2=count
    )
    return BenefitRows(np.sort(pool), held, test, y, known, (note,) if len(pool) < count else ())


def usable_counts(asked: Sequence[int], largest: int) -> list[int]:
    """Numbers of labels per class in order, all of them last, without those that no class has."""
    ordered = sorted(set(asked), key=lambda n: n or np.inf)
    return [n for n in ordered if n < largest] or [ALL]
