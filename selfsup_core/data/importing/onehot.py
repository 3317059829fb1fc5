"""Columns of 0 and 1 that are one label: `label_cat, label_dog`, as get_dummies of pandas writes them."""

from __future__ import annotations

import re

import numpy as np

from selfsup_core.data.importing.columns import LABELS
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.table import Table

PREFIX = re.compile(r"^(.+?)[ _.=:/-]+(.+)$")
BITS = {"0": False, "1": True, "0.0": False, "1.0": True, "false": False, "true": True}


def join_one_hot(table: Table, config: ImportConfig) -> Table:
    """The table with such columns as one, where they are named like a label or chosen as it; columns of
    another name, of which each row has exactly one, are only offered, in a note.
    """
    groups: dict[str, list[int]] = {}
    for place, name in enumerate(table.names):
        if found := PREFIX.match(name):
            groups.setdefault(found[1], []).append(place)
    for prefix, places in groups.items():
        if len(places) < 2 or prefix in table.names:
            continue
        is_named = re.sub(r"[\W_]+", "", prefix.lower()) in LABELS and config.label in ("", prefix)
        hot = one_hot(table, places)
        if hot is None:
            continue
        if config.label == prefix or is_named:
            return joined(table, prefix, places, hot)
        if not config.label and (hot.sum(axis=1) == 1).all():
            table.notes.append(
                f"Each row has exactly one of the {len(places)} columns {prefix}… set to 1. If they are "
                f"the class, choose the label {prefix}."
            )
    return table


def one_hot(table: Table, places: list[int]) -> np.ndarray | None:
    """(rows, columns) whether a cell is 1; None where some are neither 0 nor 1, or a column is all of one."""
    hot = []
    for place in places:
        distinct = table.columns[place].unique().to_pylist()
        known = {cell: BITS.get(cell.lower()) for cell in distinct}
        if None in known.values() or set(known.values()) != {False, True}:
            return None
        hot.append([known[cell] for cell in table.columns[place].to_pylist()])
    return np.array(hot, bool).T


def joined(table: Table, prefix: str, places: list[int], hot: np.ndarray) -> Table:
    """The columns at `places` as one column of their names, "a|b" where a row has several."""
    import pyarrow as pa

    found = [PREFIX.fullmatch(table.names[place]) for place in places]
    words = [match[2] for match in found if match]
    cells = [
        "|".join(word for word, is_set in zip(words, row, strict=True) if is_set) for row in hot.tolist()
    ]
    left = [i for i in range(len(table.names)) if i not in places]
    note = f"{len(places)} columns {prefix}… of 0 and 1 (one-hot) were read as one label."
    if none := cells.count(""):
        note += f" {none:,} {'row has' if none == 1 else 'rows have'} none of them."
    return Table(
        [*(table.names[i] for i in left), prefix],
        [*(table.columns[i] for i in left), pa.array(cells, pa.string())],
        table.found,
        [*table.notes, note],
        table.values,
    )
