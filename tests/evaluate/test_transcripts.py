"""Word error rate beside a slow edit distance."""

from __future__ import annotations

import numpy as np
import pytest

from selfsup_core.evaluate.transcripts import count_errors, letter_error_rate, score_of, word_error_rate


def distance(one: list[str], other: list[str]) -> int:
    """Fewest words to change, add and drop."""
    if not one or not other:
        return len(one) + len(other)
    if one[-1] == other[-1]:
        return distance(one[:-1], other[:-1])
    return 1 + min(distance(one[:-1], other[:-1]), distance(one[:-1], other), distance(one, other[:-1]))


def test_errors_are_the_edit_distance():
    generator = np.random.default_rng(0)
    texts = [" ".join(generator.choice(list("abc"), generator.integers(0, 6))) for _ in range(40)]
    written, references = texts[:20], texts[20:]
    counts = count_errors(written, references)
    for (errors, words, *_), one, true in zip(counts, written, references, strict=True):
        assert (errors, words) == (distance(one.split(), true.split()), len(true.split()))
    rate = word_error_rate(written, references)
    assert rate == pytest.approx(counts[:, 0].sum() / counts[:, 1].sum())
    assert score_of(written, references)(np.ones(20, np.int64)) == pytest.approx(rate)
    twice = np.r_[np.full(10, 2), np.zeros(10, int)]
    assert score_of(written, references)(twice) == pytest.approx(
        word_error_rate(written[:10], references[:10])
    )


def test_nothing_written_is_all_wrong_and_nothing_said_never_divides_by_0():
    assert word_error_rate(["", ""], ["one two", "three"]) == 1
    assert letter_error_rate(["six"], ["six"]) == 0
    assert letter_error_rate(["sax"], ["six"]) == pytest.approx(1 / 3)
    assert word_error_rate(["one two"], [""]) == 2
    assert word_error_rate([""], [""]) == 0
