"""Whether a new sample is unlike the training rows, so that a prediction for it should not be trusted.

Texts by the share of their words that no training text has; rows of a table by the distance to the nearest training
row. The limit is the 99th percentile of the training rows themselves, each held against the others; no label is used.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np

from selfsup_core.data.texts import Texts

LIMIT = 0.99  # quantile of the training rows
MOST_TEXTS, MOST_WORDS, MOST_ROWS = 20_000, 100_000, 500
LETTERS = 20_000  # of a text


def words_of(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", text[:LETTERS].casefold()) if not word.isdigit()}


def fit_words(texts: Texts, train: np.ndarray) -> dict[str, Any]:
    """{"words": known ones, "most_unknown": share above which a text is far}, from training rows."""
    step = -(-len(train) // MOST_TEXTS) or 1
    seen = [words_of(texts[int(row)]) for row in train[::step]]
    counts = Counter(word for words in seen for word in words)
    # A word that only this text has is unknown to the others.
    shares = [sum(counts[word] == 1 for word in words) / len(words) for words in seen if words]
    limit = float(np.quantile(shares, LIMIT)) if shares else 1.0
    return {"words": [word for word, _ in counts.most_common(MOST_WORDS)], "most_unknown": round(limit, 4)}


def far_texts(novelty: dict[str, Any], texts: list[str]) -> list[str]:
    """Of each text why it is unlike the training texts, or ""."""
    known, most, said = set(novelty["words"]), novelty["most_unknown"], []
    for text in texts:
        words = words_of(text)
        share = len(words - known) / len(words) if words else 0.0
        far = share > most
        said.append(
            f"{share:.0%} of its words occur in no training text: another topic or language?" if far else ""
        )
    return said


def fit_rows(x: np.ndarray) -> tuple[np.ndarray, float]:
    """(R, D) features of training rows → (at most 500, D) of them, and the distance above which a row is far."""
    reference = x[:: -(-len(x) // MOST_ROWS) or 1].astype(np.float32)
    if len(reference) < 2:
        return reference, float("inf")
    away = distances(reference, reference)
    np.fill_diagonal(away, np.inf)
    return reference, float(np.quantile(away.min(axis=1), LIMIT))


def far_rows(reference: np.ndarray, most: float, x: np.ndarray) -> list[str]:
    """Of each row of features why it is unlike the training rows, or ""."""
    nearest = np.concatenate(
        [distances(part, reference).min(axis=1) for part in np.array_split(x, len(x) // 4096 + 1)]
    )
    text = "Farther from all training rows than 99 % of them are from each other."
    return [text if distance > most else "" for distance in nearest]


def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    found: np.ndarray = np.sqrt(np.maximum(squares, 0.0))
    return found
