"""The pseudo-labels of a run as a table: each unlabeled row with its class, how sure, by whom, since when."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.texts import Texts
from selfsup_core.errors import RunError, SettingError, StudioError
from selfsup_core.evaluate.kept import OUTSIDE, PSEUDO
from selfsup_core.evaluate.kept import STUDENT as STUDENT_SAID
from selfsup_core.export.csv_file import csv_bytes, numbers
from selfsup_core.pseudo.objectives.pseudo_labels import describe_proposers
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import counted

if TYPE_CHECKING:
    from selfsup_core.runs.folder import RunFolder

FORMATS = ("csv", "parquet")
MOST_COLUMNS = 1000  # of a table, that are written beside the labels
TAKEN = (
    "row",
    "label",
    "confidence",
    "kept",
    "weight",
    "first_round",
    "proposers",
    "part",
    "run",
    "epoch",
    "prediction",
    "prediction_confidence",
    "truth",
)
PARTS = ("training", "validation", "test")
STUDENT = tr_later("The trained classifier")  # of rows that nobody proposes for while training


def read_proposals(folder: RunFolder) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """(arrays, texts) of all proposals of a run's newest epoch. Raises RunError: it has made none yet."""
    from selfsup_core.runs.frames import read_about, read_frame

    path = folder.path / PSEUDO
    try:
        return read_frame(path), read_about(path)
    except FileNotFoundError as error:
        raise RunError(
            tr("The run {id} has no pseudo-labels.").format(id=folder.id),
            code="no-pseudo-labels",
            remedy=tr("Choose a run with pseudo-labels that has finished a round."),
        ) from error


def read_pseudo_labels(
    workspace: Path, run: str, *, text: bool = True, truth: bool = False
) -> dict[str, list[Any]]:
    """Column → values of all unlabeled rows: those that labels were proposed for, as of the newest epoch, and
    after a finished run those outside of training, with the class that the student predicts.

    Args:
        text: with the texts, the columns of tables or the names of images and sounds, where their data set is
        still there.
        truth: with the true classes, as far as they are known; for an audit, not for training.

    Raises:
        RunError: there is no such run, or it has proposed nothing yet.
    """
    from selfsup_core.runs.folder import open_run
    from selfsup_core.runs.spec import read_spec

    folder = open_run(workspace, run)
    arrays, about = read_proposals(folder)
    classes, proposers = json.loads(about["classes"]), json.loads(about["proposers"])
    size = len(arrays["rows"])
    arrays = join_outside(arrays, read_outside(folder.path))
    rows = arrays["rows"]
    student = read_predictions(folder.path)
    said = [student.get(row) for row in rows.tolist()]
    found: dict[str, list[Any]] = {
        "row": rows.tolist(),
        "label": [classes[c] if c >= 0 else "" for c in arrays["label"]],
        "confidence": [
            None if c < 0 or np.isnan(p) else round(float(p), 6)
            for c, p in zip(arrays["label"], arrays["confidence"], strict=True)
        ],
        "kept": (arrays["weight"] > 0).tolist(),
        "weight": [round(float(w), 6) for w in arrays["weight"]],
        "first_round": [int(r) if r >= 0 else None for r in arrays["first"]],
        "proposers": [
            describe_proposers(voted)
            if (voted := [n for i, n in enumerate(proposers) if bits >> i & 1])
            else ""
            for bits in arrays["voters"][:size].tolist()
        ]
        + [STUDENT] * (len(rows) - size),
        "part": [PARTS[p] for p in arrays["part"].tolist()],
        "run": [folder.id] * len(rows),
        "epoch": [int(about["epoch"])] * len(rows),
        "prediction": [classes[one[0]] if one else "" for one in said],
        "prediction_confidence": [round(one[1], 6) if one else None for one in said],
    }
    if text or truth:
        found |= read_rows_of(workspace, read_spec(folder.spec), rows, classes, text, truth)
    return found


