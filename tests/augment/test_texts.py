"""Views of texts: words are deleted, exchanged, cropped and replaced as often as said; one always stays."""

from __future__ import annotations

import random

import pytest

from selfsup_core.augment.config import TextAugmentation
from selfsup_core.augment.synonyms import read_synonyms, replace_word
from selfsup_core.augment.texts import change_text, split_words

LINE = " ".join(f"w{i}" for i in range(200))


def change(text: str, seed: int = 0, **settings: float) -> str:
    return change_text(text, TextAugmentation(**settings), random.Random(seed))


def test_dropout_alone_leaves_the_text():
    for text in (LINE, "", "  ", "花宫难久别，道者忆千灯。", "one\ttab\nline"):
        assert change(text) == text


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_a_text_without_words_stays(text):
    assert change(text, deletion=0.5, crop=0.5, swap=1.0, synonyms=1.0) == text


def test_deletion_leaves_the_order_and_one_word_at_least():
    words = change(LINE, deletion=0.3).split()
    assert 120 < len(words) < 160
    assert words == sorted(words, key=lambda word: int(word[1:]))
    for seed in range(30):
        assert change("only two", seed, deletion=0.95) in ("only", "two", "only two")


def test_swap_keeps_every_word_near_its_place():
    words = change(LINE, swap=1.0).split()
    assert sorted(words) == sorted(LINE.split())
    moved = [abs(int(word[1:]) - i) for i, word in enumerate(words)]
    assert max(moved) == 1
    assert sum(moved) >= 196
    assert change(LINE, swap=0.0, deletion=0.0) == LINE


def test_a_crop_is_one_span_of_the_text():
    lengths = []
    for seed in range(40):
        cropped = change(LINE, seed, crop=0.8)
        assert cropped in LINE
        lengths.append(len(cropped.split()))
    assert 40 <= min(lengths) < 80
    assert max(lengths) > 160


def test_chinese_characters_are_words_and_no_spaces_come_in():
    poem = "花宫难久别，道者忆千灯。"
    assert [word for _, word in split_words(poem)] == list(poem)
    varied = change(poem, swap=1.0, deletion=0.2)
    assert " " not in varied
    assert set(varied) <= set(poem)
    assert varied != poem


def test_synonyms_keep_capital_and_punctuation():
    known = read_synonyms()
    assert len(known) > 9000
    assert known["big"] == ("large",)
    chance = random.Random(0)
    assert replace_word("Big,", chance) == "Large,"
    assert replace_word("xyzzy!", chance) == "xyzzy!"
    assert replace_word("12", chance) == "12"
    assert change("a big dog", synonyms=1.0).split()[1] == "large"
