"""The question to everybody: predict first, then see what the others thought and what is so."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared.workspace import acting, errors_shown, plain, show_refusal
from selfsup_core.room import votes
from selfsup_core.room.store import Room
from selfsup_core.room.viewer import Viewer
from selfsup_core.translation import tr
from selfsup_core.wording import counted


def show(room: Room, me: Viewer) -> None:
    """The newest question, for a participant."""
    with errors_shown():
        questions = votes.list_questions(room)
        if not questions:
            return
        tally = votes.tally(questions[-1], me.person)
        with st.container(border=True, key="room-question"):
            st.markdown(f"**{plain(tally['text'])}**")
            if tally["is_revealed"]:
                show_counts(tally)
                return
            for place, choice in enumerate(tally["choices"]):
                is_mine = tally["mine"] == place
                st.button(
                    plain(choice),
                    key=f"vote-{tally['id']}-{place}",
                    type="primary" if is_mine else "secondary",
                    icon=":material/check:" if is_mine else None,
                    width="stretch",
                    on_click=vote,
                    args=(room, me.person, tally["id"], place),
                )
            said = tr("You can change your answer until the teacher shows the result.")
            st.caption(said if tally["mine"] is not None else tr("Choose what you expect."))
            show_refusal("vote")


def vote(room: Room, person: str, question: str, choice: int) -> None:
    with acting("vote"):
        votes.vote(room, person, question, choice)


def show_counts(tally: votes.Tally) -> None:
    """How many chose what."""
    counts = tally["counts"] or []
    for place, (choice, count) in enumerate(zip(tally["choices"], counts, strict=True)):
        mine = tr(" · your answer") if tally["mine"] == place else ""
        st.progress(count / max(1, sum(counts)), f"{plain(choice)}: {counted(count, 'vote')}{mine}")
