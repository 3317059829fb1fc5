"""The likeliest span against every span, and passages in windows."""

from __future__ import annotations

import numpy as np
import pytest

from selfsup_core.evaluate.reading.answering import MOST_TOKENS, Pointed, best_spans, put_together
from selfsup_core.features.windows import CLS, SEP, Reading, windows_of
from selfsup_core.pretrained.span_reader import STAND_INS, stand_in
from selfsup_core.pretrained.text_body import minilm_tokenizer


@pytest.fixture(scope="module")
def backend():
    return minilm_tokenizer().backend_tokenizer


@pytest.mark.parametrize("size", [1, 2, 7, 45])
def test_the_likeliest_span_of_all(size):
    generator = np.random.default_rng(size)
    start, end = (generator.dirichlet(np.ones(size)) for _ in range(2))
    every = {(i, j): start[i] * end[j] for i in range(size) for j in range(i, min(size, i + MOST_TOKENS))}
    best = best_spans(Pointed(start, end), 3)
    assert (best[0].first, best[0].last) == max(every, key=lambda place: every[place])
    assert best[0].probability == pytest.approx(max(every.values()))
    places = [place for one in best for place in range(one.first, one.last + 1)]
    assert len(places) == len(set(places)), "none lies within another"
    assert [one.probability for one in best] == sorted((one.probability for one in best), reverse=True)


def test_tokens_know_their_characters(backend):
    texts = ["The café's 3,000 “Blüten” — fine.", "青石桥建于1932年，🙂 ok", "[SEP] [CLS] x", ""]
    for read, text in zip(Reading(backend, 64).read(["Who?"] * 4, texts), texts, strict=True):
        assert len(read.tokens) == len(read.spans)
        assert "".join(text[a:b] for a, b in read.spans).replace(" ", "") == text.replace(" ", "")
        assert not {CLS, SEP} & set(read.tokens.tolist())
        for start, end in ((0, 1), (4, 9)):
            if end <= len(text) and text[start:end].strip():
                first, last = read.place(start, end)
                assert text[start:end].strip() in read.cut(text, first, last)


def test_unknown_characters_are_told_apart(backend):
    (read,) = Reading(backend, 64).read(["谁？"], ["陈雕狮桥陈"])
    tokens = read.tokens.tolist()
    assert tokens[0] == tokens[-1]
    assert len(set(tokens)) == 4
    assert len({stand_in(number) for number in range(STAND_INS)}) == STAND_INS


def test_windows_cover_a_long_passage_and_are_put_together_as_one(backend):
    passage = " ".join(str(number) for number in range(100, 300))
    (read,) = Reading(backend, 48).read(["Which number?"], [passage])
    assert len(read.starts) > 3
    windows = windows_of([(read, number) for number in range(len(read.starts))], 48)
    seen = np.zeros(len(read.tokens), int)
    for row, start in enumerate(read.starts):
        inside = slice(start, start + read.size)
        part = read.tokens[inside]
        seen[inside] += 1
        assert windows.ids[row, read.head : read.head + len(part)].tolist() == part.tolist()
        assert windows.mask[row].sum() == len(part) + read.head + 1
    assert seen.min() >= 1
    # A token's logit in each window is its number: whichever window counts, all of them are found in order.
    logits = np.zeros((len(read.starts), 48, 2))
    for row, start in enumerate(read.starts):
        for token in range(start, min(start + read.size, len(read.tokens))):
            logits[row, read.head + token - start] = token
    whole = put_together(read, logits)
    assert (np.diff(np.log(whole.start[-20:])) == pytest.approx(1)) is True
    for token in range(len(read.tokens)):
        window, start = read.window_of(token), read.starts[read.window_of(token)]
        assert start <= token < start + read.size, window
