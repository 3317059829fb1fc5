"""The metrics of a run's epochs as a table: CSV or Parquet, one row an epoch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from selfsup_core.errors import RunError, SettingError
from selfsup_core.export.pseudo_labels import FORMATS, as_file
from selfsup_core.files import write_bytes
from selfsup_core.runs.folder import RunFolder, read_rows, read_state
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.translation import tr

FIRST = ("epoch", "step", "seconds", "train_loss", "val_loss")


def metric_columns(folder: RunFolder) -> dict[str, list[Any]]:
    """Column → a number for each epoch, None where it was not measured.

    Raises:
        RunError: there is no such run, or no epoch has ended.
    """
    read_state(folder)
    rows: list[Any] = epoch_rows(read_rows(folder.metrics))
    if not rows:
        raise RunError(tr("No epoch of the run {id} has ended yet.").format(id=folder.id), code="no-epoch")
    names = {
        name
        for row in rows
        for name, value in row.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    ordered = [*(name for name in FIRST if name in names), *sorted(names - set(FIRST))]
    return {name: [row.get(name) for row in rows] for name in ordered}


def write_metrics(folder: RunFolder, target: Path, kind: str = "") -> str:
    """Write the table; a sentence about it.

    Args:
        kind: "csv" or "parquet"; by the file's name unless given.

    Raises:
        SettingError: another kind. RunError: as `metric_columns`. OSError: the disk is full.
    """
    kind = kind or target.suffix.removeprefix(".").lower()
    if kind not in FORMATS:
        raise SettingError(
            tr("Metrics are written as {formats}; found {kind!r}.").format(
                formats=" or ".join(FORMATS), kind=kind
            ),
            remedy=tr("End the file's name with .csv or .parquet."),
        )
    columns = metric_columns(folder)
    write_bytes(target, as_file(columns, kind))
    return tr("{count} metrics of {count_2} epochs.").format(
        count=len(columns), count_2=len(columns["epoch"])
    )
