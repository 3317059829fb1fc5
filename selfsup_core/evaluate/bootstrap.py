"""Whether one of two systems is better on the same rows: a paired bootstrap, for scores that are no means
of rows.

BLEU, word error rate and average precision are made from sums over all rows. Rows are drawn with replacement,
both systems are scored on the same draw, and the difference's middle 95% is its interval.
[1] Koehn: Statistical significance tests for machine translation evaluation, 2004
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from typing_extensions import TypedDict

DRAWS = 1000
LEVEL = 0.05

# (T,) how often each row counts → score.
ScoreOf = Callable[[np.ndarray], float]


class Compared(TypedDict):
    """Scores on all rows, their difference, and the middle 95% of it."""

    student: float
    twin: float
    difference: float
    low: float
    high: float
    rows: int


def paired_bootstrap(
    student: ScoreOf, twin: ScoreOf, rows: int, *, draws: int = DRAWS, seed: int = 0
) -> Compared:
    """Compare two systems on the same `rows` test rows."""
    whole = np.ones(rows, np.int64)
    first, second = student(whole), twin(whole)
    generator = np.random.default_rng(seed)
    found = np.empty(draws)
    for draw in range(draws):
        counts = np.bincount(generator.integers(0, rows, rows), minlength=rows)
        found[draw] = student(counts) - twin(counts)
    low, high = np.quantile(found, [LEVEL / 2, 1 - LEVEL / 2])
    return {
        "student": first,
        "twin": second,
        "difference": first - second,
        "low": float(low),
        "high": float(high),
        "rows": rows,
    }
