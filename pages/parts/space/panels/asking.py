"""How the panels ask the map, and cards of the rows that it names."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from pages.parts.shared.workspace import plain
from pages.parts.space.ask import MapAsked, Told, ask
from selfsup_core.figures.standing import picture_sheet
from selfsup_core.inspection.space.asked import Card
from selfsup_core.inspection.space.layouts import MapAndJob
from selfsup_core.translation import tr
from selfsup_core.wording import brief, percent

SHOWN_TEXT = 220


def frame_of(about: MapAndJob) -> int | None:
    """The epoch at which the map is looked at just now."""
    kept = st.session_state.get("space-frame")
    return kept[1] if kept and kept[0] == about["key"] and kept[1] in about["done"] else None


def question(
    asked: MapAsked, about: MapAndJob, tool: str, **values: Any
) -> tuple[Told, dict[str, np.ndarray]]:
    return ask(asked["space"], tool, key=about["key"], epoch=frame_of(about), **values)


def show_cards(cards: list[Card], asked: MapAsked, about: MapAndJob) -> None:
    """Pictures side by side, else a line each."""
    if not cards:
        return
    if asked["data"] in ("image", "sound"):
        _, arrays = question(asked, about, "pictures", places=[c["place"] for c in cards])
        if "pictures" in arrays:
            sheet = picture_sheet(
                arrays["pictures"].reshape(len(cards), -1), arrays["pictures"].shape[1:], columns=len(cards)
            )
            st.image(sheet, width=min(80 * len(cards), 320), clamp=True, alt=tr("Samples"))
        st.caption(", ".join(f"{plain(c['label']) or 'no label'} (row {c['row']})" for c in cards))
        return
    for card in cards:
        name = f"**{plain(card['label'])}** · " if card["label"] else ""
        far = f" · distance {brief(card['distance'])}" if "distance" in card else ""
        st.markdown(
            tr("{name}{text} :small[row {row}{far}]").format(
                name=name, text=plain(card["text"][:SHOWN_TEXT]), row=card["row"], far=far
            )
        )


def mix(labels: dict[str, int]) -> str:
    """ "seven 92%, one 8%"."""
    total = sum(labels.values())
    if not total:
        return ""
    largest = sorted(labels.items(), key=lambda item: -item[1])[:4]
    return ", ".join(f"{plain(name)} {percent(count / total)}" for name, count in largest) + (
        ", …" if len(labels) > 4 else ""
    )
