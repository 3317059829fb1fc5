"""Guides on the page Learn: a list, and one to read, which the address names."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared.go import rerun
from pages.parts.shared.workspace import plain
from selfsup_core.lessons.guides import Guide, find_guide, linked, list_guides
from selfsup_core.translation import tr

GUIDE = "guide"  # of the address


def show_guide(name: str) -> None:
    """One guide, as wide as is good to read. Raises GuideError: there is none of this name."""
    if st.button(tr("All lessons and guides"), icon=":material/arrow_back:", key="guide-back"):
        del st.query_params[GUIDE]
        rerun()
    guide = find_guide(name)
    st.title(plain(guide.title), anchor=False)
    with st.container(key="guide", width=820):
        st.markdown(linked(guide, f"learn?{GUIDE}="))


def show_guides() -> None:
    """The list: a line for each."""
    st.header(tr("Guides"), anchor=False)
    for guide in list_guides().values():
        show_row(guide)


def show_row(guide: Guide) -> None:
    with st.container(border=True, key=f"guide-row-{guide.name}"):
        words, ways = st.columns((7.2, 1.8), vertical_alignment="center")
        words.markdown(f"**{plain(guide.title)}**  \n{plain(guide.about)}")
        with ways.container(horizontal=True, horizontal_alignment="right"):
            if st.button(
                tr("Read"),
                icon=":material/menu_book:",
                key=f"guide-open-{guide.name}",
                help=tr("Read the guide: {title}").format(title=guide.title),
            ):
                st.query_params[GUIDE] = guide.name
                rerun()
