"""Rows of a table as they were read, beside what a network gets of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.splits import split_or_all
from selfsup_core.data.texts import Texts
from selfsup_core.features.batches import category_groups, leave_out
from selfsup_core.features.config import DataConfig
from selfsup_core.translation import tr

MOST_TRAIN = 200_000  # training rows from which ranges and medians are taken here


@dataclass(frozen=True)
class TableSeen:
    """Some rows of a table.

    Attributes:
        rows: (R,) their numbers in the data set.
        columns: names of what the network gets. values: (R, D) in [0, 1]. filled: (R, D), whether a cell was
            missing and has the median of its column's training rows.
        read_columns, read: cells as they were in the file, "" where one is empty; without a file the numbers
            of the data set, "" for a missing one.
        is_file: whether `read` is of a file.
        label_column: name of the column in `read_columns` that holds the class, "" where there is none.
    """

    rows: np.ndarray

    columns: tuple[str, ...]
    values: np.ndarray
    filled: np.ndarray
    read_columns: list[str]
    read: list[list[str]]
    is_file: bool
    label_column: str = ""

    def without_labels(self) -> TableSeen:
        """The same without the column of the class, for a place where the class is to be guessed."""
        kept = [
            i
            for i, name in enumerate(self.read_columns)
            if not self.label_column or name != self.label_column
        ]
        return replace(
            self,
            read_columns=[self.read_columns[i] for i in kept],
            read=[[row[i] for i in kept] for row in self.read],
            label_column="",
        )


def see_table(
    dataset: Dataset, config: DataConfig, most: int = 100, *, rows: Sequence[int] | np.ndarray | None = None
) -> TableSeen:
    """What `features.batches.prepare` makes of the first `most` rows, or of `rows`, without preparing all of
    them.

    Raises:
        SettingError: the class left out is unknown.
    """
    split = split_or_all(dataset, validation=config.validation, test=config.test, seed=config.split_seed)
    if config.leave_out:
        y = None if dataset.y is None else np.asarray(dataset.y)
        split = leave_out(split, y, dataset.classes, config.leave_out)
    assert not isinstance(dataset.x, Texts)
    train = np.sort(split.train[:: -(-len(split.train) // MOST_TRAIN)])
    known = np.asarray(dataset.x[train], np.float64) * dataset.scale
    known = np.where(np.isnan(known).all(axis=0), 0.0, known)
    places = np.arange(min(most, len(dataset))) if rows is None else np.asarray(rows, np.int64)
    first = np.asarray(dataset.x[places], np.float64) * dataset.scale
    holes = np.isnan(first)
    low, high = np.nanmin(known, axis=0), np.nanmax(known, axis=0)
    values = np.where(holes, np.nanmedian(known, axis=0), first)
    scaled = np.clip((values - low) / np.where(high > low, high - low, 1.0), 0.0, 1.0)
    levels = [column for group in category_groups(dataset) for column in group]
    scaled[:, levels] = values[:, levels]
    names, cells = cells_of(dataset, places)
    if not names:
        cells = [["" if np.isnan(v) else f"{v:g}" for v in row] for row in first]
    return TableSeen(
        places,
        dataset.columns,
        scaled,
        holes,
        names or list(dataset.columns),
        cells,
        is_file=bool(names),
        label_column=(dataset.details.get("label") or "") if names else "",
    )


def describe_cells(dataset: Dataset, rows: np.ndarray) -> list[str]:
    """Rows of a table as they were read, not scaled, without the class: "age 39 · city Bern".

    Args:
        rows: (R,) their numbers. Returns: R texts; an empty cell is "–".
    """
    assert not isinstance(dataset.x, Texts)
    names, cells = cells_of(dataset, rows)
    label = dataset.details.get("label") or "" if names else ""
    if not names:
        numbers = np.asarray(dataset.x[rows], np.float64) * dataset.scale
        names = list(dataset.columns) or [tr("column {i}").format(i=i) for i in range(numbers.shape[1])]
        cells = [["" if np.isnan(v) else f"{v:g}" for v in row] for row in numbers]
    return [
        " · ".join(f"{name} {cell or '–'}" for name, cell in zip(names, row, strict=True) if name != label)
        for row in cells
    ]


def cells_of(dataset: Dataset, rows: np.ndarray) -> tuple[list[str], list[list[str]]]:
    """(names of the file's columns, cells of these rows); ([], []) where those of some row were not kept."""
    names, kept = dataset.details.get("cells", []), dataset.extra.get("cells")
    if not names or not isinstance(kept, Texts):
        return [], []
    found = [json.loads(kept[row]) if row < len(kept) and kept[row] else [] for row in rows.tolist()]
    if any(len(cells) != len(names) for cells in found):
        return [], []
    return list(names), found
