"""Whether a new sample is unlike the training rows, so that a prediction for it should not be trusted.

Texts by the share of their words that no training text has; rows of a table, images and spectrograms by the
distance to the nearest training row. No label is used. The limit is the 99th percentile: of texts and tables
among the training rows, each held against the others; of images and sounds among the validation rows.
Measured on the built-in images and sounds, 0 to 5% of the test rows are far; of samples of another set 70 to
100%, but of digits by a classifier of clothes 35%. So a warning is informative, but its absence proves
nothing.
"""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from selfsup_core.data.texts import Texts
from selfsup_core.export.about import Novelty
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import percent

LIMIT = 0.99  # quantile of the training rows
MOST_TEXTS, MOST_WORDS, MOST_ROWS = 20_000, 100_000, 500
LETTERS = 20_000  # of a text
MOST_PICTURES, MOST_VALUES = 2_000, 4_000_000  # of training rows of images and sounds that are kept
LEAST_VALIDATION = 50  # rows, below which their 99th percentile says too little
ROWS_SAID = tr_later("Farther from every training row than 99% of the training rows are from each other.")
PICTURES_SAID = tr_later(
    "Farther from every training sample, value by value, than 99% of the validation samples."
)


def words_of(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", text[:LETTERS].casefold()) if not word.isdigit()}


def fit_words(texts: Texts, train: np.ndarray) -> Novelty:
    """The words of the training texts, and the share of others above which a text is far."""
    step = -(-len(train) // MOST_TEXTS) or 1
    seen = [words_of(texts[int(row)]) for row in train[::step]]
    counts = Counter(word for words in seen for word in words)
    # A word of this text alone counts as unknown.
    shares = [sum(counts[word] == 1 for word in words) / len(words) for words in seen if words]
    limit = float(np.quantile(shares, LIMIT)) if shares else 1.0
    return {"words": [word for word, _ in counts.most_common(MOST_WORDS)], "most_unknown": round(limit, 4)}


def far_texts(novelty: Novelty, texts: list[str]) -> list[str]:
    """Of each text why it is unlike the training texts, or ""."""
    known, most, said = set(novelty["words"]), novelty["most_unknown"], []
    for text in texts:
        words = words_of(text)
        share = len(words - known) / len(words) if words else 0.0
        far = share > most
        said.append(
            tr("{share} of its words occur in no training text: another topic or language?").format(
                share=percent(share)
            )
            if far
            else ""
        )
    return said


def fit_rows(x: np.ndarray) -> tuple[np.ndarray, float]:
    """(R, D) features of training rows → (at most 500, D) of them, and the distance above which a row is
    far.
    """
    reference = x[:: -(-len(x) // MOST_ROWS) or 1].astype(np.float32)
    if len(reference) < 2:
        return reference, float("inf")
    away = distances(reference, reference)
    np.fill_diagonal(away, np.inf)
    return reference, float(np.quantile(away.min(axis=1), LIMIT))


def fit_pictures(
    x: np.ndarray, scale: float, train: np.ndarray, validation: np.ndarray
) -> tuple[np.ndarray, float]:
    """(N, …) stored bytes → (R, D) bytes of training rows, and the distance above which a sample is far.

    Args:
        scale: `x * scale` are values in [0, 1], in which distances are measured.

    Returns: infinity where there are too few validation rows to know it.
    """
    most = max(1, min(MOST_PICTURES, MOST_VALUES // int(np.prod(x.shape[1:]))))
    reference = np.asarray(x[np.sort(train[:: -(-len(train) // most) or 1])]).reshape(
        -1, int(np.prod(x.shape[1:]))
    )
    if len(validation) < LEAST_VALIDATION:
        return reference, float("inf")
    held = np.asarray(x[np.sort(validation[:MOST_PICTURES])]).reshape(-1, reference.shape[1])
    return reference, float(np.quantile(nearest(scaled(held, scale), scaled(reference, scale)), LIMIT))


def scaled(x: np.ndarray, scale: float) -> np.ndarray:
    return x.astype(np.float32) * np.float32(scale)


def far_rows(reference: np.ndarray, most: float, x: np.ndarray, said: str = ROWS_SAID) -> list[str]:
    """Of each row of features why it is unlike the training rows, or ""."""
    return [said if distance > most else "" for distance in nearest(x, reference)]


def nearest(x: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """(N, D), (R, D) → (N,) distance of each row to the nearest of the reference."""
    return np.concatenate(
        [distances(part, reference).min(axis=1) for part in np.array_split(x, len(x) // 4096 + 1)]
    )


def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    found: np.ndarray = np.sqrt(np.maximum(squares, 0.0))
    return found
