"""Pictures by class, at least 96 pixels wide; a click enlarges one."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
import streamlit as st

from pages.parts.shared import routes
from pages.parts.shared.live import assets_path, component
from pages.parts.shared.samples import picture_url
from pages.parts.shared.workspace import plain
from selfsup_core.data.dataset import Dataset
from selfsup_core.data.texts import Texts
from selfsup_core.translation import tr

SIZE = 96  # pixels


class Picture(TypedDict):
    """src: a data address. name: caption of the enlarged picture."""

    src: str
    name: str


class Group(TypedDict):
    """title: of a class, or "" where there are none."""

    title: str
    pictures: list[Picture]


gallery = component("selfsup_gallery", "data/gallery.js")


def show_gallery(groups: list[Group], *, key: str) -> None:
    """Show pictures with our own component, which can enlarge them; without its routes, with st.image."""
    if routes.is_mounted and not st.session_state.get("gallery-failed"):
        result = gallery(
            key=key, data={"assets": assets_path(), "groups": groups}, on_failed_change=lambda: None
        )
        if result.failed:
            st.session_state["gallery-failed"] = result.failed
        return
    for group in groups:
        if group["title"]:
            st.caption(plain(group["title"]))
        st.image(
            [picture["src"] for picture in group["pictures"]],
            width=SIZE,
            alt=[picture["name"] for picture in group["pictures"]],
        )


def pictures_of(dataset: Dataset, rows: np.ndarray) -> list[Picture]:
    """Of these rows of images or spectrograms, called by class, name and row."""
    names, labels = dataset.extra.get("names"), dataset.y
    found: list[Picture] = []
    for row in rows.tolist():
        parts = [tr("row {row}").format(row=row)]
        if isinstance(names, Texts) and names[row]:
            parts.insert(0, names[row])
        if labels is not None:
            parts.insert(0, dataset.classes[labels[row]] if labels[row] >= 0 else tr("no label"))
        src = picture_url(np.asarray(dataset.x[row], np.float32) * dataset.scale)
        found.append({"src": src, "name": " · ".join(parts)})
    return found


def png_url(content: str) -> str:
    """content: a PNG in base64."""
    return f"data:image/png;base64,{content}"
