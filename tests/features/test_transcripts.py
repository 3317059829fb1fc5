"""Transcripts become plain letters and come back."""

from __future__ import annotations

import pytest

from selfsup_core.features.letters import Letters
from selfsup_core.features.transcripts import MOST_LETTERS, plain


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Printing, in the only sense\tthat MATTERS!", "printing in the only sense that matters"),
        ("don’t — stop…", "don't stop"),
        ("Über 20 ﬁsche", "über 20 fische"),
        ("你好，世界", "你好 世界"),
        ("  \n—", ""),
        ("हिन्दी", "हिन्दी"),
    ],
)
def test_plain_letters(text, wanted):
    assert plain(text) == wanted
    assert plain(plain(text)) == wanted


def test_a_transcript_has_an_end():
    assert len(plain("a" * 10_000)) == MOST_LETTERS


def test_letters_come_back_and_unknown_ones_are_left_out():
    letters = Letters.of(["two six", "six", ""])
    assert letters.alphabet == tuple(" iostwx")
    rows = letters.encode(["six two", "", "sixty"])
    assert [letters.decode(row) for row in rows.tolist()] == ["six two", "", "sixt"]
    assert rows.shape == (3, 7)
    assert letters.encode([]).shape == (0, 1)
