"""The first samples of an import before it is made, and what would be left out."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from pages.parts.data.gallery import Group, Picture, png_url, show_gallery
from pages.parts.shared.tables import show_cells, show_values
from pages.parts.shared.workspace import plain
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.data.importing.preview import ImportPreview

MOST_LEFT = 200


def show_first(seen: ImportPreview, *, key: str) -> None:
    """By kind: pictures, players, texts, or the table's rows beside what becomes of them."""
    if "sounds" in seen:
        show_sounds(seen)
    elif "pictures" in seen:
        show_gallery(by_label(seen), key=key)
        st.caption(tr("As the network sees them; click one to enlarge it."))
    elif "texts" in seen:
        show_texts(seen)
    else:
        show_rows(seen)
    show_left_out(seen["left_out"])


def by_label(seen: ImportPreview) -> list[Group]:
    """The pictures of each class together, in the order of the files."""
    groups: dict[str, list[Picture]] = {}
    for label, picture in zip(seen["labels"], pictures_of(seen), strict=True):
        groups.setdefault(label, []).append(picture)
    has_labels = any(groups)
    return [
        {"title": (label or tr("no label")) if has_labels else "", "pictures": pictures}
        for label, pictures in groups.items()
    ]


def pictures_of(seen: ImportPreview) -> list[Picture]:
    found: list[Picture] = []
    for content, name, label in zip(seen["pictures"], seen["names"], seen["labels"], strict=True):
        said = f"{label} · {name}" if label and not name.startswith(f"{label}/") else name
        found.append({"src": png_url(content), "name": said})
    return found


def show_sounds(seen: ImportPreview) -> None:
    for picture, content in zip(pictures_of(seen), seen["sounds"], strict=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.image(picture["src"], width=96, alt=f"Spectrogram, {picture['name']}")
            with st.container(gap="xsmall"):
                st.caption(plain(picture["name"]))
                st.audio(base64.b64decode(content), format="audio/wav")
    st.caption(tr("Cut or padded to the same length, with the spectrogram that the network sees."))


def show_texts(seen: ImportPreview) -> None:
    labels = seen.get("labels") or [""] * len(seen["texts"])
    with st.container(height=300, border=True):
        for number, (text, label) in enumerate(zip(seen["texts"], labels, strict=True)):
            badge = f":gray-badge[{plain(label)}] " if label else ""
            st.caption(badge + tr("row {row}").format(row=number))
            st.text(text)


def show_rows(seen: ImportPreview) -> None:
    values = np.array(seen["made_rows"], np.float64).reshape(len(seen["made_rows"]), -1)
    missing = np.isnan(values)
    before, after = st.columns(2) if "rows" in seen else (None, st.container())
    if before:
        with before:
            st.markdown(tr("**As in the file**"))
            show_cells(seen["columns"], seen["rows"])
    with after:
        st.markdown(tr("**As columns of numbers**"))
        show_values(seen["made_columns"], values, missing)
    said = tr("When a run starts, numbers are scaled to 0–1 by the ranges of its training rows")
    st.caption(
        tr("{said}, and missing values (orange) are filled with the median of their column.").format(
            said=said
        )
        if missing.any()
        else f"{said}."
    )


def show_left_out(left: dict[str, str]) -> None:
    """Files or columns that would be left out, and why."""
    if not left:
        return
    title = (
        tr("Left out: {count:,}").format(count=len(left))
        if len(left) > 1
        else tr("Left out: {next}").format(next=plain(next(iter(left))))
    )
    with st.expander(f":orange[:material/warning:] {title}"):
        st.dataframe(
            [{tr("What"): what, tr("Why"): why} for what, why in list(left.items())[:MOST_LEFT]],
            hide_index=True,
            column_config={tr("Why"): st.column_config.TextColumn(width="large")},
        )
