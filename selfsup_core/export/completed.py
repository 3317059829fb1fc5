"""A data set with its labels completed: each row as it was added, its class, and where that is from.

Labels by hand are those of now, whatever a run has learned from.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, Literal

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.importing.build_table import MOST_LETTERS
from selfsup_core.data.sources import open_source
from selfsup_core.data.texts import Texts
from selfsup_core.errors import SettingError
from selfsup_core.export.csv_file import numbers
from selfsup_core.export.datasets import free_name
from selfsup_core.export.pseudo_labels import FORMATS, as_file, read_predictions, read_proposals
from selfsup_core.features.seen import cells_of
from selfsup_core.pseudo.hand import read_hand_labels
from selfsup_core.translation import join_sentences, tr
from selfsup_core.wording import counted, local

Origin = Literal["given", "by hand", "pseudo-label", "predicted, not learned from", "none"]
FROM, PREDICTION, SURE = "label_from", "prediction", "prediction_confidence"


def own_columns(dataset: Dataset) -> dict[str, list[Any]]:
    """Column → values of all rows, named and ordered as in the file that was added.

    Cells are as they were read, where all of them were kept; else texts, numbers, or names of files.
    """
    rows = np.arange(len(dataset))
    names, cells = cells_of(dataset, rows)
    if names and max((len(cell) for line in cells for cell in line), default=0) < MOST_LETTERS:
        return dict(zip(names, map(list, zip(*cells, strict=True)), strict=True))
    if isinstance(dataset.x, Texts):
        return {dataset.details.get("text") or "text": list(dataset.x)}
    if dataset.kind == "table":
        return {
            name: numbers(column)
            for name, column in zip(dataset.columns, np.asarray(dataset.x).T, strict=True)
        }
    files = dataset.extra.get("names")
    return {"file": list(files)} if isinstance(files, Texts) else {"row": rows.tolist()}


def complete_table(workspace: Path, run: str) -> dict[str, list[Any]]:
    """Column → values of all rows of a run's data set; the last three columns are this file's own.

    The own columns, then the class of each row under the name of its own column: given with the data, by
    hand, as a pseudo-label that training uses, or else as the trained classifier predicts it. `label_from`
    says which of these (`Origin`); `prediction` and `prediction_confidence` (from 0 to 1) are the trained
    classifier's, of all rows that came without a label.

    Raises:
        RunError: there is no such run, or it has proposed nothing yet. DataError: its data set is gone.
    """
    from selfsup_core.runs.folder import open_run
    from selfsup_core.runs.spec import read_spec

    folder = open_run(workspace, run)
    kept, about = read_proposals(folder)
    source = read_spec(folder.spec).data.source
    dataset = open_source(source, workspace)
    classes: list[str] = json.loads(about["classes"])
    used = {
        row: label
        for row, label, weight in zip(
            kept["rows"].tolist(), kept["label"].tolist(), kept["weight"].tolist(), strict=True
        )
        if weight > 0
    }
    said, hand = read_predictions(folder.path), read_hand_labels(workspace, source)
    given = [-1] * len(dataset) if dataset.y is None else np.asarray(dataset.y).tolist()

    labels: list[str] = []
    origins: list[Origin] = []
    for row, own in enumerate(given):
        number, origin = choose(own, hand.get(row), used.get(row), said.get(row))
        labels.append(classes[number] if number >= 0 else "")
        origins.append(origin)
    found = own_columns(dataset)
    found[dataset.details.get("label") or free_name("label", found)] = labels
    found[free_name(FROM, found)] = list(origins)
    predicted = [said.get(row) for row in range(len(dataset))]
    found[free_name(PREDICTION, found)] = [classes[one[0]] if one else "" for one in predicted]
    found[free_name(SURE, found)] = [round(one[1], 6) if one else None for one in predicted]
    return found


def choose(
    given: int, hand: int | None, used: int | None, said: tuple[int, float] | None
) -> tuple[int, Origin]:
    """Class number of a row, -1 for none, and where it is from: a person's word stands above all others."""
    if hand is not None:
        return hand, "by hand"
    if given >= 0:
        return given, "given"
    if used is not None:
        return used, "pseudo-label"
    return (said[0], "predicted, not learned from") if said else (-1, "none")


def export_completed(workspace: Path, run: str, kind: str = "csv") -> tuple[bytes, str]:
    """The table as CSV (UTF-8) or Parquet, and in a sentence how many labels are from where.

    Raises:
        As `complete_table`. SettingError: another kind.
    """
    if kind not in FORMATS:
        raise SettingError(
            tr("Completed tables are written as {formats}; found {kind!r}.").format(
                formats=tr(" or ").join(FORMATS), kind=kind
            )
        )
    columns = complete_table(workspace, run)
    return as_file(columns, kind), describe_origins(list(columns.values())[-3])


def describe_origins(origins: list[Origin]) -> str:
    """ "400 rows: 24 labels given, 2 by hand, 250 pseudo-labels, 124 predicted but not learned from." """
    counts = Counter(origins)
    parts = [
        (counts["given"], tr("given")),
        (counts["by hand"], tr("by hand")),
        (counts["pseudo-label"], tr("pseudo-labels that training used")),
        (counts["predicted, not learned from"], tr("predicted by the trained classifier, not learned from")),
        (counts["none"], tr("without a label")),
    ]
    said = ", ".join(f"{local(f'{count:,}')} {words}" for count, words in parts if count)
    sentences = [tr("{rows}: {said}.").format(rows=counted(len(origins), "row"), said=said)]
    if counts["none"]:
        sentences.append(
            tr(
                "The rest has no prediction: the run has not ended, an earlier version has trained it, or a "
                "slow model has left rows out."
            )
        )
    return join_sentences(sentences)
