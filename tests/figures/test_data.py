"""Bars of a label distribution: names and counts can be read, however many, long or uneven they are."""

from __future__ import annotations

import pytest

from selfsup_core.figures.data import TEXT, label_bars


@pytest.mark.parametrize(
    "counts", [{"a": 3, "": 1}, {f"a class with quite a long name {i}": 10**i for i in range(6)}, {"none": 0}]
)
def test_bars_lie_and_their_text_is_level_and_beside_them(counts):
    figure = label_bars(counts)
    (bars,) = figure.data
    assert (bars.orientation, bars.textangle, bars.textposition) == ("h", 0, "outside")
    assert bars.textfont.size == figure.layout.yaxis.tickfont.size == TEXT
    assert list(bars.hovertext) == [name or "no label" for name in counts]
    assert list(bars.text) == [f"{value:,}" for value in counts.values()]
    assert figure.layout.xaxis.range[1] > max(counts.values()), "room for the count beside the longest bar"
    assert figure.layout.height >= 26 * len(counts)
