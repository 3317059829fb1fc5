"""Of a scenario's run: the epoch at which one's own input is tried."""

from __future__ import annotations

import streamlit as st

from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.thinned import list_frames
from selfsup_core.translation import tr


def choose_epoch(folder: RunFolder, key: str) -> int | None:
    """One of the epochs whose weights are kept, the newest at first; None where there is one at most."""
    epochs = list_frames(folder.weights)
    if len(epochs) < 2:
        return epochs[0] if epochs else None
    # By its length it is another one while epochs come, and begins at the newest.
    return st.select_slider(
        tr("Epoch"),
        epochs,
        epochs[-1],
        key=f"{key}-{folder.id}-{len(epochs)}",
        help=tr("The network as it was after this epoch; the newest is at the right end."),
    )
