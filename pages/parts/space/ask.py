"""Shared by the page's parts: questions to the process for maps, and commands to the map in the browser."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TypedDict

import numpy as np
import streamlit as st
from streamlit.errors import StreamlitAPIException

from pages.parts.shared.go import rerun
from pages.parts.shared.workspace import workspace
from pages.parts.space import routes as routes_space
from selfsup_core.errors import DataError, StudioError
from selfsup_core.inspection.space.layouts import read_rows
from selfsup_core.inspection.space.selections import pack_rows, unpack_rows
from selfsup_core.inspection.subject import Subject
from selfsup_core.translation import tr

# Asked by an open panel rather than by a click: after Cancel they must not restart by themselves.
UNASKED = ("trust", "compare", "why", "color")
SLOW = (*UNASKED, "clusters", "search", "export", "html")
POLL = 1.0  # seconds


class MapAsked(TypedDict):
    """The map that is shown, and what it was asked for with.

    Attributes:
        epochs: that it is made for. source, data, rows: data set, its kind and number of rows.
        config: settings of the map. mark: another one is another map.
    """

    key: str
    status: str
    epochs: list[int]
    space: str
    title: str
    source: str
    config: dict[str, object]
    mark: str
    data: str
    rows: int


Told = dict[str, Any]  # plain values of an answer; each question has its own


def ask(space: str, tool: str, **values: Any) -> tuple[Told, dict[str, np.ndarray]]:
    """(plain values, arrays); what takes longer than a second shows for how long, and can be cancelled.
    Raises StudioError.
    """
    if tool in SLOW:
        return ask_patiently(space, tool, values)
    answer = routes_space.client().ask(Subject("space", space), tool, values)
    return dict(answer.about), answer.arrays


def ask_patiently(space: str, tool: str, values: Mapping[str, object]) -> tuple[Told, dict[str, np.ndarray]]:
    client, subject = routes_space.client(), Subject("space", space)
    mark = json.dumps([space, tool, values], sort_keys=True)
    if tool in UNASKED and st.session_state.get("space-given-up") == mark:
        st.button(
            tr("Ask again"),
            key=f"space-again-{tool}",
            icon=":material/refresh:",
            on_click=forget_cancel,
            help=tr("Compute it now."),
        )
        raise DataError(tr("This was cancelled."), code="cancelled")
    work = client.ask(subject, "begin", {"tool": tool, "values": values}).about["work"]
    place = st.empty()
    line = None
    try:
        while True:
            answer = client.ask(subject, "fetch", {"work": work, "wait": POLL})
            if "working" not in answer.about:
                place.empty()
                return dict(answer.about), answer.arrays
            if line is None:
                with place.container(horizontal=True, vertical_alignment="center"):
                    line = st.empty()
                    st.button(
                        tr("Cancel"),
                        key=f"space-give-up-{work}",
                        on_click=give_up,
                        args=(mark,),
                        help=tr("Skip the answer. Any other click does the same."),
                    )
            # Here a click anywhere ends this run of the script.
            line.caption(tr("Computing for {working:.0f} s.").format(working=answer.about["working"]))
    finally:
        with suppress(StudioError):
            client.ask(subject, "drop", {"work": work})


def give_up(mark: str) -> None:
    st.session_state["space-given-up"] = mark


def forget_cancel() -> None:
    st.session_state.pop("space-given-up", None)


def wish(key: str, **values: Any) -> None:
    """Send a command to the map in the browser, which takes it at its next update: bits, marks, by, focus."""
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
        rerun(scope="fragment")
    except StreamlitAPIException:
        rerun()
