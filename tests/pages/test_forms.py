"""Fields of numbers: each says its range where a browser refuses what is typed."""

from __future__ import annotations

from pages.parts.shared.forms import say_range
from tests.helpers import ROOT


def test_the_range_of_a_field_is_said_beside_it(studio):
    app = studio("pages/autoencoder.py", preset="dense-table")
    styles = [one.proto.body for one in app.get("html") if "st-key-epochs-dense-table" in one.proto.body]
    assert len(styles) == 1
    assert "From 1 to 100,000." in styles[0]


def test_a_range_may_be_open():
    assert say_range(1, None) == "At least 1."
    assert say_range(None, 0.5) == "At most 0.5."
    assert say_range(0.0, 10.0) == "From 0.0 to 10.0."


def test_no_field_goes_without_its_range():
    bare = [p.name for p in (ROOT / "pages").rglob("*.py") if ".number_input(" in p.read_text("utf-8")]
    assert bare == ["forms.py"], "the others use number_field"
