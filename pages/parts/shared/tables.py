"""Rows of a table as they were read, beside what the network gets of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from pages.parts.shared.workspace import errors_shown, workspace
from selfsup_core.data.dataset import Dataset
from selfsup_core.data.library import own
from selfsup_core.features.config import DataConfig
from selfsup_core.features.seen import TableSeen, see_table
from selfsup_core.runs.folder import open_run
from selfsup_core.runs.spec import read_spec
from selfsup_core.translation import join_sentences, tr
from selfsup_core.wording import ROW, brief

MOST_COLUMNS = 40
HEIGHT = 320
FIRST = 100  # rows, where none are named
SPLIT = {"validation", "test", "split_seed", "leave_out"}  # what decides which rows are learned from
FILLED = "background-color: rgba(230, 159, 0, 0.35)"


@st.cache_data(max_entries=100, show_spinner=False)
def look(
    _dataset: Dataset, name: str, digest: str, split: dict[str, Any], rows: tuple[int, ...] | None
) -> TableSeen:
    """`see_table`, cached by name, digest, split and rows."""
    return see_table(_dataset, DataConfig(source=name, **split), FIRST, rows=rows)


def show_table(
    name: str,
    dataset: Dataset,
    rows: Sequence[int] | None = None,
    *,
    run: str = "",
    has_labels: bool = True,
) -> None:
    """The first rows of a table, or those that are named.

    Args:
        run: by whose split numbers are scaled; without one by that of the data set.
        has_labels: False where the class is to be guessed; it is then left out.
    """
    with errors_shown():
        chosen = None if rows is None else tuple(int(row) for row in rows)
        split = split_of(run) if run else own.read_split(workspace(), name)
        seen = look(dataset, name, dataset.digest, split, chosen)
        if not has_labels:
            seen = seen.without_labels()
        beside: dict[str, list[Any]] = {}
        if rows is not None:
            beside[tr(ROW)] = [int(row) for row in seen.rows]
        if has_labels and dataset.y is not None and not seen.is_file:
            labels = np.asarray(dataset.y)[seen.rows].tolist()
            beside[tr("Label")] = [dataset.classes[label] if label >= 0 else None for label in labels]
        before, after = st.columns(2)
        with before:
            st.markdown(tr("**As uploaded**") if seen.is_file else tr("**As in the data set**"))
            show_cells(seen.read_columns, seen.read, beside)
        with after:
            st.markdown(tr("**As the network sees it**"))
            show_values(list(seen.columns), seen.values, seen.filled)
        st.caption(describe(seen))


def split_of(run: str) -> dict[str, Any]:
    """Which rows a run trained on, as settings of its data."""
    return read_spec(open_run(workspace(), run).spec).data.model_dump(include=SPLIT)


def describe(seen: TableSeen) -> str:
    """What the two tables mean, in a line or two."""
    said = [
        tr(
            "Numbers are scaled to 0–1 by each column's range over the training rows; a category becomes "
            "one column per value."
        )
        if any("=" in column for column in seen.columns)
        else tr("Numbers are scaled to 0–1 by each column's range over the training rows.")
    ]
    if missing := int(seen.filled.sum()):
        filled = (
            tr("1 cell is missing here (orange) and filled with the median of the training rows.")
            if missing == 1
            else tr(
                "{missing:,} cells are missing here (orange) and filled with the median of the training rows."
            )
        )
        said.append(filled.format(missing=missing))
    if max(len(seen.columns), len(seen.read_columns)) > MOST_COLUMNS:
        said.append(tr("The first {most_columns} columns are shown.").format(most_columns=MOST_COLUMNS))
    return join_sentences(said)


def show_cells(names: list[str], rows: list[list[str]], beside: dict[str, list[Any]] | None = None) -> None:
    """Cells as text; an empty one is shown as None.

    Args:
        beside: columns that stand before them.
    """
    columns: dict[str, list[Any]] = dict(beside or {})
    for place, name in enumerate(names[:MOST_COLUMNS]):
        # A column of the file may be called as one that stands before it.
        columns[name if name not in columns else f"{name} "] = [row[place] or None for row in rows]
    narrow = {tr(ROW): st.column_config.NumberColumn(width=90)} if beside and tr(ROW) in beside else None
    st.dataframe(columns, hide_index=True, height=min(HEIGHT, 38 + 35 * len(rows)), column_config=narrow)


def show_values(names: list[str], values: np.ndarray, filled: np.ndarray) -> None:
    """Numbers in [0, 1]; those that were filled in are marked."""
    import pandas as pd

    frame = pd.DataFrame(np.round(values[:, :MOST_COLUMNS], 3), columns=names[:MOST_COLUMNS])
    marks = pd.DataFrame(
        np.where(filled[:, :MOST_COLUMNS], FILLED, ""), columns=frame.columns, index=frame.index
    )
    shown = frame.style.apply(lambda _: marks, axis=None).format(brief)
    st.dataframe(shown, hide_index=True, height=min(HEIGHT, 38 + 35 * len(frame)))
