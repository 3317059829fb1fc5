"""Choosing one of several things that people have named: by id, whatever it is called.

Streamlit tells the options of a selectbox apart by what is shown: of two with one label it always takes the last, and a choice
whose label has changed since (renamed by somebody else) is lost. So labels are made to differ, and a choice is kept by its id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import streamlit as st


def tell_apart(labels: Mapping[str, str]) -> dict[str, str]:
    """id → label, where those that look alike are followed by their id."""
    looks = Counter(look(label) for label in labels.values())
    shown: dict[str, str] = {}
    taken: set[str] = set()
    for name, label in labels.items():
        made = label if looks[look(label)] == 1 else f"{label} · {name}"
        while look(made) in taken:  # somebody has called another one exactly so
            made += f" · {name}"
        taken.add(look(made))
        shown[name] = made
    return shown


def look(label: str) -> str:
    return " ".join(label.split()).casefold()


def choose_one(place: Any, title: str, labels: Mapping[str, str], *, key: str, **rest: Any) -> Any:
    """A selectbox of `labels` (id → what it is called) in `place`; the id that is chosen, which is also what `key` holds.

    Args:
        rest: of `selectbox`; what is no id there (a new option) is shown as it is.
    """
    shown = tell_apart(labels)
    kept, remembered = st.session_state.get(key), f"{key} is called"
    if kept in shown and st.session_state.get(remembered, shown[kept]) != shown[kept]:
        st.session_state[key] = kept  # has the browser learn the new label
        rest.pop("index", None)
    chosen = place.selectbox(
        title, list(shown), key=key, format_func=lambda name: shown.get(name, str(name)), **rest
    )
    if chosen in shown:
        st.session_state[remembered] = shown[chosen]
    return chosen
