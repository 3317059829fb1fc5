"""Classifier: train on labels, train with pseudo-labels, or try one; each mode is one file in `parts/`."""

from __future__ import annotations

import streamlit as st

from pages.parts.classify import train as classify_train
from pages.parts.classify import use as classify_use
from pages.parts.shared.modes import choose_mode
from selfsup_core.translation import tr_later

MODES = {
    "pseudo": ("Pseudo-labels", ":material/auto_awesome:", classify_train.show_pseudo),
    "train": (tr_later("Labels only"), ":material/label:", classify_train.show_supervised),
    "use": (tr_later("Try it"), ":material/category_search:", classify_use.show),
}

st.title(tr_later("Classifier"), anchor=False)
choose_mode("classify", MODES)
