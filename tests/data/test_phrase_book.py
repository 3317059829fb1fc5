"""The phrase book: numbers in words, no sentence twice, and no sentence in two parts of a split."""

from __future__ import annotations

import numpy as np
import pytest

from selfsup_core.data.groups import join_alike
from selfsup_core.data.phrase_book import numbers as say
from selfsup_core.data.phrase_book.grammar import KINDS, make_phrases
from selfsup_core.data.sources import SOURCES, open_source
from selfsup_core.data.splits import split_rows

SETS = ("phrases-de", "phrases-zh", "interface-de", "interface-zh")


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    workspace = tmp_path_factory.mktemp("pairs")
    return {name: open_source(name, workspace, verify=True) for name in SETS}


@pytest.mark.parametrize(
    ("n", "english", "german", "chinese"),
    [
        (0, "zero", "null", "零"),
        (11, "eleven", "elf", "十一"),
        (21, "twenty-one", "einundzwanzig", "二十一"),
        (100, "one hundred", "einhundert", "一百"),
        (105, "one hundred five", "einhundertfünf", "一百零五"),
        (110, "one hundred ten", "einhundertzehn", "一百一十"),
        (1001, "one thousand one", "eintausendeins", "一千零一"),
        (7016, "seven thousand sixteen", "siebentausendsechzehn", "七千零一十六"),
        (
            9999,
            "nine thousand nine hundred ninety-nine",
            "neuntausendneunhundertneunundneunzig",
            "九千九百九十九",
        ),
    ],
)
def test_numbers_in_words(n, english, german, chinese):
    assert (say.english(n), say.german(n), say.chinese(n)) == (english, german, chinese)


def test_each_number_has_words_of_its_own():
    for words in (say.english, say.german, say.chinese):
        assert len({words(n) for n in range(10_000)}) == 10_000
    ordinals = {20: ("twentieth", "zwanzigst"), 3: ("third", "dritt"), 12: ("twelfth", "zwölft")}
    assert {n: (say.english_ordinal(n), say.german_ordinal(n)) for n in ordinals} == ordinals
    assert say.english_ordinal(23) == "twenty-third"
    assert (say.chinese_count(2), say.chinese_count(12)) == ("两", "十二")


def test_phrases_are_the_same_for_a_seed_and_never_come_twice():
    made = make_phrases(600, seed=4)
    assert made == make_phrases(600, seed=4)
    assert made != make_phrases(600, seed=5)
    assert np.bincount([phrase.kind for phrase in made]).tolist() == [120] * len(KINDS)
    for language in ("english", "german", "chinese"):
        texts = [getattr(phrase, language) for phrase in made]
        assert len(set(texts)) == 600
        assert all(text[-1] in ".?。？" and text.strip() == text for text in texts)
    # German puts the participle last, Chinese the place before it.
    german = [p.german for p in made if p.english.startswith("Yesterday")]
    assert german
    assert all(text.startswith("Gestern hat ") for text in german)


@pytest.mark.parametrize("name", SETS)
def test_a_set_of_pairs_is_what_its_source_says(opened, name):
    source, dataset = SOURCES[name], opened[name]
    assert source.missing() == ""
    assert (len(dataset), source.beside) == (source.samples, ("target",))
    assert len(dataset.extra["target"]) == len(dataset)
    assert all(dataset.extra["target"])
    assert dataset.provenance["licence"] == "Apache-2.0"


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("seed", [0, 1])
def test_no_sentence_is_in_two_parts(opened, name, seed):
    dataset = opened[name]
    split = split_rows(dataset, validation=0.1, test=0.1, seed=seed)
    for texts in (list(dataset.x), list(dataset.extra["target"])):
        train, validation, test = (
            {texts[r] for r in rows} for rows in (split.train, split.validation, split.test)
        )
        assert not train & validation
        assert not (train | validation) & test


def test_rows_that_share_a_sentence_of_either_side_are_one_group():
    groups = join_alike(["a", "b", "c", "B!"], ["x", "y", "X", "z"])
    assert groups.tolist() == [0, 1, 0, 1]
    assert join_alike(["a", "b"], ["x", "y"]) is None
    assert join_alike(["?", "!"], ["x", "y"]) is None, "signs alone are not alike"
    assert join_alike(["a", "b", "c"], ["x", "x", "y"]).tolist() == [0, 0, 2]
