"""Rows found by text, label, number, or likeness to a new sample."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import streamlit as st

from pages.parts.shared.uploader import copy_to, uploader
from pages.parts.space.ask import MapAsked, Told, again, wish
from pages.parts.space.panels.asking import question, show_cards
from selfsup_core.inspection.space.layouts import MapAndJob
from selfsup_core.translation import tr, tr_later

WAYS = {
    "contains": tr_later("Text contains"),
    "label": tr_later("Label"),
    "row": tr_later("Row numbers"),
    "nearest": tr_later("Most like this"),
}


def show_search(asked: MapAsked, about: MapAndJob, bits: str, source: str) -> None:
    can = can_encode(asked)
    ways = [w for w in WAYS if w != "nearest" or can]
    if asked["data"] in ("image", "sound"):
        ways.remove("contains")
    if st.session_state.get("space-way") not in ways:
        st.session_state["space-way"] = "nearest" if asked["data"] == "text" and can else "label"
    how = st.segmented_control(tr("Search by"), ways, key="space-way", format_func=WAYS.get, required=True)
    text, file = "", None
    if how == "nearest" and asked["data"] != "text":
        given = uploader(
            tr("A file to place on the map"),
            FILES[asked["data"]],
            key="space-file",
            help=tr("It is placed on the map by the same steps and the same network."),
        )
        file = given[0] if given else None
    else:
        text = st.text_input(
            tr("Search for"),
            key=f"space-text-{how}",
            placeholder=PLACEHOLDERS[how or "label"],
            max_chars=2000,
        )
    if not text.strip() and file is None:
        return
    said = search(asked, about, how or "label", text, file)
    st.markdown(tr("**{count:,} found.**").format(count=said["count"]))
    show_cards(said["first"][: 4 if file else 8], asked, about)
    mark = (about["key"], how, text, getattr(file, "file_id", ""))
    if st.session_state.get("space-searched") != mark:
        st.session_state["space-searched"] = mark
        marks = [{"x": said["point"][0], "y": said["point"][1], "text": "here"}] if said.get("point") else []
        wish(about["key"], bits=said["bits"], marks=marks)
        again()
    if said.get("point"):
        st.caption(
            tr("The cross marks its place on the map; its nearest neighbors in the space are selected.")
        )


PLACEHOLDERS = {
    "contains": tr_later("part of a text"),
    "label": tr_later("name of a class"),
    "row": "3, 10-20",
    "nearest": tr_later("a rocket that flies to the moon"),
}


FILES = {"image": ["png", "jpg", "jpeg", "webp", "bmp"], "sound": ["wav"], "table": ["csv"]}


def can_encode(asked: MapAsked) -> bool:
    return asked["data"] in ("text", "image", "sound", "table") and bool(asked["source"])


def search(asked: MapAsked, about: MapAndJob, how: str, text: str, file: Any) -> Told:
    if file is None:
        return question(asked, about, "search", how=how, text=text)[0]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"sample{Path(file.name).suffix.lower()}"
        copy_to(file, path)
        return question(asked, about, "search", how=how, text=str(path), count=10)[0]
