"""Selectboxes of things that people have named: kept by id, with distinct labels, set by the address.

Streamlit tells the options of a selectbox apart by what is shown: of two with one label it always takes the
last, and a choice whose label has changed since (renamed by someone else) is lost. So labels are made to
differ, and a choice is kept by its id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any

import streamlit as st

from pages.parts.shared.address import whole_address
from pages.parts.shared.go import link_here
from pages.parts.shared.workspace import plain
from selfsup_core.pretrained.hub import HUB
from selfsup_core.translation import tr, tr_later

MOST_SAID = 80  # characters of what an address asks for


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
    writes: bool = False,
    unwritten: Collection[str] = (),
    drops: Collection[str] = (),
    **rest: Any,
) -> str | None:
    """Like `choose_one`, where the address may name the choice: it is shown or refused, never replaced.

    When something else is chosen by hand, the address changes along.

    Args:
        param: of the address. wanted: asked for by the page itself instead.
        refusal: id that is not among `labels` → why not, as a sentence.
        writes: whether the address names what is chosen from the beginning, and not only once it has named
        something.
        drops: what else the address says of the choice, and not of another one.
        unwritten: options that are no ids, such as one for which something is typed; the caller sees to the
        address.

    Returns: the id; None while what is asked for is refused and nothing else is chosen.
    """
    asked = wanted or st.query_params.get(param, "")
    is_refused = not take_asked(asked, key=key, known=labels)
    if is_refused:
        st.error(plain(refusal(shorten(asked))), icon=":material/error:")
        rest |= {"index": None, "placeholder": tr("Choose another one")}
    elif st.session_state.get(key) not in labels:
        st.session_state[key] = default if default in labels else next(iter(labels))
    chosen = choose_one(place, title, labels, key=key, **rest)
    if is_refused and chosen is None and default in labels:
        st.button(
            tr("Go on with {labels}").format(labels=labels[default]),
            key=f"{key}-go-on",
            icon=":material/arrow_forward:",
            on_click=take,
            args=(key, default),
        )
    if chosen is not None and st.query_params.get(param, chosen) != chosen:
        for name in drops:
            st.query_params.pop(name, None)
    if chosen is not None and chosen not in unwritten and (writes or param in st.query_params):
        write_asked(chosen, key=key, param=param)
    return None if chosen is None else str(chosen)


def take_typed(param: str, *, key: str, option: str, field: str) -> None:
    """Choose the option for which something is typed, where the address has a path: it is then in the field.

    Args:
        key: of the selectbox. field: key of the text field.
    """
    asked = st.query_params.get(param, "")
    if not is_path(asked) or (st.session_state.get(f"{key}-taken") == asked and key in st.session_state):
        return
    st.session_state[f"{key}-taken"] = asked
    st.session_state[key], st.session_state[field] = option, asked


def is_path(asked: str) -> bool:
    """Whether a name is that of a folder rather than an id; ids of the Hub have a slash, too."""
    return ("/" in asked or "\\" in asked) and not asked.startswith(HUB)


def take_asked(asked: str, *, key: str, known: Collection[str]) -> bool:
    """Choose once what the address asks for; False while that is not known, and nothing else has been chosen
    by hand.

    Args:
        key: of the widget, which then shows it, or nothing.
    """
    mark = f"{key}-taken"
    # A page that was left forgets its choices, and its address still has them.
    if asked and (st.session_state.get(mark) != asked or key not in st.session_state):
        st.session_state[mark] = asked
        st.session_state[key] = asked if asked in known else None
    elif asked in known and st.session_state.get(key) is None:
        st.session_state[key] = asked  # it was refused before, and is there now
    elif asked and asked not in known and st.session_state.get(key) == asked:
        st.session_state[key] = None  # it was there before, and has been deleted since
    return not asked or asked in known or st.session_state.get(key) is not None


def take(key: str, value: str) -> None:
    st.session_state[key] = value


def write_asked(value: str, *, key: str, param: str) -> None:
    """Have the address name what is chosen; it is not a wish of the address when the page runs again."""
    st.session_state[f"{key}-taken"] = value
    if st.query_params.get(param) != value:
        st.query_params[param] = value


def take_text(param: str, *, key: str) -> None:
    """Have a text field show what the address says, once; before it is drawn."""
    asked, mark = st.query_params.get(param, ""), f"{key}-taken"
    if st.session_state.get(mark) != asked or key not in st.session_state:
        st.session_state[mark] = st.session_state[key] = asked


def write_text(value: str, *, key: str, param: str) -> None:
    """Have the address say what is typed; nothing while the field is empty."""
    st.session_state[f"{key}-taken"] = value
    if value:
        st.query_params[param] = value
    else:
        st.query_params.pop(param, None)


def refuse_param(param: str, known: Collection[str]) -> bool:
    """Whether the address asks for something else than what is known; this is then said, with a way to go
    on.
    """
    asked = st.query_params.get(param, "")
    if not asked or asked in known:
        return False
    refuse_asked(
        param,
        tr("The address asks for {param} {asked!r}. Known: {known}.").format(
            param=param, asked=shorten(asked), known=", ".join(known)
        ),
    )
    return True


def refuse_asked(param: str, said: str, label: str = tr_later("Go on without it")) -> None:
    """Say why the address does not get what it asks for; a button opens the page without that."""
    st.error(plain(said), icon=":material/error:")
    asked = whole_address().items()
    rest = {name: value for name, value in asked if name != param and not name.startswith(f"{param}-")}
    link_here(label, icon=":material/arrow_forward:", key=f"{param}-go-on", params=rest)


def shorten(asked: str) -> str:
    return asked if len(asked) <= MOST_SAID else f"{asked[:MOST_SAID]}…"


def choose_one(place: Any, title: str, labels: Mapping[str, str], *, key: str, **rest: Any) -> Any:
    """A selectbox of `labels` (id → what it is called) in `place`; the id that is chosen, which is also what
    `key` holds.

    Args:
        rest: of `selectbox`; what is not an id there (a new option) is shown as it is.
    """
    shown = tell_apart(labels)
    kept, remembered = st.session_state.get(key), tr("{key} is called").format(key=key)
    if kept in shown and st.session_state.get(remembered, shown[kept]) != shown[kept]:
        st.session_state[key] = kept  # makes the browser show the new label
        rest.pop("index", None)
    chosen = place.selectbox(
        title, list(shown), key=key, format_func=lambda name: shown.get(name, str(name)), **rest
    )
    if chosen in shown:
        st.session_state[remembered] = shown[chosen]
    return chosen
