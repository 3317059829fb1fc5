"""Scenarios: what self-supervised learning is used for; each mode is one file in `parts/`."""

from __future__ import annotations

import streamlit as st

from pages.parts.scenarios import answers, detect, generate, speech, translate
from pages.parts.shared.modes import choose_mode
from selfsup_core.translation import tr

MODES = {
    "translate": (tr("Translation"), ":material/translate:", translate.SCENARIO.show),
    "speech": (tr("Speech"), ":material/mic:", speech.SCENARIO.show),
    "answers": (tr("Answers"), ":material/quiz:", answers.SCENARIO.show),
    "detect": (tr("Detection"), ":material/frame_inspect:", detect.SCENARIO.show),
    "generate": (tr("Generate"), ":material/brush:", generate.show),
}

st.title(tr("Scenarios"), anchor=False)
choose_mode("scenarios", MODES)
