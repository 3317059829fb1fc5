"""A formula whose symbols open to the numbers of the run on the screen."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import routes
from pages.parts.shared.assets import assets_path
from pages.parts.shared.epochs import PARAM as EPOCH
from pages.parts.shared.live import component
from pages.parts.shared.workspace import workspace
from selfsup_core.lessons.evidence import see_maps
from selfsup_core.lessons.model import Formula
from selfsup_core.lessons.symbols import Live, live_numbers, map_numbers, words_only
from selfsup_core.runs.folder import find_run
from selfsup_core.settings import whole_number

formula_component = component("selfsup_lesson_formula", "lessons/formula.js")


def show_formula(part: Formula, key: str, maps: tuple[str, ...] = ()) -> None:
    """Args: maps: keys of those on the screen."""
    live = numbers_now(part, maps)
    if routes.is_mounted and not st.session_state.get("formula-failed"):
        data = {
            "assets": assets_path(),
            "pieces": part.pieces(),
            "values": {name: symbol.value for name, symbol in part.symbols.items()},
            "live": live,
        }
        result = formula_component(key=key, data=data, on_failed_change=lambda: None)
        if result.failed:
            st.session_state["formula-failed"] = result.failed
        return
    st.markdown("".join(f"*{piece}*" if kind == "symbol" else piece for kind, piece in part.pieces()))
    for name, symbol in part.symbols.items():
        st.caption(f"{name}: {symbol.called}")


def numbers_now(part: Formula, maps: tuple[str, ...] = ()) -> Live:
    """Of the run and epoch in the address, or of the map on the screen."""
    if any(symbol.map for symbol in part.symbols.values()):
        seen = see_maps(workspace(), maps[:1])
        return map_numbers(seen[0] if seen else None, part)
    folder = find_run(workspace(), st.query_params.get("run", ""))
    if folder is None:
        return {"run": "", "epoch": None, "labels": [], "symbols": words_only(part)}
    return live_numbers(folder, part, whole_number(st.query_params.get(EPOCH, "")))
