"""Which runs the list shows: search, filters, order and page, all of them in the address."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts.shared.choice import choose_one, refuse_param, take_text, write_text
from pages.parts.shared.forms import number_field
from pages.parts.shared.go import link_here
from selfsup_core.runs.listed import MOST_LETTERS, Wanted, known_owners, known_tags
from selfsup_core.runs.queue import LOCAL
from selfsup_core.runs.short_runs import Listed
from selfsup_core.settings import list_settings
from selfsup_core.translation import tr

FEW = 6  # up to so many are found without a search
PAGE_SIZE = 20
PAGE = "page"  # of the address
ORDER_WIDTH = 220
FILTERS = ("status", "task", "tag", "owner")
SETTINGS = {entry.path: entry for entry in list_settings(Wanted)}


def take_wanted(states: Sequence[Listed]) -> Wanted | None:
    """What the address and the fields ask for; None while the address asks for something that there is not.

    Args:
        states: of all runs that may be shown. Of a few there is nothing to choose, unless the address does.
    """
    asked = [name for name in SETTINGS if st.query_params.get(name)]
    if len(states) <= FEW and not asked:
        return Wanted()
    if any(refuse_param(name, known_values(name)) for name in ("status", "task", "sort")):
        return None
    found = {}
    with st.container(horizontal=True, vertical_alignment="center", key="runs-filters"):
        take_text("search", key="runs-search")
        found["search"] = st.text_input(
            tr("Search"),
            key="runs-search",
            placeholder=tr("Name, data set, status, note or #tag"),
            label_visibility="collapsed",
            max_chars=MOST_LETTERS,
            width="stretch",
        )
        found["sort"] = choose("sort", {one: SETTINGS["sort"].say(one) for one in known_values("sort")})
        set_ones = [name for name in FILTERS if st.query_params.get(name)]
        label = tr("Filter ({count})").format(count=len(set_ones)) if set_ones else tr("Filter")
        with st.popover(label, icon=":material/filter_list:", key="runs-filter"):
            found |= {name: choose(name, offered(name, states)) for name in FILTERS if offers(name, states)}
    write_text(found["search"], key="runs-search", param="search")
    return Wanted.model_validate(found)


def known_values(name: str) -> tuple[str, ...]:
    return tuple(value for value in SETTINGS[name].choices if value)


def offered(name: str, states: Sequence[Listed]) -> dict[str, str]:
    """Value → what it is called; with it what the address asks for, also where no run has it any more."""
    setting = SETTINGS[name]
    if setting.choices:
        return {value: setting.say(value) for value in setting.choices}
    known = known_tags(states) if name == "tag" else known_owners(states)
    if (asked := st.query_params.get(name, "")) and asked not in known:
        known.append(asked)
    return {"": tr("All")} | {one: tr("this machine") if one == LOCAL else one for one in known}


def offers(name: str, states: Sequence[Listed]) -> bool:
    """Whether there is anything to choose: a single owner, or no tag, is none."""
    return len(offered(name, states)) > (2 if name == "owner" and not st.query_params.get(name) else 1)


def choose(name: str, labels: dict[str, str]) -> str:
    """A selectbox that shows what the address says, and writes into it what is chosen."""
    key, setting = f"runs-{name}", SETTINGS[name]
    take_text(name, key=key)
    if st.session_state[key] not in labels:
        st.session_state[key] = setting.default
    chosen = choose_one(
        st,
        setting.title,
        labels,
        key=key,
        # What a closed popover holds is made by the browser when it opens: it must have a default, too.
        index=list(labels).index(st.session_state[key]),
        **({"label_visibility": "collapsed", "width": ORDER_WIDTH} if name == "sort" else {}),
    )
    write_text("" if chosen == setting.default else chosen, key=key, param=name)
    return str(chosen)


def say_none() -> None:
    """That no run is left, with a way back to all of them."""
    st.caption(tr("No run matches."))
    kept = {name: value for name, value in st.query_params.items() if name not in (*SETTINGS, PAGE)}
    link_here(tr("Show all runs"), icon=":material/filter_list_off:", key="runs-all", params=kept)


def take_page(states: list[Listed], wanted: Wanted) -> list[Listed]:
    """The part of the list that the address or the field names; the last one where it names a later one."""
    pages = -(-len(states) // PAGE_SIZE)
    key, asked = "runs-page", st.query_params.get(PAGE, "")
    shown, of = st.session_state.get(f"{key}-shown", ("", wanted))
    if of != wanted and asked == shown:
        asked = ""  # another list begins with its first page
        st.session_state.pop(key, None)
    if asked != shown or key not in st.session_state:
        st.session_state[key] = int(asked) if asked.isdecimal() and asked.isascii() else 1
    st.session_state[key] = min(max(1, st.session_state[key]), max(1, pages))
    number = int(number_field(st, tr("Page"), 1, pages, key=key)) if pages > 1 else 1
    said = "" if number == 1 else str(number)
    st.session_state[f"{key}-shown"] = (said, wanted)
    write_text(said, key=key + "-of", param=PAGE)
    return states[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
