"""Questions made of passages: what they look like, that their answer stands there, and that nothing breaks
them.
"""

from __future__ import annotations

import numpy as np
import pytest

from selfsup_core.data.questions import questions_of
from selfsup_core.data.sources import SOURCES
from selfsup_core.pseudo.cloze import make_clozes
from selfsup_core.pseudo.cloze.english_words import base_form

BRIDGE = (
    "The bridge over the Tarn was opened in 1932 by Mayor Elsa Horn. In spring, thousands of swallows nest "
    "under the arches. The old miller built a mill beside the bridge, and he sold his flour to the bakers of "
    "Lund. It is 240 metres long."
)
STONE = "青石桥建于1932年，全长约二十四米。石狮是由一位名叫陈大山的石匠雕刻的。桥上刻着六只石狮。"


def asked(passage: str, most: int = 40) -> dict[str, str]:
    return {one.question: passage[one.start : one.end] for one in make_clozes(passage, most)}


@pytest.mark.parametrize(
    ("passage", "question", "answer"),
    [
        (BRIDGE, "When was the bridge over the Tarn opened by Mayor Elsa Horn?", "1932"),
        (BRIDGE, "By whom was the bridge over the Tarn opened in 1932?", "Mayor Elsa Horn"),
        (BRIDGE, "What did he sell to the bakers of Lund?", "flour"),
        (BRIDGE, "How many metres is it long?", "240"),
        (STONE, "青石桥建于哪一年？", "1932年"),
        (STONE, "桥上刻着多少只石狮？", "六只"),
        (STONE, "石狮是由一位名叫什么的石匠雕刻的？", "陈大山"),
    ],
)
def test_questions_ask_for_what_was_left_out(passage, question, answer):
    assert asked(passage).get(question) == answer


@pytest.mark.parametrize("name", ["passages", "passages-zh"])
def test_of_every_passage_some_questions_are_made(name):
    passages = list(dict.fromkeys(row.passage for row in questions_of(SOURCES[name].build())))
    for passage in passages:
        found = make_clozes(passage, 12)
        assert 3 <= len(found) <= 12
        assert len({one.question for one in found}) == len(found)
        for one in found:
            assert 0 <= one.start < one.end <= len(passage)
            assert passage[one.start : one.end].strip() == passage[one.start : one.end]
            assert one.question.endswith(("?", "？"))
        assert make_clozes(passage, 12) == found, "the same each time"
        assert len(make_clozes(passage, 3)) == 3


def test_nothing_breaks_the_rules():
    letters = list("Aab 19.,;:!?\"'’-()\n\t的在年月三千《》“”，。é🙂\u200b\x00")
    generator = np.random.default_rng(0)
    for size in (0, 1, 2, 5, 30, 200):
        for _ in range(30):
            passage = "".join(generator.choice(letters, size))
            for one in make_clozes(passage, 8):
                assert passage[one.start : one.end]
                assert one.question.strip("?？ ")
    assert make_clozes("word " * 4000, 8) == []


def test_plain_forms_of_verbs():
    pairs = "opened:open baked:bake carried:carry stopped:stop walked:walk used:use visited:visit wrote:write"
    for pair in pairs.split():
        past, plain = pair.split(":")
        assert base_form(past) == plain
    assert [base_form(word) for word in ("bridge", "red", "hundred", "e-ed")] == [""] * 4
