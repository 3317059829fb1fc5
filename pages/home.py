"""Home: what this is, three cards that start something at once, and the newest runs."""

from __future__ import annotations

from itertools import islice
from typing import Any

import streamlit as st

from pages.parts.shared.runlist import show_rows
from pages.parts.shared.workspace import errors_shown, start, workspace
from selfsup_core.data.sources import SOURCES
from selfsup_core.runs.folder import scan_runs
from selfsup_core.runs.spec import preset_spec

# Slow enough to watch, quick enough not to wait: 30 epochs in 15 seconds.
WATCHABLE = 2.0
CARDS = (
    {
        "key": "digits",
        "preset": "dense-64-32-16",
        "fallback": {"data.source": "digits"},
        "icon": ":material/draw:",
        "title": "Watch digits being learned",
        "text": "An autoencoder squeezes handwritten digits through 16 numbers and rebuilds them.",
        "speed": WATCHABLE,
    },
    {
        "key": "two",
        "preset": "dense-two-numbers",
        "fallback": {"data.source": "digits"},
        "icon": ":material/scatter_plot:",
        "title": "See a whole data set as a map",
        "text": "Only two numbers for each image: the digits sort themselves on a plane, without labels.",
        "speed": 2 * WATCHABLE,
    },
    {
        "key": "table",
        "preset": "dense-table",
        "fallback": {},
        "icon": ":material/table:",
        "title": "Find groups in a table",
        "text": "178 wines, 13 measurements, no labels: three growers fall apart on the map.",
        "speed": 5 * WATCHABLE,
    },
)


def card(about: dict[str, Any]) -> None:
    with st.container(border=True, height="stretch", gap="small"):
        st.markdown(f"#### {about['icon']} {about['title']}")
        st.markdown(about["text"])
        if st.button("Start", key=f"card-{about['key']}", type="primary", icon=":material/play_arrow:"):
            with errors_shown():
                overrides: dict[str, Any] = {"train.epochs_per_second": about["speed"]}
                spec = preset_spec(about["preset"], overrides)
                if SOURCES[spec.data.source].missing():
                    spec = preset_spec(about["preset"], overrides | about["fallback"])
                run = start(spec, preset=about["preset"], button=f"card-{about['key']}")
                st.switch_page("pages/autoencoder.py", query_params={"run": run})


st.title("See a network teach itself", anchor=False)
st.markdown(
    "Self-supervised learning finds structure in data that nobody has labeled. "
    "Here you train a real network on this machine and watch its errors shrink, its "
    "reconstructions sharpen and its inner map take shape. "
    "Every epoch is kept: pause, step, and go back to the very beginning."
)
for column, about in zip(st.columns(len(CARDS)), CARDS, strict=True):
    with column:
        card(about)
if text := SOURCES["mnist-5k"].missing():
    st.info(f"{text} Until then the cards use the small 8 × 8 digits.", icon=":material/info:")
recent = list(islice(scan_runs(workspace()), 5))
st.subheader("Recent runs", anchor=False)
if recent:
    show_rows(recent, where="home")
    st.page_link("pages/runs.py", label="All runs", icon=":material/list:")
else:
    st.caption("None yet. Start one above; it takes a quarter of a minute.")
