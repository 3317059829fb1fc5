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
# The address is a wish when it says other than what this page wrote there: a link, or a person.
wanted = st.query_params.get("do", "")
if wanted in MODES and wanted != st.session_state.get("language-do"):
    st.session_state["language-mode"] = wanted
st.session_state.setdefault("language-mode", "inside")
mode = st.segmented_control(
    "What to do", list(MODES), required=True, label_visibility="collapsed", key="language-mode",
    format_func=lambda key: f"{MODES[key][1]} {MODES[key][0]}",
)  # fmt: skip
st.query_params["do"] = st.session_state["language-do"] = mode
MODES[mode][2]()
