"""Language model: look inside one, train one, put one to use; each mode is one file in `parts/`."""

from __future__ import annotations

import streamlit as st

from pages.parts import language_embed, language_inside, language_models, language_train
from pages.parts.modes import choose_mode

MODES = {
    "inside": ("Look inside", ":material/visibility:", language_inside.show),
    "train": ("Train", ":material/play_arrow:", language_train.show),
    "embed": ("Embed", ":material/scatter_plot:", language_embed.show),
    "models": ("Models", ":material/deployed_code:", language_models.show),
}

st.title("Language model", anchor=False)
choose_mode("language", MODES)
