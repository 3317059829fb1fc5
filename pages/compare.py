"""Compare: several runs side by side, under one cursor."""

from __future__ import annotations

import streamlit as st

from pages.parts.runs.comparison import show_comparison
from pages.parts.shared.workspace import guard
from selfsup_core.translation import tr

guard()
st.title(tr("Compare"), anchor=False)
show_comparison()
