"""Labels of images and sounds from a table that lies beside them, matched by path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np

from selfsup_core.data.importing.columns import choose_label, describe_column
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.fixes import other_label
from selfsup_core.data.importing.labels import label_notes, read_labels
from selfsup_core.data.importing.layout import Layout, read_layout
from selfsup_core.data.importing.table import Table
from selfsup_core.data.importing.tables import read_table
from selfsup_core.data.splits import PARTS
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

LEAST_MATCHED = 0.5  # of a table's rows that name a file


def label_files(names: Sequence[str], beside: list[Member], config: ImportConfig) -> Layout:
    """Label and split of each file: labels from tables beside them, else from folders.

    Raises:
        DataError: a label column is named that no table has.
    """
    layout = read_layout(names, config)
    if config.label != "-":
        take_tables(names, beside, config, layout)
    if layout.labels is not None and layout.parts is not None:
        free_unlabeled(layout)
    return layout


def take_tables(names: Sequence[str], beside: list[Member], config: ImportConfig, layout: Layout) -> None:
    """Give files the labels of each table that names them and has a label."""
    labels, taken, seen = [""] * len(names), False, []
    for member in beside:
        name = PurePosixPath(member.name)
        if "submission" in name.stem.lower():
            layout.notes.append(
                tr("{name} is not used: a sample submission holds no real labels.").format(name=name.name)
            )
            continue
        try:
            table = read_table([member], config)
        except DataError as error:
            layout.notes.append(
                tr("{name} is not used: {message}").format(name=name.name, message=error.message)
            )
            continue
        rows = match_rows(table, names, name.parent)
        if rows is None:
            continue
        place, found = rows
        seen += [column for i, column in enumerate(table.names) if i != place]
        layout.columns = list(dict.fromkeys(seen))
        label = label_column(table, place, config)
        if label is None:
            rest = ", ".join(n for i, n in enumerate(table.names) if i != place)
            if rest:
                layout.notes.append(
                    tr("{name} holds no classes ({rest}); it was left out.").format(name=name.name, rest=rest)
                )
            continue
        taken = True
        layout.label = label
        for row, mark in zip(found, table.columns[table.names.index(label)].to_pylist(), strict=True):
            if row >= 0:
                labels[row] = mark
    if config.label and config.label not in ("", "-") and beside and not taken:
        raise DataError(
            tr("There is no column {label!r}. Columns: {fromkeys}.").format(
                label=config.label, fromkeys=", ".join(dict.fromkeys(seen))
            ),
            code="no-column",
            remedy=tr("Check the name."),
            fix=other_label(config.label, list(dict.fromkeys(seen))),
        )
    if taken:
        layout.cells = labels
        layout.labels, layout.offers = read_labels(labels, config), {}
        layout.notes += label_notes(Counter(label for label in labels if label), config)
        layout.notes = [note for note in layout.notes if "Classes from" not in note]


def match_rows(table: Table, names: Sequence[str], folder: PurePosixPath) -> tuple[int, list[int]] | None:
    """(place of the column that names files, the file of each row or -1); None when no column does."""
    for place, cells in enumerate(table.columns):
        paths = [v.strip().replace("\\", "/").removeprefix("./") for v in cells.to_pylist()]
        found = match_paths(paths, names, folder)
        if paths and sum(row >= 0 for row in found) >= LEAST_MATCHED * len(paths):
            return place, found
    return None


def match_paths(paths: list[str], names: Sequence[str], folder: PurePosixPath) -> list[int]:
    """The file that each path means, -1 for none: the longest end of the path that names one file only.

    Names of files repeat in other folders (train/0.png and test/0.png), so that a bare one counts where it is
    the only one, or the only one beside or below the table.
    """
    ends: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        parts = PurePosixPath(name).parts
        for start in range(len(parts)):
            whole = "/".join(parts[start:])
            for key in {whole, whole.removesuffix(PurePosixPath(name).suffix)}:
                ends.setdefault(key, []).append(index)
    result = []
    for path in paths:
        steps = [step for step in PurePosixPath(path).parts if step not in ("..", "/")]
        found = -1
        for start in range(len(steps)):
            fitting = ends.get("/".join(steps[start:]), [])
            if len(fitting) > 1:
                inside = [i for i in fitting if PurePosixPath(names[i]).is_relative_to(folder)]
                near = [i for i in inside if PurePosixPath(names[i]).parent == folder]
                fitting = inside if len(inside) == 1 else near
            if len(fitting) == 1:
                found = fitting[0]
                break
        result.append(found)
    return result


def label_column(table: Table, place: int, config: ImportConfig) -> str | None:
    """The column asked for, the one that looks like a label, or the only other one if its values repeat."""
    rest = [i for i in range(len(table.names)) if i != place]
    if config.label in table.names:
        return config.label
    if config.label or not rest:
        return None
    columns = choose_label([describe_column(table.names[i], table.columns[i]) for i in rest])
    label = next((c.name for c in columns if c.role == "label"), None)
    if label is None:
        cells = table.columns[rest[-1]].to_pylist()
        if len(set(cells)) <= max(2, len(cells) // 2) and any(cells):
            label = table.names[rest[-1]]
    return label


def free_unlabeled(layout: Layout) -> None:
    """Take a given validation or test part without a single label for unlabeled rows: nothing is measured
    on it.
    """
    assert layout.parts is not None
    assert layout.labels is not None
    labeled = np.array([bool(label) for label in layout.labels])
    for part, count in Counter(layout.parts[layout.parts > 0].tolist()).items():
        if labeled.any() and not labeled[layout.parts == part].any():
            layout.parts[layout.parts == part] = 0
            layout.notes.append(
                tr(
                    "The given {parts} rows ({count:,}) have no labels, so they count as unlabeled rows."
                ).format(parts=PARTS[part], count=count)
            )
    if not layout.parts.any():
        layout.parts = None
