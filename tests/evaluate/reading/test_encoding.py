"""Texts as tokens: control tokens stay text, characters are cut before a tokenizer sees them, each token has
its place.
"""

from __future__ import annotations

import pytest

from selfsup_core.evaluate.reading.encoding import MOST_CHARACTERS, encode, encode_masked
from selfsup_core.pretrained.loading import load_model
from tests.models.tiny import tiny_bert, tiny_gpt


@pytest.fixture(scope="module")
def gpt(tmp_path_factory):
    return load_model(tiny_gpt(tmp_path_factory.mktemp("gpt") / "gpt"))


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    return load_model(tiny_bert(tmp_path_factory.mktemp("bert") / "bert"))


def test_control_tokens_that_are_typed_are_letters(gpt):
    model, tokenizer = gpt
    made = encode(model, tokenizer, "a</s><s>[MASK]")
    assert tokenizer.eos_token_id not in made.ids
    assert made.ids.count(tokenizer.bos_token_id) == 1
    assert made.ids[0] == tokenizer.bos_token_id
    assert tokenizer.decode(made.own) == "a</s><s>[MASK]"


@pytest.mark.parametrize("text", ["the cat", "木 the", "  a  b ", "ö" * 5, "\x00", "👩‍👩‍👧 x"])
def test_places_cover_the_text(gpt, text: str):
    made = encode(*gpt, text)
    assert len(made.spans) == len(made.own)
    assert made.spans[0][0] == 0
    assert made.spans[-1][1] == len(text)
    assert all(a[1] == b[0] for a, b in zip(made.spans, made.spans[1:], strict=False))


def test_a_word_piece_takes_the_space_before_it(bert):
    made = encode_masked(*bert, "the cat [MASK] mat")
    assert made.spans == [(0, 3), (3, 7), (7, 14), (14, 18)]
    assert (made.before, made.after) == (1, 1)


def test_characters_are_cut_first(gpt, monkeypatch):
    model, tokenizer = gpt
    seen = []
    plain = type(tokenizer).__call__
    monkeypatch.setattr(
        type(tokenizer),
        "__call__",
        lambda self, text, **k: (seen.append(len(text)), plain(self, text, **k))[1],
    )
    text = "a" * 3 * MOST_CHARACTERS
    first = encode(model, tokenizer, text)
    last = encode(model, tokenizer, text, from_end=True)
    assert seen == [MOST_CHARACTERS] * 2
    assert first.note.startswith("The first 31 of")
    assert first.spans[0][0] == 0
    assert last.spans[-1][1] == len(text)
    assert last.start == len(text) - sum(b - a for a, b in last.spans)
