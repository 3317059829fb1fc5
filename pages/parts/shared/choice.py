"""Selectboxes of things that people have named: kept by id, with distinct labels, set by the address.

Streamlit tells the options of a selectbox apart by what is shown: of two with one label it always takes the last, and a choice
whose label has changed since (renamed by someone else) is lost. So labels are made to differ, and a choice is kept by its id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from pages.parts.shared.workspace import plain


def tell_apart(labels: Mapping[str, str]) -> dict[str, str]:
    """id → label, where those that look alike are followed by their id."""
    looks = Counter(look(label) for label in labels.values())
    shown: dict[str, str] = {}
    taken: set[str] = set()
    for name, label in labels.items():
        made = label if looks[look(label)] == 1 else f"{label} · {name}"
        while look(made) in taken:  # someone has called another one exactly so
            made += f" · {name}"
        taken.add(look(made))
        shown[name] = made
    return shown


def look(label: str) -> str:
    return " ".join(label.split()).casefold()


def choose_asked(
    place: Any,
    title: str,
    labels: Mapping[str, str],
    *,
    key: str,
    param: str,
    default: str,
    refusal: Callable[[str], str],
    wanted: str = "",
    **rest: Any,
) -> str | None:
    """Like `choose_one`, where the address may name the choice: it is shown or refused, never replaced.

    When something else is chosen by hand, the address changes along.

    Args:
        param: of the address. wanted: asked for by the page itself instead.
        refusal: id that is not among `labels` → why not, as a sentence.

    Returns: the id; None while what is asked for is refused and nothing else is chosen.
    """
    asked, mark = wanted or st.query_params.get(param, ""), f"{key}-taken"
    # A page that was left forgets its choices, and its address still has them.
    if asked and (st.session_state.get(mark) != asked or key not in st.session_state):
        st.session_state[mark] = asked
        st.session_state[key] = asked if asked in labels else None
    elif asked in labels and st.session_state.get(key) is None:
        st.session_state[key] = asked  # it was refused before, and is there now
    is_refused = bool(asked) and asked not in labels and st.session_state.get(key) is None
    if is_refused:
        st.error(plain(refusal(asked)), icon=":material/error:")
        rest |= {"index": None, "placeholder": "Choose another one"}
    elif st.session_state.get(key) not in labels:
        st.session_state[key] = default if default in labels else next(iter(labels))
    chosen = choose_one(place, title, labels, key=key, **rest)
    if chosen is not None and param in st.query_params and st.query_params[param] != chosen:
        st.query_params[param] = st.session_state[mark] = chosen
    return None if chosen is None else str(chosen)


def choose_one(place: Any, title: str, labels: Mapping[str, str], *, key: str, **rest: Any) -> Any:
    """A selectbox of `labels` (id → what it is called) in `place`; the id that is chosen, which is also what `key` holds.

    Args:
        rest: of `selectbox`; what is not an id there (a new option) is shown as it is.
    """
    shown = tell_apart(labels)
    kept, remembered = st.session_state.get(key), f"{key} is called"
    if kept in shown and st.session_state.get(remembered, shown[kept]) != shown[kept]:
        st.session_state[key] = kept  # makes the browser show the new label
        rest.pop("index", None)
    chosen = place.selectbox(
        title, list(shown), key=key, format_func=lambda name: shown.get(name, str(name)), **rest
    )
    if chosen in shown:
        st.session_state[remembered] = shown[chosen]
    return chosen
