"""What a network will see, before there is a run to look at."""

from __future__ import annotations

import base64
import io

import numpy as np
import streamlit as st

from pages.parts.shared.tables import show_table
from pages.parts.shared.workspace import errors_shown, plain, workspace
from selfsup_core.data.sources import OWN_NAME, find_source, open_source
from selfsup_core.features.corpus import is_running_text
from selfsup_core.figures.standing import sample_sheet
from selfsup_core.translation import tr


def show_samples(source: str) -> None:
    """What the network will see: images, or rows, spread over the whole set, since files often come class by
    class.
    """
    if find_source(source, workspace()).missing():
        return
    with errors_shown():
        dataset = open_source(source, workspace())
        if dataset.kind in ("image", "sound"):
            st.image(
                sample_sheet(dataset.x[spread(len(dataset), 96)], dataset.scale),
                width="stretch",
                clamp=True,
                alt=tr("Samples of {title}").format(title=dataset.title),
            )
            st.caption(
                tr("Some of the {count:,} {value} of {title}.").format(
                    count=len(dataset),
                    value="images" if dataset.kind == "image" else "spectrograms",
                    title=plain(dataset.title),
                )
            )
        elif dataset.kind == "text":
            rows = [{"Text": " ".join(dataset.x[int(i)][:300].split())} for i in spread(len(dataset), 6)]
            st.dataframe(rows, hide_index=True)
            parts = "lines" if is_running_text(dataset, "auto")[0] else "texts"
            if parts == "texts" and OWN_NAME.fullmatch(source) and dataset.y is None:
                parts = "passages"  # of one text, or of several; the plan of the import said which
            st.caption(
                tr("Some of the {count:,} {parts} of {title}.").format(
                    count=len(dataset), parts=parts, title=plain(dataset.title)
                )
            )
        else:
            show_table(source, dataset, spread(len(dataset), 8).tolist())
            st.caption(
                tr("Some of the {count:,} rows of {title}.").format(
                    count=len(dataset), title=plain(dataset.title)
                )
            )


def spread(size: int, most: int) -> np.ndarray:
    """Up to `most` places of `size`, evenly spread, in order."""
    return np.unique(np.linspace(0, size - 1, min(size, most)).astype(int))


def picture_url(values: np.ndarray) -> str:
    """(H, W[, 3]) in [0, 1] → a PNG that stands in its own address."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8)).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
