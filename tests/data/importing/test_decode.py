"""Bytes of text files: which encoding, where there is no mark of it."""

from __future__ import annotations

import pytest

from selfsup_core.data.importing.decode import decode, detect_encoding
from selfsup_core.errors import DataError

PLAIN = "A plain line of English text, positive\n" * 20


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1250", "Zażółć gęślą jaźń, to jest zdanie po polsku.\n"),
        ("cp1250", "Příliš žluťoučký kůň úpěl ďábelské ódy.\n"),
        ("cp1250", "Árvíztűrő tükörfúrógép, ez egy mondat.\n"),
        ("cp1252", "Le café était très agréable où ça plaît à l'été.\n"),
        ("cp1252", "El niño está aquí, ¿qué tal?\n"),
        ("cp1252", "Não há razões para a situação.\n"),
        ("cp1252", "It’s a naïve café for £5\n"),
        ("cp1251", "Быстрая коричневая лиса прыгает через собаку.\n"),
        ("shift_jis", "この映画はとても面白くて感動しました\n"),
    ],
)
@pytest.mark.parametrize("before", ["", PLAIN])
def test_the_encoding_is_found_of_one_line_or_of_three_behind_english(encoding, text, before):
    whole = before + text * 3
    assert decode("a.csv", whole.encode(encoding))[0] == whole


def test_lines_of_two_encodings_are_each_read_as_what_they_are():
    lines = ["Das Gebäude ist schön und groß\n", "Le café\n"] * 5
    data = b"".join(line.encode("cp1252" if i % 3 else "utf-8") for i, line in enumerate(lines))
    text, encoding, note = decode("a.csv", data)
    assert text == "".join(lines)
    assert "UTF-8 in some lines" in note
    assert decode("a.csv", data, encoding)[0] == text  # as the page hands it back


def test_a_few_zero_bytes_are_left_out_and_many_refused():
    data = b"text,label\n" + b"a line of text,pos\n" * 20 + b"one\0 more,neg\n"
    text, _, note = decode("a.csv", data)
    assert text.endswith("one more,neg\n")
    assert note == "1 zero bytes of a.csv were left out."
    with pytest.raises(DataError, match="zero bytes"):
        detect_encoding("a.csv", b"a\0b\0\0c\n" * 10)
