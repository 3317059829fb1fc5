"""Tables: Streamlit's own download, which would make formulas of what people wrote, is not offered."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from selfsup_core.places import ASSETS


def test_the_download_that_would_make_formulas_is_hidden():
    """By what Streamlit calls the button; another version may call it otherwise."""
    css = (ASSETS / "page.css").read_text("utf-8")
    assert (
        '[data-testid="stElementToolbarButton"]:has([aria-label="Download as CSV"]) { display: none; }' in css
    )
    scripts = (Path(st.__file__).parent / "static" / "static" / "js").glob("*.js")
    front_end = "".join(script.read_text("utf-8") for script in scripts)
    assert "label:`Download as CSV`" in front_end
    assert '"data-testid":`stElementToolbarButton`' in front_end
