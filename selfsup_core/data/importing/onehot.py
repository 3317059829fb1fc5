"""Columns of 0 and 1 that are one label: `label_cat, label_dog`, as get_dummies of pandas writes them, or
`cat, dog` at the end of a table.
"""

from __future__ import annotations

import re

import numpy as np

from selfsup_core.data.importing.columns import LABELS
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.table import Table
from selfsup_core.translation import join_sentences, tr

PREFIX = re.compile(r"^(.+?)[ _.=:/-]+(.+)$")
MOST_LAST = 100  # columns at the end that are looked at
BITS = {"0": False, "1": True, "0.0": False, "1.0": True, "false": False, "true": True}


def join_one_hot(table: Table, config: ImportConfig) -> Table:
    """The table with such columns as one, where they are named like a label or chosen as it; columns of
    another name, of which each row has exactly one, are only offered.
    """
    chosen = [table.names.index(name) for name in config.label.split("|") if name in table.names]
    if (
        "|" in config.label
        and config.label not in table.names
        and (hot := one_hot(table, chosen)) is not None
    ):
        words = [table.names[place] for place in chosen]
        return joined(table, config.label, chosen, words, hot)
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
            words = [match[2] for place in places if (match := PREFIX.fullmatch(table.names[place]))]
            return joined(table, prefix, places, words, hot)
        if not config.label and (hot.sum(axis=1) == 1).all():
            table.notes.append(
                tr(
                    "Each row has exactly one of the {count} columns {prefix}… set to 1. If they are "
                    "the class, choose the label {prefix}."
                ).format(count=len(places), prefix=prefix)
            )
            table.found["one_hot"] = [*table.found.get("one_hot", []), prefix]
    if not config.label and not table.found.get("one_hot") and (last := last_ones(table)):
        which = "last " if len(last) < len(table.names) else ""
        table.notes.append(
            tr(
                "Each row has exactly one of the {which}{count} columns ({last}"
                "{value}) set to 1. If they are the class, choose the label "
                "{last_2}."
            ).format(
                which=which,
                count=len(last),
                last=", ".join(last[:6]),
                value=", …" if len(last) > 6 else "",
                last_2="|".join(last),
            )
        )
        table.found["one_hot"] = ["|".join(last)]
    return table


def last_ones(table: Table) -> list[str]:
    """The columns at the end of a table, or all, of which each row has exactly one; [] where any is named a
    label.
    """
    if any(re.sub(r"[\W_]+", "", name.lower()) in LABELS for name in table.names):
        return []
    places: list[int] = []
    for place in range(len(table.names) - 1, -1, -1):
        cells = table.columns[place]
        seen = {BITS.get(cell.lower()) for cell in cells[:50].unique().to_pylist()}
        if len(places) > MOST_LAST or None in seen:
            break
        places.insert(0, place)
    if not 2 <= len(places) <= MOST_LAST:
        return []
    while len(places) > 1 and one_hot(table, places[:1]) is None:
        places.pop(0)
    hot = one_hot(table, places)
    if hot is None:
        return []
    for start in range(len(places) - 1):
        if (hot[:, start:].sum(axis=1) == 1).all():
            return [table.names[place] for place in places[start:]]
    return []


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


def joined(table: Table, name: str, places: list[int], words: list[str], hot: np.ndarray) -> Table:
    """The columns at `places` as one column of these words, "a|b" where a row has several."""
    import pyarrow as pa

    cells = [
        "|".join(word for word, is_set in zip(words, row, strict=True) if is_set) for row in hot.tolist()
    ]
    is_chosen = "|" in name
    # Where there is nothing else to learn from, they are both: the label colors maps and names groups.
    is_all = is_chosen and len(places) == len(table.names)
    left = [i for i in range(len(table.names)) if is_all or i not in places]
    named = f"({', '.join(words[:6])}{', …' if len(words) > 6 else ''})" if is_chosen else f"{name}…"
    note = tr("{count} columns {named} of 0 and 1 (one-hot) were read as one label.").format(
        count=len(places), named=named
    )
    said = [note]
    if is_all:
        said.append(tr("They are also what is learned from, so a classifier would only copy them."))
    if none := cells.count(""):
        message = tr("1 row has none of them.") if none == 1 else tr("{none:,} rows have none of them.")
        said.append(message.format(none=none))
    return Table(
        [*(table.names[i] for i in left), name],
        [*(table.columns[i] for i in left), pa.array(cells, pa.string())],
        table.found,
        [*table.notes, join_sentences(said)],
        table.values,
    )
