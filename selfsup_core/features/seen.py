"""A table's first rows as they were read, beside what a network gets of them."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.splits import split_rows
from selfsup_core.data.texts import Texts
from selfsup_core.features.batches import category_groups, leave_out
from selfsup_core.features.config import DataConfig

MOST_TRAIN = 200_000  # training rows from which ranges and medians are taken here


@dataclass(frozen=True)
class TableSeen:
    """The first rows of a table.

    Attributes:
        columns: names of what the network gets. values: (R, D) in [0, 1]. filled: (R, D), whether a cell was missing and
            has the median of its column's training rows.
        read_columns, read: cells as they were in the file, "" where one is empty; without a file the numbers of the data
            set, "" for a missing one.
        is_file: whether `read` is of a file.
    """

    columns: tuple[str, ...]
    values: np.ndarray
    filled: np.ndarray
    read_columns: list[str]
    read: list[list[str]]
    is_file: bool


def see_table(dataset: Dataset, config: DataConfig, most: int = 100) -> TableSeen:
    """What `features.batches.prepare` makes of the first `most` rows, without preparing all of them.

    Raises:
        DataError, SettingError: as `prepare` for the split and the class left out.
    """
    split = split_rows(dataset, validation=config.validation, test=config.test, seed=config.split_seed)
    if config.leave_out:
        y = None if dataset.y is None else np.asarray(dataset.y)
        split = leave_out(split, y, dataset.classes, config.leave_out)
    assert not isinstance(dataset.x, Texts)
    train = np.sort(split.train[:: -(-len(split.train) // MOST_TRAIN)])
    known = np.asarray(dataset.x[train], np.float64) * dataset.scale
    known = np.where(np.isnan(known).all(axis=0), 0.0, known)
    first = np.asarray(dataset.x[:most], np.float64) * dataset.scale
    holes = np.isnan(first)
    low, high = np.nanmin(known, axis=0), np.nanmax(known, axis=0)
    values = np.where(holes, np.nanmedian(known, axis=0), first)
    scaled = np.clip((values - low) / np.where(high > low, high - low, 1.0), 0.0, 1.0)
    levels = [column for group in category_groups(dataset) for column in group]
    scaled[:, levels] = values[:, levels]
    names, cells = cells_of(dataset, len(first))
    if not names:
        cells = [["" if np.isnan(v) else f"{v:g}" for v in row] for row in first]
    return TableSeen(
        dataset.columns, scaled, holes, names or list(dataset.columns), cells, is_file=bool(names)
    )


def cells_of(dataset: Dataset, most: int) -> tuple[list[str], list[list[str]]]:
    """(names of the file's columns, its first rows' cells); ([], []) where they were not kept."""
    names, kept = dataset.details.get("cells", []), dataset.extra.get("cells")
    if not names or not isinstance(kept, Texts):
        return [], []
    found = [json.loads(kept[row]) if kept[row] else [] for row in range(min(most, len(kept)))]
    return list(names), [row for row in found if len(row) == len(names)]
