"""What the page's parts share: questions to the process for maps, and wishes to the map in the browser."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import streamlit as st
from streamlit.errors import StreamlitAPIException

from pages.parts.shared.workspace import workspace
from pages.parts.space import routes as routes_space
from selfsup_core.inspection.space.layouts import read_rows
from selfsup_core.inspection.space.selections import pack_rows, unpack_rows
from selfsup_core.inspection.subject import Subject


def ask(space: str, tool: str, **values: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """(plain values, arrays). Raises StudioError."""
    answer = routes_space.client().ask(Subject("space", space), tool, values)
    return dict(answer.about), answer.arrays


def wish(key: str, **values: Any) -> None:
    """Have the map in the browser do something at its next look: bits, marks, by, focus."""
    before = st.session_state.get("space-wish") or {}
    kept = before if before.get("key") == key else {}
    kept = {name: kept.get(name) for name in ("marks",)} if "bits" in values else dict(kept)
    st.session_state["space-wish"] = kept | values | {"key": key, "stamp": round(time.time() * 1000)}
    if "bits" in values:
        remember(key, values["bits"])


def remember(key: str, bits: str) -> None:
    """The selection as rows of the data, so that it means the same on the next map."""
    places = unpack_rows(bits) if bits else np.zeros(0, int)
    rows = read_rows(workspace(), key)
    st.session_state["space-selection"] = {"key": key, "bits": bits, "rows": rows[places[places < len(rows)]]}


def selected(key: str) -> str:
    """Bits of what is selected on this map; "" for nothing."""
    kept = st.session_state.get("space-selection") or {}
    return kept.get("bits", "") if kept.get("key") == key else ""


def is_same(one: str, other: str) -> bool:
    """Whether two strings of bits choose the same places; a browser writes zeros behind the last one."""
    return np.array_equal(*(unpack_rows(bits) if bits else np.zeros(0, int) for bits in (one, other)))


def carry_over(key: str, source: str) -> None:
    """Take a selection of another map over the same data along to this one."""
    kept = st.session_state.get("space-selection")
    was = st.session_state.get("space-source")
    st.session_state["space-source"] = source
    if not kept or kept["key"] == key:
        return
    if was != source:
        st.session_state["space-selection"] = None
        return
    places = np.flatnonzero(np.isin(read_rows(workspace(), key), kept["rows"]))
    wish(key, bits=pack_rows(places) if len(places) else "")


def again() -> None:
    """Run the map and its panels once more; the whole page where it is the whole page that runs."""
    try:
        st.rerun(scope="fragment")
    except StreamlitAPIException:
        st.rerun()
