"""Pictures of assets/home, drawn from real runs: what a part of the app does, at a glance."""

from __future__ import annotations

import base64

import streamlit as st

from selfsup_core.places import ASSETS
from selfsup_core.translation import tr_later

VIEWS_ALT = tr_later("Emoji in a row, and below each of them two random views: cropped, turned, recolored.")


@st.cache_data(show_spinner=False)
def picture_of(name: str, alt: str) -> str:
    """An animated picture and a still one for people who prefer reduced motion, as one HTML element."""

    def address(file: str) -> str:
        return "data:image/webp;base64," + base64.b64encode((ASSETS / "home" / file).read_bytes()).decode()

    moving = f"{name}.webp" if (ASSETS / "home" / f"{name}.webp").is_file() else f"{name}-still.webp"
    return (
        f'<picture><source media="(prefers-reduced-motion: reduce)" srcset="{address(f"{name}-still.webp")}">'
        f'<img src="{address(moving)}" alt="{alt}" width="480" height="270" '
        'style="width:100%;height:auto;aspect-ratio:16/9;display:block"></picture>'
    )
