"""How good transcripts are: word and letter error rate, as jiwer counts them.

rate = (substituted + deleted + inserted) / words of the reference, over all rows; above 1 where more is
written than is said.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfsup_core.evaluate.bootstrap import ScoreOf


def count_errors(written: Sequence[str], references: Sequence[str]) -> np.ndarray:
    """(N, 4): errors in words, words of the reference, errors in letters, letters of the reference."""
    import jiwer

    found = np.zeros((len(references), 4), np.int64)
    for row, (one, true) in enumerate(zip(written, references, strict=True)):
        if not true:  # jiwer takes no empty reference; every word is one too many
            found[row] = len(one.split()), 0, len(one), 0
            continue
        words, letters = jiwer.process_words(true, one), jiwer.process_characters(true, one)
        for place, counted in ((0, words), (2, letters)):
            errors = counted.substitutions + counted.deletions + counted.insertions
            found[row, place] = errors
            found[row, place + 1] = counted.hits + counted.substitutions + counted.deletions
    return found


def rate(errors: int, size: int) -> float:
    """Errors per word; without a reference each error counts whole."""
    return float(errors) / max(1, int(size))


def word_error_rate(written: Sequence[str], references: Sequence[str]) -> float:
    errors, size, *_ = count_errors(written, references).sum(axis=0)
    return rate(errors, size)


def letter_error_rate(written: Sequence[str], references: Sequence[str]) -> float:
    *_, errors, size = count_errors(written, references).sum(axis=0)
    return rate(errors, size)


def score_of(written: Sequence[str], references: Sequence[str]) -> ScoreOf:
    """Word error rate where rows count so often."""
    counts = count_errors(written, references)[:, :2]

    def score(times: np.ndarray) -> float:
        errors, size = times @ counts
        return rate(errors, size)

    return score
