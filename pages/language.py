"""Language model: look inside one, train one, put one to use; each mode is one file in `parts/`."""

from __future__ import annotations

import streamlit as st

from pages.parts import language_inside, language_models, language_train

MODES = {
    "inside": ("Look inside", ":material/visibility:", language_inside.show),
    "train": ("Train", ":material/play_arrow:", language_train.show),
    "models": ("Models", ":material/deployed_code:", language_models.show),
}

st.title("Language model", anchor=False)
wanted = st.query_params.get("do", "inside")
mode = st.segmented_control(
    "What to do", list(MODES), default=wanted if wanted in MODES else "inside", required=True,
    format_func=lambda key: f"{MODES[key][1]} {MODES[key][0]}", label_visibility="collapsed", key="language-mode",
)  # fmt: skip
st.query_params["do"] = mode
MODES[mode][2]()
