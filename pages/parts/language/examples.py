"""Texts to try something with, one click away."""

from __future__ import annotations

import streamlit as st

from selfsup_core.translation import tr

LETTERS = 32  # of an example on its button


def offer(title: str, target: str, examples: list[str]) -> None:
    """A row of examples above or below a text field; a click on one puts it there.

    Args:
        target: key of the field in the session.
    """
    if not examples:
        return
    key = f"{target}-offer"

    def take() -> None:
        chosen = st.session_state.get(key)
        if chosen in range(len(examples)):
            st.session_state[target] = examples[chosen]
        st.session_state[key] = None  # the next click on the same one works, too

    st.pills(
        title,
        range(len(examples)),
        key=key,
        format_func=lambda i: shorten(examples[i]),
        on_change=take,
        help=tr("Puts this text into the text field."),
    )


def shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LETTERS else f"{line[:LETTERS].rstrip()} …"
