"""Columns that are really several or one: lists of numbers as vectors, instruction and output as text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.table import Table, check_size, unique_names
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import pyarrow as pa

LIST = r"^\[[^\[\]{}\"]*\]$"
# What is asked, what it is asked about, what is answered.
TALKS = (
    ("instruction", "input", "output"),
    ("instruction", "context", "response"),
    ("prompt", "", "completion"),
    ("prompt", "", "response"),
)
# A heading and what stands below it.
HEADED = (
    ("title", "headline", "heading", "subject", "summary"),
    ("description", "text", "content", "body", "abstract", "article", "review"),
)
LEAST_HEADINGS = 0.5  # of the headings differ: few that recur are a category, as the subject of an article


def widen(name: str, table: Table, config: ImportConfig) -> Table:
    """The table with lists of numbers as columns of their own, and instructions joined with their answers.

    Raises:
        DataError: more columns than a table may have.
    """
    names: list[str] = []
    columns: list[pa.Array] = []
    notes = []
    for column, cells in zip(table.names, table.columns, strict=True):
        is_number = column in table.values
        vectors = None if is_number or column in config.roles else as_vectors(cells)
        if vectors is None:
            names.append(column)
            columns.append(cells if is_number else alone(cells))
            continue
        width = vectors.shape[1]
        check_size(name, len(table), len(table.names) + width)
        names += [f"{column} {i + 1}" for i in range(width)]
        columns += [as_cells(vectors[:, i]) for i in range(width)]
        notes.append(
            tr("{column} holds lists of {width:,} numbers: a column for each.").format(
                column=column, width=width
            )
        )
    names, renamed = unique_names(names)
    values = {} if renamed else table.values
    joined = join_talk(Table(names, columns, table.found, table.notes + notes + renamed, values), config)
    return join_headed(joined, config)


def as_vectors(cells: pa.Array) -> np.ndarray | None:
    """(N, D) of cells as "[1.5, 2]", NaN where a cell is empty; None where they are anything else."""
    import pyarrow.compute as pc

    filled = cells.filter(pc.not_equal(cells, ""))
    if not len(filled) or not filled[0].as_py().startswith("["):
        return None
    if not pc.all(pc.match_substring_regex(filled, LIST)).as_py():
        return None
    rows = []
    try:
        for cell in filled:
            text = cell.as_py()
            row = json.loads(text) if "," in text else [float(v) for v in text[1:-1].split()]  # NumPy's
            rows.append(np.array(row, np.float64))
            if rows[-1].shape != rows[0].shape or rows[-1].ndim != 1:
                return None
    except (ValueError, TypeError, OverflowError):
        return None
    if len(rows[0]) < 2:
        return None
    out = np.full((len(cells), len(rows[0])), np.nan)
    out[np.asarray(pc.not_equal(cells, ""))] = rows
    return out


def as_cells(values: np.ndarray) -> pa.Array:
    """Numbers as the shortest strings that are read as the same number; "" for NaN."""
    import pyarrow as pa

    known = np.isfinite(values)
    return pa.array([repr(v) if k else "" for v, k in zip(values.tolist(), known, strict=True)], pa.string())


def alone(cells: pa.Array) -> pa.Array:
    """Lists of one word each, as ["neg"], without the brackets; all else as it is."""
    import pyarrow as pa
    import pyarrow.compute as pc

    filled = cells.filter(pc.not_equal(cells, ""))
    if not len(filled) or not pc.all(pc.match_substring_regex(filled, r'^\["([^"\\,]*)"\]$')).as_py():
        return cells
    return pc.replace_substring_regex(cells, r'^\["([^"\\,]*)"\]$', r"\1").cast(pa.string())


def join_talk(table: Table, config: ImportConfig) -> Table:
    """Instruction, input and output as one column "text", unless a person chose one of them."""
    lower = {name.lower(): name for name in table.names}
    for asked, about, answer in TALKS:
        found = [lower[part] for part in (asked, about, answer) if part in lower]
        if asked in lower and answer in lower and "text" not in lower and not is_chosen(found, config):
            return join_texts(table, found)
    return table


def join_headed(table: Table, config: ImportConfig) -> Table:
    """A title and the text below it as one column "text", unless a person chose one of them."""
    import pyarrow.compute as pc

    lower = {name.lower(): name for name in table.names}
    heads, bodies = ([lower[word] for word in words if word in lower] for words in HEADED)
    found = [*heads[:1], *bodies[:1]]
    if len(found) < 2 or ("text" in lower and lower["text"] not in found) or is_chosen(found, config):
        return table
    headings = table.columns[table.names.index(heads[0])]
    is_heading = pc.count_distinct(headings).as_py() >= LEAST_HEADINGS * len(headings)
    words = pc.mean(pc.count_substring(table.columns[table.names.index(bodies[0])], " ")).as_py() or 0.0
    return join_texts(table, found) if is_heading and words >= 2 else table


def is_chosen(names: list[str], config: ImportConfig) -> bool:
    return bool({config.text, config.label, *config.roles} & set(names))


def join_texts(table: Table, names: list[str]) -> Table:
    """Several columns as the last one, "text"."""
    import pyarrow.compute as pc

    by_name = dict(zip(table.names, table.columns, strict=True))
    text = by_name[names[0]]
    for part in names[1:]:
        gap = pc.if_else(pc.equal(by_name[part], ""), "", "\n")
        text = pc.binary_join_element_wise(text, gap, by_name[part], "")
    rest = [name for name in table.names if name not in names]
    said = tr("{names} and {names_2} were joined, a line each, as text.").format(
        names=", ".join(names[:-1]), names_2=names[-1]
    )
    return Table(
        [*rest, "text"],
        [*(by_name[name] for name in rest), text],
        table.found,
        [*table.notes, said],
        table.values,
    )
