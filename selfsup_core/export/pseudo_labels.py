"""The pseudo-labels of a run as a table: each unlabeled row with its class, how sure, by whom, since when."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.texts import Texts
from selfsup_core.errors import RunError, SettingError
from selfsup_core.evaluate.kept import PSEUDO
from selfsup_core.export.csv_file import csv_bytes

FORMATS = ("csv", "parquet")
MOST_COLUMNS = 1000  # of a table, that are written beside the labels
TAKEN = ("row", "label", "confidence", "kept", "weight", "first_round", "proposers", "run", "epoch", "truth")


def read_pseudo_labels(
    workspace: Path, run: str, *, text: bool = True, truth: bool = False
) -> dict[str, list[Any]]:
    """Column → values of all rows that labels were proposed for, as of the newest epoch.

    Args:
        text: with the texts, the columns of tables or the names of images and sounds, where their data set is
        still there.
        truth: with the true classes, as far as they are known; for an audit, not for training.

    Raises:
        RunError: there is no such run, or it has proposed nothing yet.
    """
    from selfsup_core.runs.folder import open_run
    from selfsup_core.runs.frames import read_about, read_frame
    from selfsup_core.runs.spec import read_spec

    folder = open_run(workspace, run)
    path = folder.path / PSEUDO
    try:
        arrays, about = read_frame(path), read_about(path)
    except FileNotFoundError as error:
        raise RunError(
            f"The run {folder.id} has no pseudo-labels.",
            code="no-pseudo-labels",
            remedy="Choose a run with pseudo-labels that has finished a round.",
        ) from error
    classes, proposers = json.loads(about["classes"]), json.loads(about["proposers"])
    rows, size = arrays["rows"], len(arrays["rows"])
    found: dict[str, list[Any]] = {
        "row": rows.tolist(),
        "label": [classes[c] if c >= 0 else "" for c in arrays["label"]],
        "confidence": [None if np.isnan(p) else round(float(p), 6) for p in arrays["confidence"]],
        "kept": (arrays["weight"] > 0).tolist(),
        "weight": [round(float(w), 6) for w in arrays["weight"]],
        "first_round": [int(r) if r >= 0 else None for r in arrays["first"]],
        "proposers": [
            "+".join(name for i, name in enumerate(proposers) if bits >> i & 1)
            for bits in arrays["voters"].tolist()
        ],
        "run": [folder.id] * size,
        "epoch": [int(about["epoch"])] * size,
    }
    if text or truth:
        found |= read_rows_of(workspace, read_spec(folder.spec), rows, classes, text, truth)
    return found


def read_rows_of(
    workspace: Path, spec: Any, rows: np.ndarray, classes: list[str], text: bool, truth: bool
) -> dict[str, list[Any]]:
    from selfsup_core.data.sources import open_source

    dataset = open_source(spec.data.source, workspace)
    found: dict[str, list[Any]] = {}
    if text:
        found |= samples_of(dataset, rows)
    if truth and dataset.y is not None:
        found["truth"] = [classes[y] if y >= 0 else "" for y in np.asarray(dataset.y)[rows].tolist()]
    return found


def samples_of(dataset: Dataset, rows: np.ndarray) -> dict[str, list[Any]]:
    """What rows are, such that the file can be added as a data set of its own."""
    if isinstance(dataset.x, Texts):
        return {"text": [dataset.x[int(row)] for row in rows]}
    if dataset.kind == "table" and len(dataset.columns) <= MOST_COLUMNS:
        values = np.asarray(dataset.x)[rows].astype(float)
        cells = [[None if v != v else v for v in column] for column in values.T.tolist()]
        return {
            name if name not in TAKEN else f"{name} (column)": column
            for name, column in zip(dataset.columns, cells, strict=True)
        }
    names = dataset.extra.get("names")
    return {"file": [names[int(row)] for row in rows]} if isinstance(names, Texts) else {}


def export_pseudo_labels(
    workspace: Path, run: str, kind: str = "csv", *, text: bool = True, truth: bool = False
) -> bytes:
    """The table as CSV (UTF-8) or Parquet.

    Raises:
        RunError: as `read_pseudo_labels`. SettingError: another kind.
    """
    if kind not in FORMATS:
        raise SettingError(f"Pseudo-labels are written as {' or '.join(FORMATS)}; found {kind!r}.")
    columns = read_pseudo_labels(workspace, run, text=text, truth=truth)
    if kind == "parquet":
        import pyarrow as pa
        from pyarrow import parquet

        buffer = io.BytesIO()
        parquet.write_table(pa.table(columns), buffer)
        return buffer.getvalue()
    return csv_bytes(columns, zip(*columns.values(), strict=True))
