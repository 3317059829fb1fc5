"""A table as it was read, beside what the network gets of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from pages.parts.shared.workspace import errors_shown, workspace
from selfsup_core.data.dataset import Dataset
from selfsup_core.data.library import own
from selfsup_core.features.config import DataConfig
from selfsup_core.features.seen import TableSeen, see_table

MOST_COLUMNS = 40
HEIGHT = 320
FILLED = "background-color: rgba(230, 159, 0, 0.35)"


@st.cache_data(max_entries=20, show_spinner="Looking at the rows …")
def look(_dataset: Dataset, name: str, digest: str, split: dict[str, Any]) -> TableSeen:
    """As `see_table`; the name, the digest and the split tell one question from another."""
    return see_table(_dataset, DataConfig(source=name, **split))


def show_table(name: str, dataset: Dataset) -> None:
    with errors_shown():
        seen = look(dataset, name, dataset.digest, own.read_split(workspace(), name))
        labels = dataset.label_names() if dataset.y is not None and not seen.is_file else None
        before, after = st.columns(2)
        with before:
            st.markdown("**As uploaded**" if seen.is_file else "**As in the data set**")
            show_cells(seen.read_columns, seen.read, labels)
        with after:
            st.markdown("**As the network sees it**")
            show_values(list(seen.columns), seen.values, seen.filled)
        st.caption(describe(seen))


def describe(seen: TableSeen) -> str:
    """What the two tables mean, in a line or two."""
    said = "Numbers are scaled to 0–1 by each column's range over the training rows"
    if any("=" in column for column in seen.columns):
        said += "; a category becomes one column per value"
    said += "."
    if missing := int(seen.filled.sum()):
        cells = "1 cell is" if missing == 1 else f"{missing:,} cells are"
        said += f" {cells} missing here (orange) and filled with the median of the training rows."
    if max(len(seen.columns), len(seen.read_columns)) > MOST_COLUMNS:
        said += f" The first {MOST_COLUMNS} columns are shown."
    return said


def show_cells(names: list[str], rows: list[list[str]], labels: list[str] | None = None) -> None:
    """Cells as text; an empty one is shown as None."""
    columns: dict[str, list[str | None]] = {} if labels is None else {"Label": list(labels[: len(rows)])}
    for place, name in enumerate(names[:MOST_COLUMNS]):
        columns[name] = [row[place] or None for row in rows]
    st.dataframe(columns, hide_index=True, height=min(HEIGHT, 38 + 35 * len(rows)))


def show_values(names: list[str], values: np.ndarray, filled: np.ndarray) -> None:
    """Numbers in [0, 1]; those that were filled in are marked."""
    import pandas as pd

    frame = pd.DataFrame(np.round(values[:, :MOST_COLUMNS], 3), columns=names[:MOST_COLUMNS])
    marks = pd.DataFrame(
        np.where(filled[:, :MOST_COLUMNS], FILLED, ""), columns=frame.columns, index=frame.index
    )
    shown = frame.style.apply(lambda _: marks, axis=None).format("{:.3g}")
    st.dataframe(shown, hide_index=True, height=min(HEIGHT, 38 + 35 * len(frame)))
