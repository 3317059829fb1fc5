"""Views: what self-supervised training learns from; each mode is one file in `parts/`."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared.modes import choose_mode
from pages.parts.views import lab, train
from selfsup_core.translation import tr_later

MODES = {
    "train": (tr_later("Train"), ":material/play_arrow:", train.show),
    "lab": (tr_later("Augmentation lab"), ":material/auto_fix_high:", lab.show),
}

st.title(tr_later("Views"), anchor=False)
choose_mode("views", MODES)
