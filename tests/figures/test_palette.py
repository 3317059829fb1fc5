"""Colors and shapes of classes: a hundred of them differ, and the browser's are the same."""

from __future__ import annotations

import re

from selfsup_core.figures.palette import OKABE_ITO, class_color, class_symbol
from tests.helpers import ROOT


def test_a_hundred_classes_differ_in_color_or_shape():
    assert len({(class_color(i), class_symbol(i)) for i in range(100)}) == 100
    assert class_symbol(-1) == "circle-open"


def test_the_browsers_colors_and_their_order_are_the_same():
    stage = (ROOT / "assets/web/lib/palette.js").read_text()
    assert tuple(re.findall(r'"(#[0-9A-F]{6})"', stage.split("NO_CLASS")[0])) == OKABE_ITO
    step = r"3 \* Math\.floor\((?:index|code) / (?:COLORS\.length|10)\)\) % (?:SHAPES\.length|10)"
    assert re.search(step, (ROOT / "assets/web/scatter/shapes.js").read_text())
