"""Why this label: what speaks for and against it in the sample, and the labeled rows most like it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.parts.shared import routes
from pages.parts.shared.workspace import errors_shown, plain
from selfsup_core.figures.attribution import pixels_figure, terms_figure
from selfsup_core.inspection.subject import Subject
from selfsup_core.translation import tr
from selfsup_core.wording import ROW, local, percent

FOR, AGAINST = "blue", "orange"
BARS = {"displayModeBar": False}


def show_why(run: str, **sample: Any) -> None:
    """Args: sample: text=… or row=…, and epoch=… for another one than the best."""
    with errors_shown(), st.spinner(tr("Looking for reasons.")):
        why = routes.lab().ask(Subject("classifier", run), "why", sample).about
        st.markdown(
            tr("**{label}**, {probability} sure.").format(
                label=plain(why["label"]), probability=percent(why["probability"])
            )
        )
        if "places" in why:
            st.markdown(marked(why["text"], why["places"], why["parts"]))
            st.caption(
                tr(
                    "Blue words speak for this class, orange words against it: how much the class loses or "
                    "gains when the word is left out. Words with little effect have no color."
                )
            )
        elif "pixels" in why:
            st.plotly_chart(
                pixels_figure(why["image"], why["pixels"]), key=f"why-{run}-{sample}", config=BARS
            )
            st.caption(
                tr("Left: the sample. Right: what speaks for the class (blue) and against it (orange).")
            )
        elif why.get("terms"):
            st.plotly_chart(terms_figure(why["terms"]), key=f"why-{run}-{sample}", config=BARS)
            st.caption(
                tr(
                    "Contributions to the log-probability, compared with an empty sample: to "
                    "the right for the "
                    "class, to the left against it."
                )
            )
        if why["nearest"]:
            st.caption(tr("The most similar labeled rows, as the classifier sees them:"))
            st.dataframe(
                [
                    {
                        tr("Label"): n["label"],
                        tr("Cosine"): round(n["cosine"], 3),
                        **({tr("Text"): n["text"]} if n["text"] else {}),
                        tr(ROW): n["row"],
                    }
                    for n in why["nearest"]
                ],
                hide_index=True,
            )


def marked(text: str, places: list[list[int]], parts: list[float]) -> str:
    """The text as escaped Markdown, with its most influential words colored."""
    most = max((abs(p) for p in parts), default=0.0)
    pieces, at = [], 0
    for (begin, end), part in zip(places, parts, strict=True):
        word = plain(text[begin:end])
        if most > 0 and abs(part) >= 0.15 * most:
            sign = "+" if part > 0 else "−"
            word = f":{FOR if part > 0 else AGAINST}-background[{word} {sign}{local(f'{abs(part):.2f}')}]"
        pieces += [plain(text[at:begin]), word]
        at = end
    return "".join([*pieces, plain(text[at : at + 600])])
