"""What a network will see, before there is a run to look at."""

from __future__ import annotations

import base64
import io

import numpy as np
import streamlit as st

from pages.parts.shared.workspace import errors_shown, workspace
from selfsup_core.data.sources import find_source, open_source
from selfsup_core.figures.standing import sample_sheet


def show_samples(source: str) -> None:
    """What the network will see: the first images, or rows."""
    if find_source(source, workspace()).missing():
        return
    with errors_shown():
        dataset = open_source(source, workspace())
        if dataset.kind in ("image", "sound"):
            st.image(
                sample_sheet(dataset.x, dataset.scale),
                width="stretch",
                clamp=True,
                alt=f"Samples of {dataset.title}",
            )
            st.caption(
                f"The first {'images' if dataset.kind == 'image' else 'spectrograms'} of {dataset.title}: "
                f"{len(dataset):,} in all."
            )
        elif dataset.kind == "text":
            st.dataframe([{"text": dataset.x[i][:300]} for i in range(min(6, len(dataset)))])
            st.caption(f"The first texts of {dataset.title}: {len(dataset):,} in all.")
        else:
            columns = list(dataset.columns)
            st.dataframe([dict(zip(columns, row, strict=True)) for row in dataset.x[:8].tolist()])
            st.caption(f"The first rows of {dataset.title}: {len(dataset):,} in all.")


def picture_url(values: np.ndarray) -> str:
    """(H, W[, 3]) in [0, 1] → a PNG that stands in its own address."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8)).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
