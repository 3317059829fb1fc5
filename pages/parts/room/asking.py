"""Where the teacher asks everybody to predict, and reveals what was predicted."""

from __future__ import annotations

import streamlit as st

from pages.parts.room.voting import show_counts
from pages.parts.shared.go import rerun
from pages.parts.shared.workspace import acting, errors_shown, plain, show_refusal
from selfsup_core.room import votes
from selfsup_core.room.store import Room
from selfsup_core.translation import tr
from selfsup_core.wording import counted

SECONDS = 2.0


def show(room: Room) -> None:
    st.subheader(tr("Predict, then reveal"), anchor=False)
    with errors_shown():
        questions = votes.list_questions(room)
        if questions:
            st.fragment(run_every=SECONDS)(draw)(room)
        with st.expander(tr("Ask a question"), expanded=not questions, icon=":material/help:"):
            show_form(room)


def draw(room: Room) -> None:
    """How the newest question stands."""
    with errors_shown():
        questions = votes.list_questions(room)
        if not questions:
            return
        tally = votes.tally(questions[-1])
        with st.container(border=True, key="room-asked"):
            st.markdown(f"**{plain(tally['text'])}**")
            if tally["is_revealed"]:
                show_counts(tally)
                return
            people = len(room.read()["people"])
            st.caption(
                tr("{voted} of {people} voted.").format(
                    voted=tally["voted"], people=counted(people, "person", "people")
                )
            )
            if st.button(tr("Reveal"), key="room-reveal", type="primary", icon=":material/visibility:"):
                with acting("asking"):
                    votes.reveal(room, tally["id"])
                    rerun()


def show_form(room: Room) -> None:
    text = st.text_input(tr("Question"), key="room-ask-text", max_chars=200)
    choices = st.text_area(tr("Answers, one a line"), key="room-ask-choices", max_chars=500)
    if st.button(tr("Ask everybody"), key="room-ask", icon=":material/send:"):
        with acting("asking"):
            votes.ask(room, {"text": text, "choices": tuple(choices.splitlines())})
            rerun()
    show_refusal("asking")
