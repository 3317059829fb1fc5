"""Transcripts of known words, beside a slow reference that tries every path."""

from __future__ import annotations

from itertools import groupby, product

import numpy as np
import pytest

from selfsup_core.evaluate.reading import known_words
from selfsup_core.evaluate.reading.known_words import KnownWords, read_known
from selfsup_core.features.letters import Letters

TEXTS = ("ab a", "bb")
LETTERS = Letters.of(TEXTS)
WORDS = KnownWords.of(LETTERS, TEXTS)


def drawn(seed: int, columns: int, tokens: int = 4) -> np.ndarray:
    logits = 2 * np.random.default_rng(seed).standard_normal((columns, tokens))
    return (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))).astype(np.float32)


def best_of_all(log_p: np.ndarray, letters: Letters, texts: tuple[str, ...]) -> tuple[list[int], float]:
    known = {word for text in texts for word in text.split()}
    found = []
    for path in product(range(letters.size), repeat=len(log_p)):
        tokens = [token for token, _ in groupby(path) if token]
        text = "".join(letters.alphabet[token - 1] for token in tokens)
        if not text or all(word in known for word in text.split(" ")):
            found.append((float(log_p[range(len(log_p)), path].mean()), tokens))
    mean, tokens = max(found)
    return tokens, mean


@pytest.mark.parametrize("columns", [1, 2, 3, 5, 6])
def test_the_likeliest_of_all_paths_through_known_words_is_found(columns):
    clips = [drawn(seed, columns) for seed in range(6)]
    tokens, means = read_known(clips, WORDS)
    for log_p, own, mean in zip(clips, tokens, means, strict=True):
        wanted, best = best_of_all(log_p, LETTERS, TEXTS)
        assert own == wanted
        assert mean == pytest.approx(best, abs=1e-5)


def test_several_words_stand_apart_also_over_a_blank():
    heard = [2, 3, 0, 1, 0, 2, 0, 1, 3, 0, 3]  # "ab", space, blank, "a", blank, space, "bb"
    log_p = np.log(np.full((len(heard), 4), 0.02) + 0.92 * np.eye(4)[heard]).astype(np.float32)
    (tokens,), _ = read_known([log_p], WORDS)
    assert LETTERS.decode(tokens) == "ab a bb"


def test_clips_beside_it_and_small_parts_change_nothing(monkeypatch):
    clips = [drawn(seed, columns) for seed, columns in enumerate((7, 2, 30, 1, 12))]
    together, means = read_known(clips, WORDS)
    alone = [read_known([clip], WORDS) for clip in clips]
    assert together == [tokens[0] for tokens, _ in alone]
    assert np.allclose(means, [mean[0] for _, mean in alone])
    monkeypatch.setattr(known_words, "MOST", 1)
    in_parts, same_means = read_known(clips, WORDS)
    assert in_parts == together
    assert np.allclose(same_means, means)
    assert read_known([], WORDS)[0] == []


def test_without_spaces_a_clip_is_one_word():
    texts = ("ab", "b")
    letters = Letters.of(texts)
    words = KnownWords.of(letters, texts)
    for seed in range(6):
        log_p = drawn(seed, 5, tokens=3)
        assert read_known([log_p], words)[0][0] == best_of_all(log_p, letters, texts)[0]
