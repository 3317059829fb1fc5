"""Names and groups of samples, for sets whose pictures or sounds have some: emoji, files of one's own,
voices.
"""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.parts.shared.samples import picture_url
from selfsup_core.data.dataset import Dataset
from selfsup_core.data.texts import Texts
from selfsup_core.translation import tr

MOST = 100


def show_names(dataset: Dataset) -> None:
    """A table of the first rows, with pictures; nothing where rows have no names."""
    columns = {name: texts for name, texts in dataset.extra.items() if isinstance(texts, Texts)}
    if not columns or dataset.kind not in ("image", "sound"):
        return
    labels = dataset.label_names()
    rows = [
        {"Picture": picture_url(np.asarray(dataset.x[i], np.float32) * dataset.scale), "Class": labels[i]}
        | {name.capitalize(): texts[i] for name, texts in columns.items()}
        for i in range(min(MOST, len(dataset)))
    ]
    with st.expander(
        tr("The first {count} with their {columns}").format(count=len(rows), columns=" and ".join(columns))
    ):
        st.dataframe(
            rows,
            width="stretch",
            height=320,
            hide_index=True,
            column_config={"Picture": st.column_config.ImageColumn(width="small")},
        )
