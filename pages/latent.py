"""Latent space: maps of any set of vectors, and questions about them."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared.go import rerun
from pages.parts.shared.workspace import errors_shown, workspace
from pages.parts.space.map import show_map
from pages.parts.space.pick import choose_map
from selfsup_core.errors import StudioError
from selfsup_core.inspection.client import warm
from selfsup_core.translation import tr_later

st.title(tr_later("Latent space"), anchor=False)
warm(workspace(), "maps")
with errors_shown():
    if asked := choose_map():
        try:
            show_map(asked)
        except StudioError as error:
            if error.code == "no-map":  # old maps are deleted, while a page that shows one may still be open
                rerun()
            raise
