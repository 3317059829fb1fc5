"""A model's continuation of a text: colored by probability, and undone step by step."""

from __future__ import annotations

import html
import random
from typing import TypedDict

import streamlit as st

from pages.parts.language.pick import ask
from selfsup_core.errors import StudioError
from selfsup_core.inspection.questions.language import MOST_CHARACTERS
from selfsup_core.translation import tr

TEXT = "language-text"
STEPS = "language-written"
PROBLEM = "language-problem"
SCROLLS = "display: flex; flex-direction: column-reverse; max-height: 220px; overflow-y: auto"
SHAPE = ("temperature", "top_k", "top_p")


class Step(TypedDict):
    """One click on "Write": the text before and after, and what was written, [(text, P), …]."""

    before: str
    after: str
    pieces: list[tuple[str, float]]


def steps() -> list[Step]:
    """What was written behind the text as it is now; an edit by hand ends the list."""
    found: list[Step] = st.session_state.setdefault(STEPS, [])
    if found and found[-1]["after"] != st.session_state.get(TEXT):
        found.clear()
    return found


def write_more(model: str, tokens: int) -> None:
    """Append a continuation by the model to the text."""
    # Read here: arguments of a button are those of the last whole run, a changed number may be newer.
    shape = {name: st.session_state[f"language-{name}"] for name in SHAPE}
    before = st.session_state[TEXT]
    try:
        made = ask(model, "write", text=before, tokens=tokens, seed=random.randrange(2**31), **shape)
    except StudioError as error:
        st.session_state[PROBLEM] = str(error)
        return
    if not made["text"]:
        st.session_state[PROBLEM] = tr("The model ended the text here.")
        return
    text = before + made["text"]
    st.session_state[PROBLEM] = made.get("note", "")
    if len(text) > MOST_CHARACTERS:
        st.session_state[PROBLEM] = tr("The text ends at {most_characters:,} characters.").format(
            most_characters=MOST_CHARACTERS
        )
    done = steps()
    st.session_state[TEXT] = text[:MOST_CHARACTERS]
    pieces = [tuple(piece) for piece in made.get("pieces", [(made["text"], 0.0)])]
    done.append({"before": before, "after": st.session_state[TEXT], "pieces": pieces})


def take_back() -> None:
    """Remove what was written last."""
    if done := steps():
        st.session_state[TEXT] = done.pop()["before"]


def show_written() -> None:
    """Show the prompt plain, the continuation underlined, likelier tokens darker; and an Undo button."""
    done = steps()
    if not done:
        return
    st.html(written_html(done[0]["before"], [piece for step in done for piece in step["pieces"]]))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            tr("Undo"),
            key="language-undo",
            icon=":material/undo:",
            on_click=take_back,
            help=tr("Remove what was written last."),
        )
        st.caption(
            tr(
                "Underlined: written by the model; the darker, the more likely the token was. Hover over a "
                "token to see its probability."
            )
        )


def written_html(prompt: str, pieces: list[tuple[str, float]]) -> str:
    marks = "".join(
        f'<span title="P = {p:.4f}" style="background: rgba(0, 114, 178, {0.08 + 0.5 * p:.2f}); '
        f'text-decoration: underline dotted">{html.escape(text)}</span>'
        for text, p in pieces
    )
    text = f'<div style="white-space: pre-wrap; overflow-wrap: anywhere">{html.escape(prompt)}{marks}</div>'
    # Reversed, so that of a long text the end is in view, where the model writes.
    return f'<div role="region" aria-label="Written text" tabindex="0" style="{SCROLLS}">{text}</div>'
