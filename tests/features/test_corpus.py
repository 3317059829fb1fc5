"""Streams of tokens: what is cut where, what the vocabulary knows, and what is said of odd texts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.features.config import DataConfig
from selfsup_core.features.corpus import build_corpus
from selfsup_core.features.tokenizers import make_tokenizer

CONFIG = DataConfig(validation=0.1, test=0.1)


def texts_of(rows: list[str], y: list[int] | None = None) -> Dataset:
    return Dataset(
        id="t",
        kind="text",
        title="Some texts",
        x=Texts.pack(rows),
        y=None if y is None else np.array(y),
        classes=("a", "b") if y else (),
    )


def test_a_running_text_is_cut_in_its_order_and_the_end_is_not_seen():
    text = "".join(chr(97 + i % 26) for i in range(1000))
    corpus = build_corpus(texts_of([text]), CONFIG)
    assert corpus.is_running
    decode = corpus.tokenizer.decode
    assert decode(corpus.train.tokens) == text[:800]
    assert decode(corpus.validation.tokens) == text[800:900]
    assert (corpus.train.characters, corpus.validation.characters) == (800, 100)
    assert corpus.tokenizer.end is None


def test_texts_of_their_own_are_split_by_rows_with_an_end_behind_each():
    rows = [f"text number {i} " * 30 for i in range(40)]
    corpus = build_corpus(texts_of(rows, [i % 2 for i in range(40)]), CONFIG)
    assert not corpus.is_running
    end = corpus.tokenizer.end
    assert int((corpus.train.tokens == end).sum()) == 32
    assert int((corpus.validation.tokens == end).sum()) == 4
    train = {t for t in rows if t in corpus.tokenizer.decode(corpus.train.tokens)}
    assert len(train) == 32
    assert not train & set(corpus.texts)


def test_short_lines_without_labels_are_one_text_and_that_is_said():
    rows = [f"line {i}" for i in range(200)]
    corpus = build_corpus(texts_of(rows), CONFIG)
    assert corpus.is_running
    assert "Set Rows are to Separate texts" in corpus.notes[0]
    apart = build_corpus(texts_of(rows), CONFIG.model_copy(update={"text_unit": "texts"}))
    assert not apart.is_running


@pytest.mark.parametrize("kind", ["characters", "bpe"])
def test_the_vocabulary_comes_from_training_texts_alone(kind: str):
    text = "abc " * 400 + "xyz " * 50 + "qqq " * 50
    corpus = build_corpus(texts_of([text]), CONFIG, kind=kind, vocabulary=300)
    pieces = corpus.tokenizer.pieces(range(corpus.tokenizer.size))
    if kind == "characters":
        assert set(pieces) == {"<unk>", "a", "b", "c", " "}
        assert "read as unknown: x y z" in corpus.notes[-1]
    else:
        assert not any("xyz" in piece or "qqq" in piece for piece in pieces)
        assert corpus.tokenizer.decode(corpus.validation.tokens) in text, "bytes know everything"


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=60))
def test_a_text_comes_back(text: str):
    text = text.encode("utf-8", "replace").decode()
    for kind in ("characters", "bpe"):
        tokenizer = make_tokenizer([text, "abc"], kind=kind, vocabulary=300, has_ends=True)
        assert tokenizer.decode(tokenizer.encode(text)) == text


def test_text_that_looks_like_a_control_token_is_text():
    text = "a <|endoftext|> b [MASK] "
    tokenizer = make_tokenizer([text], kind="characters", vocabulary=0, has_ends=True, is_masked=True)
    numbers = tokenizer.encode(text)
    assert len(numbers) == len(text)
    assert not set(numbers.tolist()) & set(tokenizer.fast.all_special_ids)
    again = tokenizer.fast(text)["input_ids"]
    assert again == numbers.tolist(), "the tokenizer that is saved agrees"


@pytest.mark.parametrize(
    ("rows", "said"),
    [(["ab"], "too short"), (["   "] * 30, "are empty"), (["a" * 17], "too short")],
)
def test_too_little_text_is_said(rows: list[str], said: str):
    with pytest.raises(DataError, match=said):
        build_corpus(texts_of(rows), CONFIG.model_copy(update={"text_unit": "running"}))


def test_pictures_are_no_texts():
    images = Dataset(id="i", kind="image", title="Digits", x=np.zeros((20, 4, 4), np.uint8))
    with pytest.raises(DataError, match="Digits holds images; a language model needs texts"):
        build_corpus(images, CONFIG)


def test_a_set_may_say_that_its_short_rows_are_texts_of_their_own():
    rows = [f"line {i}" for i in range(200)]
    poems = replace(texts_of(rows), details={"is_running": False})
    corpus = build_corpus(poems, CONFIG)
    assert not corpus.is_running
    assert corpus.notes == ()
    assert int((corpus.train.tokens == corpus.tokenizer.end).sum()) == 160
    assert build_corpus(poems, CONFIG.model_copy(update={"text_unit": "running"})).is_running