def read_outside(folder: Path) -> dict[str, np.ndarray]:
    """What the trained student makes of unlabeled rows outside of the pool; {} before the end of a run, and
    where there are none.
    """
    from selfsup_core.runs.frames import read_frame

    path = folder / OUTSIDE
    return dict(read_frame(path)) if path.is_file() else {}


def read_predictions(folder: Path) -> dict[int, tuple[int, float]]:
    """Row → (class number, probability) that the trained student predicts; {} before the end of a run."""
    from selfsup_core.runs.frames import read_frame

    found: dict[int, tuple[int, float]] = {}
    for name in (OUTSIDE, STUDENT_SAID):
        if (path := folder / name).is_file():
            read = read_frame(path)
            lists = (read[part].tolist() for part in ("rows", "label", "confidence"))
            found |= {row: (label, p) for row, label, p in zip(*lists, strict=True)}
    return found


def join_outside(pool: dict[str, np.ndarray], outside: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Rows of the pool, then those outside of it, which nobody has proposed for and training has not used."""
    parts = {**pool, "part": np.zeros(len(pool["rows"]), np.int32)}
    if not outside:
        return parts
    count = len(outside["rows"])
    beside = {
        **outside,
        "weight": np.zeros(count, np.float32),
        "first": np.full(count, -1),
        "voters": np.zeros(count, np.int32),
    }
    return {name: np.concatenate([values, beside[name]]) for name, values in parts.items() if name in beside}


def describe_scope(workspace: Path, run: str) -> str:
    """Which unlabeled rows the file holds, and which it lacks; in a sentence or two.

    Raises:
        RunError: as `read_pseudo_labels`.
    """
    from selfsup_core.data.sources import open_source
    from selfsup_core.runs.folder import open_run
    from selfsup_core.runs.spec import read_spec

    columns = read_pseudo_labels(workspace, run, text=False)
    by = columns["proposers"]
    outside = [part for part, who in zip(columns["part"], by, strict=True) if who == STUDENT]
    training = counted(len(by) - len(outside), "unlabeled training row")
    said = f"{counted(len(by), 'row')}: {training}"
    if outside:
        held = sum(part != PARTS[0] for part in outside)
        kinds = (
            [
                tr("{held:,} unlabeled validation and test {value}").format(
                    held=held, value="row" if held == 1 else "rows"
                )
            ]
            if held
            else []
        )
        left = len(outside) - held
        kinds += (
            [tr("{left} beyond the limit Unlabeled rows").format(left=counted(left, "unlabeled row"))]
            if left
            else []
        )
        said += tr(
            ", and {kinds}. The latter never enter training: the trained classifier predicts "
            "their class at the end of the run, and column “part” tells them apart"
        ).format(kinds=" and ".join(kinds))
    said += "."
    folder = open_run(workspace, run)
    try:
        y = open_source(read_spec(folder.spec).data.source, workspace).y
    except StudioError:  # deleted since
        return said
    unlabeled = np.flatnonzero(np.asarray(y) < 0) if y is not None else np.arange(0)
    missing = len(np.setdiff1d(unlabeled, columns["row"]))
    if missing:
        said += tr(
            " {missing} without a label {value} not in the "
            "file: labeled by hand, or predicted only when the run has ended."
        ).format(missing=counted(missing, "other row"), value="is" if missing == 1 else "are")
    return said


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
        cells = [numbers(column) for column in np.asarray(dataset.x)[rows].T]
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
        raise SettingError(
            tr("Pseudo-labels are written as {formats}; found {kind!r}.").format(
                formats=" or ".join(FORMATS), kind=kind
            )
        )
    return as_file(read_pseudo_labels(workspace, run, text=text, truth=truth), kind)


def as_file(columns: dict[str, list[Any]], kind: str) -> bytes:
    """Columns of equal length as "csv" (UTF-8) or "parquet"."""
    if kind == "parquet":
        import pyarrow as pa
        from pyarrow import parquet

        buffer = io.BytesIO()
        parquet.write_table(pa.table(columns), buffer)
        return buffer.getvalue()
    return csv_bytes(columns, zip(*columns.values(), strict=True))
