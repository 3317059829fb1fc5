"""What counting alone achieves on a text: every token by its own frequency, or by the one before it.

unigram: P(b) = (n(b) + 1) / (N + V)
bigram: P(b | a) = (n(ab) + κ P(b)) / (n(a) + κ), κ chosen on held-out training tokens.
[1] MacKay, Peto: A hierarchical Dirichlet language model, 1995
"""

from __future__ import annotations

import math

import numpy as np

STRENGTHS = (1.0, 5.0, 25.0, 125.0, 625.0)
MOST_TOKENS = 2_000_000
HELD_OUT = 0.1


def unigram(train: np.ndarray, size: int) -> np.ndarray:
    """(V,) probabilities, each at least once counted."""
    counts = np.bincount(train, minlength=size).astype(np.float64)
    found: np.ndarray = (counts + 1) / (counts.sum() + size)
    return found


def bigram_loss(train: np.ndarray, other: np.ndarray, size: int, strength: float) -> float:
    """Mean nats per token of `other`, its first one left out, by pairs counted in `train`."""
    single = unigram(train, size)
    pairs, counts = np.unique(train[:-1].astype(np.int64) * size + train[1:], return_counts=True)
    before = np.bincount(train[:-1], minlength=size)
    asked = other[:-1].astype(np.int64) * size + other[1:]
    place = np.minimum(np.searchsorted(pairs, asked), len(pairs) - 1)
    seen = np.where(pairs[place] == asked, counts[place], 0)
    p = (seen + strength * single[other[1:]]) / (before[other[:-1]] + strength)
    return float(-np.log(p).mean())


def ngram_baseline(train: np.ndarray, validation: np.ndarray, size: int) -> dict[str, float]:
    """{"uniform_loss", "unigram_loss", "bigram_loss"} of validation tokens, nats per token.

    Args:
        train, validation: (T,) token numbers below `size`, two or more of each.
    """
    train = train[:MOST_TOKENS]
    single = unigram(train, size)
    cut = max(2, round(len(train) * (1 - HELD_OUT)))
    held = train[cut:] if len(train) - cut >= 2 else train
    best = min(STRENGTHS, key=lambda s: bigram_loss(train[:cut], held, size, s))
    return {
        "uniform_loss": math.log(size),
        "unigram_loss": float(-np.log(single[validation]).mean()),
        "bigram_loss": bigram_loss(train, validation, size, best),
    }
