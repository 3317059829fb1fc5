"""Static figures of one epoch, where the live view is not there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import streamlit as st

from selfsup_core.figures.standing import confused_rows, matrix_rows, tile_sheet
from selfsup_core.runs.frames import read_about
from selfsup_core.translation import tr


def show_middle(frame: dict[str, Any], static: dict[str, Any], about: dict[str, str], path: Path) -> None:
    """What a task has to show beside loss and map: reconstructions, what is confused, or what was written."""
    if "reconstructions" in frame:
        st.markdown("**Reconstructions**")
        # Read from the run itself: its data set may have been deleted since.
        shape = tuple(json.loads(about["item_shape"]))
        sheet = tile_sheet(static["inputs"], frame["reconstructions"], shape)
        st.image(sheet, width="stretch", caption=tr("Input, output, difference"), alt=tr("Reconstructions"))
    elif "confusion" in frame:
        st.markdown(tr("**Confusion matrix** (validation rows; rows: true class, columns: predicted class)"))
        st.dataframe(matrix_rows(json.loads(about["classes"]), frame["confusion"]), hide_index=True)
    elif "confusion_sums" in frame:
        st.markdown(tr("**Confusion** (validation rows; the classes that are most often confused)"))
        if rows := confused_rows(json.loads(about["classes"]), frame["confusion_sums"]):
            st.dataframe(rows, hide_index=True)
        else:
            st.markdown(tr("Every validation row is predicted correctly."))
    else:
        st.markdown("**Writing**")
        words = read_about(path)
        st.text(json.loads(words["written"])[:400] if words.get("written") else "–")
