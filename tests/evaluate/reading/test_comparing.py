"""Two readings side by side: the same tokens, other tokens, what only one predicts."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfsup_core.evaluate.reading.comparing import compare_readings, parts_of, spans_of


def reading(text: str, ends: list[int], p: list[float | None]) -> dict:
    starts = [0, *ends[:-1]]
    return {
        "pieces": [text[a:b] for a, b in zip(starts, ends, strict=True)],
        "spans": list(zip(starts, ends, strict=True)),
        "log_p": [None if v is None else math.log(v) for v in p],
    }


def test_the_same_tokens():
    a = reading("ab cd", [2, 5], [0.5, 0.25])
    b = reading("ab cd", [2, 5], [0.25, 0.5])
    found = compare_readings(a, b, "ab cd")
    assert found["same_tokens"]
    assert [part["text"] for part in found["parts"]] == ["ab", " cd"]
    assert [part["difference"] for part in found["parts"]] == pytest.approx([math.log(2), -math.log(2)])
    for total in found["totals"]:
        assert total["log_probability"] == pytest.approx(math.log(1 / 8))
        assert total["perplexity"] == pytest.approx(8**0.5)
        assert total["bits_per_character"] == pytest.approx(3 / 5)


def test_other_tokens_are_laid_over_the_characters():
    """By hand: "ab" in one token of P ¼ against two of P ½ each is the same; then ½ against ⅛."""
    a = reading("abcd", [2, 4], [0.25, 0.5])
    b = reading("abcd", [1, 2, 3, 4], [0.5, 0.5, 0.25, 0.5])
    found = compare_readings(a, b, "abcd")
    assert not found["same_tokens"]
    assert [part["text"] for part in found["parts"]] == ["ab", "cd"]
    assert [part["difference"] for part in found["parts"]] == pytest.approx([0, math.log(4)])
    assert [t["tokens"] for t in found["totals"]] == [2, 4]
    assert [t["bits_per_character"] for t in found["totals"]] == pytest.approx([3 / 4, 5 / 4])


def test_what_one_does_not_predict_or_read_is_left_out():
    a = reading("abcdef", [2, 4, 6], [None, 0.5, 0.5])
    b = reading("abcd", [2, 4], [0.5, 0.25])
    found = compare_readings(a, b, "abcdef")
    assert [part["text"] for part in found["parts"]] == ["cd"]
    assert found["characters"] == 2
    assert [t["log_probability"] for t in found["totals"]] == pytest.approx([math.log(0.5), math.log(0.25)])


def test_nothing_in_common():
    a = reading("ab", [2], [None])
    found = compare_readings(a, a, "ab")
    assert found["parts"] == []
    assert found["totals"][0]["log_probability"] is None
    assert found["totals"][0]["perplexity"] is None


CUTS = st.lists(st.integers(1, 19), unique=True, max_size=8).map(lambda c: [*sorted(c), 20])


@given(CUTS, CUTS)
def test_parts_cover_the_text_and_keep_the_sum(first, second):
    text = "x" * 20
    a, b = (reading(text, ends, [0.5] * len(ends)) for ends in (first, second))
    parts = parts_of(a, b, text)
    assert "".join(part.text for part in parts) == text
    for index, r in enumerate((a, b)):
        assert sum(part.log_p[index] for part in parts) == pytest.approx(sum(r["log_p"]))


def test_places_of_foreign_pieces():
    assert spans_of(["the", " cat"], "the cat") == [(0, 3), (3, 7)]
    assert spans_of(["⍰", "⍰", " a"], "木 a") == [(0, 1), (0, 1), (1, 3)]
    assert spans_of(["a", "⍰"], "a木") == [(0, 1), (1, 2)]
    assert spans_of(["dog"], "the cat") is None
