"""Home: what the app is for, a card for each part of it, and the newest runs."""

from __future__ import annotations

from itertools import filterfalse, islice

import streamlit as st

from pages.parts.home import open_room
from pages.parts.home.cards import CARDS, Card
from pages.parts.room.mine import say_place
from pages.parts.shared import viewer
from pages.parts.shared.picture import picture_of
from pages.parts.shared.runlist import keep_fresh, show_rows
from pages.parts.shared.workspace import errors_shown, guard, start, workspace
from selfsup_core.data.sources import SOURCES
from selfsup_core.figures.miniature import as_element
from selfsup_core.runs.examples import add_examples
from selfsup_core.runs.folder import scan_runs
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.short_runs import is_aside
from selfsup_core.translation import tr, tr_later

MOST_RECENT = 5


ICONS = {
    "Images": "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01",
    "Texts": "M5 6h14M5 10h14M5 14h9M5 18h11",
    "Tables": "M4 5h16v14H4zM4 10h16M4 14.5h16M10 5v14",
    "Sounds": "M4 10v4M8 7v10M12 4v16M16 8v8M20 10v4",
}
STROKE = 'fill="none" stroke="#7a8694" stroke-width="1.3" stroke-linecap="round" stroke-linejoin="round"'
KINDS = (
    '<div class="home-kinds">'
    + "".join(
        as_element(
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path {STROKE} d="{path}"/></svg>',
            kind,
        )
        for kind, path in ICONS.items()
    )
    + "</div>"
)


def show_card(card: Card) -> None:
    with st.container(border=True, height="stretch", gap="small", key=f"home-{card.key}"):
        st.html(picture_of(card.picture, card.alt) if card.picture else KINDS)
        st.markdown(f"##### {card.title}")
        st.markdown(card.text)
        with st.container(horizontal=True, vertical_alignment="center"):
            icon = ":material/play_arrow:" if card.preset else ":material/arrow_forward:"
            is_first = card is CARDS[0]
            if st.button(
                card.button,
                key=f"card-{card.key}",
                type="primary" if is_first else "secondary",
                icon=icon,
                help=f"{card.button}: {card.title}",
            ):
                open_card(card)
            if card.minutes:
                st.caption(card.minutes)


def open_card(card: Card) -> None:
    if not card.preset:
        st.switch_page(card.page, query_params=card.address)
    with errors_shown():
        changes = dict(card.changes)
        # Where a data package could not be installed, the preset's own data or the digits serve as well.
        if SOURCES[changes["data.source"]].missing():
            changes["data.source"] = "digits"
        run = start(preset_spec(card.preset, changes), preset=card.preset, button=f"card-{card.key}")
        st.switch_page(card.page, query_params={**card.address, "run": run})


def show_recent() -> None:
    states = list(islice(filterfalse(is_aside, scan_runs(workspace())), MOST_RECENT))
    if not states:
        st.caption(tr("None yet. Start one above."))
        return
    show_rows(states, where="home")
    st.page_link("pages/runs.py", label=tr("All runs"), icon=":material/list:")


guard()
if viewer.in_room() and not (me := viewer.here()).is_teacher:
    st.markdown(say_place(me))
st.title(tr_later("Watch a network teach itself"), anchor=False)
st.markdown(
    tr_later(
        "Train a real network on this machine, without labels or with few, and watch what it learns. "
        "Every epoch is kept: pause, step, and scrub back to the very first one."
    )
)
st.page_link(
    "pages/learn.py",
    label=tr_later("Never trained a network? Lessons beside the app"),
    icon=":material/school:",
)
for row in (CARDS[:4], CARDS[4:]):
    for column, card in zip(st.columns(len(row)), row, strict=True):
        with column:
            show_card(card)
with errors_shown():
    add_examples(workspace())
st.subheader(tr_later("Recent runs"), anchor=False)
keep_fresh(show_recent)
open_room.show()
