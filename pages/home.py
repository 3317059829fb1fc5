"""Home: a first success for everybody, what else there is, and the way back to where one left off."""

from __future__ import annotations

from itertools import filterfalse, islice

import streamlit as st

from pages.parts.home import open_room
from pages.parts.home.cards import PARTS, PEOPLE, Card
from pages.parts.home.invite import show_invite
from pages.parts.home.left_off import show_left_off
from pages.parts.lessons.opened import open_step
from pages.parts.room.mine import say_place
from pages.parts.shared import viewer
from pages.parts.shared.picture import picture_of
from pages.parts.shared.runlist import keep_fresh, show_rows
from pages.parts.shared.workspace import errors_shown, guard, start, workspace
from selfsup_core.data.sources import SOURCES
from selfsup_core.runs.examples import add_examples
from selfsup_core.runs.folder import scan_runs
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.short_runs import is_aside
from selfsup_core.translation import tr

MOST_RECENT = 5


def show_card(card: Card) -> None:
    with st.container(border=True, height="stretch", gap="small", key=f"home-{card.key}"):
        if card.person:
            st.caption(f"**{tr(card.person)}**")
        st.html(picture_of(card.key))
        st.markdown(f"##### {tr(card.title)}")
        st.markdown(tr(card.text))
        with st.container(horizontal=True, vertical_alignment="center", key=f"home-{card.key}-ways"):
            show_button(card)
            if card.minutes:
                st.caption(tr(card.minutes), width="content")
            if card.more:
                label, icon, page, address = card.more
                st.page_link(page, label=tr(label), icon=icon, query_params=address)


def show_button(card: Card) -> None:
    if st.button(
        tr(card.button),
        key=f"card-{card.key}",
        type="primary" if card.person else "secondary",
        icon=":material/play_arrow:" if card.preset else ":material/arrow_forward:",
        help=f"{tr(card.button)}: {tr(card.title)}",
    ):
        open_card(card)


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


def show_cards(cards: tuple[Card, ...]) -> None:
    for column, card in zip(st.columns(len(cards)), cards, strict=True):
        with column:
            show_card(card)


guard()
if viewer.in_room() and not (me := viewer.here()).is_teacher:
    st.markdown(say_place(me))
st.title(tr("Watch a network teach itself"), anchor=False)
st.markdown(
    tr(
        "Train a real network on this machine, without labels or with few, and watch what it learns. "
        "Every epoch is kept: pause, step, and scrub back to the very first one."
    )
)
show_invite()
show_left_off(open_step)
with st.container(key="home-people"):
    show_cards(PEOPLE)
st.subheader(tr("There is more to see"), anchor=False)
with st.container(key="home-parts"):
    show_cards(PARTS)
with errors_shown():
    add_examples(workspace())
st.subheader(tr("Recent runs"), anchor=False)
keep_fresh(show_recent)
open_room.show()
