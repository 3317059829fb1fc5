"""What a page shows while an import waits or works; a click or a closed tab meanwhile ends it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st


def teller() -> Callable[[str], None]:
    """For `tell` of the library: shows why it waits.

    Each call is also where Streamlit ends this run of the page when a person has clicked elsewhere: with it
    ends the import, so Cancel needs nothing more.
    """
    place = st.empty()

    def tell(text: str) -> None:
        if text:
            place.info(text, icon=":material/hourglass_top:")
        else:
            place.empty()

    return tell
