"""What another model hears, written as the known transcripts are."""

from __future__ import annotations

import pytest

from selfsup_core.features.spelling import Spelling

DIGITS = Spelling.of(["four two seven", "zero one three", "five six eight nine", "go left"])
STORY = Spelling.of(
    ["it's forty two miles", "one hundred and nine", "a cafe in the north of", "zebra quick jump"]
)
GERMAN = Spelling.of(["acht und neun", "eins zwei drei", "vier fünf sechs sieben", "zwanzig null"])
CHINESE = Spelling.of(["一二三四", "五六七八九零", "向左走"])
CHINESE_COUNTS = Spelling.of(["四十二", "一百零三", "五六七八九千"])


@pytest.mark.parametrize(
    ("spelling", "heard", "written"),
    [
        (DIGITS, " Four, two; SEVEN! ", "four two seven"),
        (DIGITS, "427", "four two seven"),
        (DIGITS, "4-2-7.", "four two seven"),
        (DIGITS, "1,234 left", "one two three four left"),
        (DIGITS, "4,2,7", "four two seven"),
        (DIGITS, "[music] go (laughs) left <i>", "go left"),
        (DIGITS, "Go - left…", "go left"),
        (DIGITS, "don't", "dont"),
        (DIGITS, "", ""),
        (DIGITS, "?!", ""),
        (DIGITS, "４２", "four two"),
        (STORY, "It’s 42 miles", "it's forty two miles"),
        (STORY, "042", "zero four two"),
        (STORY, "12,345", "one two three four five"),
        (STORY, "109", "one hundred nine"),
        (STORY, "a café", "a cafe"),
        (GERMAN, "28", "achtundzwanzig"),
        (GERMAN, "Fünf, 3", "fünf drei"),
        (CHINESE, "427，向左走。", "四二七向左走"),
        (CHINESE_COUNTS, "42", "四十二"),
    ],
)
def test_letters_and_numbers_are_those_of_the_known_transcripts(spelling, heard, written):
    assert spelling.write(heard) == written


def test_what_cannot_be_written_is_left_to_be_seen():
    assert DIGITS.foreign(DIGITS.write("four jazz")) == "aj"
    assert DIGITS.foreign(DIGITS.write("前")) == "前"
    with_digits = Spelling.of(["room 4", "7 up"])
    assert with_digits.write("Room 47!") == "room 47", "the known transcripts write numbers in digits"
    without_numbers = Spelling.of(["go left"])
    assert without_numbers.write("go 4") == "go 4"
    assert without_numbers.foreign("go 4") == "4"
    assert DIGITS.has_words("four left")
    assert not DIGITS.has_words("for left")


def test_what_is_written_stays_as_it_is():
    for spelling, text in ((DIGITS, "four two seven"), (STORY, "it's forty two miles"), (CHINESE, "一二三")):
        assert spelling.write(text) == text
        assert spelling.foreign(text) == ""
