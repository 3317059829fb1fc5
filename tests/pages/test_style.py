"""Our style sheets name parts of Streamlit's front end, which another version may call otherwise."""

from __future__ import annotations

import re
from pathlib import Path

import streamlit

from pages.parts.shared.showing import PLACES
from tests.helpers import ROOT

SHEETS = ("page.css", "present.css", "lesson.css")


def test_what_the_style_names_is_there():
    style = "".join((ROOT / "assets" / name).read_text("utf-8") for name in SHEETS)
    style += "".join(PLACES.values())
    named = set(re.findall(r'data-testid="(st\w+)"', style)) | set(re.findall(r"\.(st[A-Z]\w+)", style))
    assert "stExpandSidebarButton" in named, "the pages that a narrow screen hides"
    scripts = Path(streamlit.__file__).parent / "static" / "static" / "js"
    known = "".join(path.read_text("utf-8") for path in scripts.glob("*.js"))
    assert not [name for name in named if name not in known]
