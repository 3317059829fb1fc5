"""Sweep: one recipe with many values of some settings, and what each setting does to the result."""

from __future__ import annotations

import streamlit as st

from pages.parts.runs.sweep_form import show_form
from pages.parts.runs.sweep_list import show_list
from pages.parts.runs.sweep_shown import PARAM, show_sweep
from pages.parts.shared.workspace import guard
from selfsup_core.translation import tr

guard()
st.title(tr("Sweep"), anchor=False)
if asked := st.query_params.get(PARAM, ""):
    show_sweep(asked)
else:
    show_form()
    show_list()
