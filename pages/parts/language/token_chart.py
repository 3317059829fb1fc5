"""A figure with a name for each token."""

from __future__ import annotations

from typing import Any

import streamlit as st

from selfsup_core.figures.tokens import width_of

BARS = {"displayModeBar": False}


def token_chart(figure: Any, pieces: list[str], *, key: str) -> None:
    """Show it; it scrolls sideways where the tokens' names need more room than there is."""
    st.html(
        f"<style>.st-key-{key} {{ overflow-x: auto; }} "
        f".st-key-{key} .stPlotlyChart {{ min-width: {width_of(pieces)}px; }}</style>"
    )
    st.plotly_chart(figure, key=key, config=BARS)
