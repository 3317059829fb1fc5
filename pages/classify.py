"""Classifier: train one on labels, let it learn from pseudo-labels, use one; each mode is one file in `parts/`."""

from __future__ import annotations

import streamlit as st

from pages.parts import classify_train, classify_use
from pages.parts.modes import choose_mode

MODES = {
    "pseudo": ("Pseudo-labels", ":material/auto_awesome:", classify_train.show_pseudo),
    "train": ("Labels only", ":material/label:", classify_train.show_supervised),
    "use": ("Use one", ":material/category_search:", classify_use.show),
}

st.title("Classifier", anchor=False)
choose_mode("classify", MODES)
