"""What a page shows while an import waits or works; a click or a closed tab meanwhile ends it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from selfsup_core.data.library.turns import Step
from selfsup_core.translation import tr

SHORT = 0.5  # seconds, below which nothing is shown


def step_bar(place: DeltaGenerator) -> Callable[[Step | None, float], None]:
    """For `show` of `checking.await_findings`: a bar with the step's title and the seconds so far. A click
    elsewhere ends this run of the page at one of its calls.
    """

    def show(step: Step | None, seconds: float) -> None:
        if seconds < SHORT:
            return
        title = step["title"] if step else tr("Waiting for the check to begin")
        share = step["done"] / step["total"] if step else 0.0
        place.progress(share, f"{title} … {seconds:.0f} s")

    return show


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
