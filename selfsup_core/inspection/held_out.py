"""Rows that a run's classifier was not trained on: something to try it with at once.

They are validation rows, which the run looks at after each epoch anyway; test rows stay unseen.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypedDict

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.features.config import DataConfig
from selfsup_core.translation import tr


class HeldOut(TypedDict):
    """One row. name: the text, the row's values, or "row 12". label: its class, "" where it has none."""

    row: int
    name: str
    label: str


def held_out_rows(dataset: Dataset, config: DataConfig, count: int, seed: int) -> list[int]:
    """Up to `count` validation rows of a run, each class in proportion; another seed draws others."""
    from selfsup_core.data.splits import choose_stratified, split_rows

    split = split_rows(dataset, validation=config.validation, test=config.test, seed=config.split_seed)
    return [int(row) for row in choose_stratified(split.validation, dataset.y, count, seed)]


def describe_row(dataset: Dataset, row: int) -> HeldOut:
    """Raises: DataError: there is no such row."""
    if not 0 <= row < len(dataset):
        raise DataError(
            tr("There is no row {row}; the data set has {count:,}.").format(row=row, count=len(dataset)),
            code="no-row",
        )
    label = -1 if dataset.y is None else int(dataset.y[row])
    return {
        "row": row,
        "name": name_of(dataset, row),
        "label": dataset.classes[label] if 0 <= label < len(dataset.classes) else "",
    }


def name_of(dataset: Dataset, row: int) -> str:
    """What to call a row in a list."""
    if isinstance(dataset.x, Texts):
        return " ".join(str(dataset.x[row]).split())
    if dataset.kind == "table":
        cells = zip(dataset.columns, dataset.x[row].tolist(), strict=True)
        return ", ".join(f"{column} {value:g}" for column, value in cells)
    return tr("row {row}").format(row=row)


def held_out(workspace: Path, run: str, count: int, seed: int) -> list[HeldOut]:
    """Rows to try a run's classifier with.

    Raises:
        StudioError: the run or its data are gone.
    """
    dataset, config = open_run_data(workspace, run)
    return [describe_row(dataset, row) for row in held_out_rows(dataset, config, count, seed)]


def open_run_data(workspace: Path, run: str) -> tuple[Dataset, Any]:
    """(data set, the data settings) of a run."""
    from selfsup_core.data.sources import open_source
    from selfsup_core.runs.folder import open_run
    from selfsup_core.runs.spec import read_spec

    config = read_spec(open_run(workspace, run).spec).data
    return open_source(config.source, workspace), config
