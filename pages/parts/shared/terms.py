"""Captions whose terms of the field are explained: mark them as [[term]] or [[words shown|term]]."""

from __future__ import annotations

import streamlit as st

from selfsup_core.evaluate.words.glossary import define, unmark


def caption(text: str) -> None:
    """A caption; its "?" holds what the marked terms mean. Raises SettingError for one without an entry."""
    st.caption(unmark(text), help=define(text, strong="**{}**") or None)
