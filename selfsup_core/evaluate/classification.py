"""How good named classes are: accuracy, macro-F1, precision and recall of each class, and calibration.

ECE = Σ_b n_b / N |accuracy_b − confidence_b| over 15 equal bins of the most likely class's probability.
[1] Guo et al.: On calibration of modern neural networks, 2017
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BINS = 15
MOST_CONFUSED = 20  # classes that are told where there are very many


@dataclass(frozen=True)
class ClassScores:
    """Per class, (C,) each: precision and recall are 0 where they would be 0 / 0; support counts true
    rows.
    """

    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    support: np.ndarray


def confusion_matrix(y: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """y, predicted: (N,) class numbers → (C, C) counts, true classes down, predicted ones across."""
    pairs = np.asarray(y, np.int64) * classes + np.asarray(predicted, np.int64)
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def class_sums(confusion: np.ndarray) -> np.ndarray:
    """(C, C) counts → (5, C) int32, what they say of each class where a matrix would be too large to keep.

    Its hits, its rows, the rows that are taken for it, the class that most of its other rows are taken for
    (-1 for none), and how many these are.
    """
    hits = np.diag(confusion)
    wrong = confusion - np.diag(hits)
    count = wrong.max(axis=1)
    worst = np.where(count > 0, wrong.argmax(axis=1), -1)
    return np.stack([hits, confusion.sum(axis=1), confusion.sum(axis=0), worst, count]).astype(np.int32)


def most_confused(sums: np.ndarray) -> np.ndarray:
    """(5, C) `class_sums` → numbers of the 20 classes with most errors, or of all that have any."""
    errors = sums[1] + sums[2] - 2 * sums[0]
    first = np.argsort(-errors, kind="stable")[:MOST_CONFUSED]
    found: np.ndarray = first[errors[first] > 0]
    return found


def accuracy(confusion: np.ndarray) -> float | None:
    """Share of the rows that are classified correctly; None without rows."""
    total = confusion.sum()
    return float(np.trace(confusion) / total) if total else None


def score_classes(confusion: np.ndarray) -> ClassScores:
    """(C, C) counts → precision, recall and F1 of each class."""
    hits = np.diag(confusion).astype(float)
    support, named = confusion.sum(axis=1), confusion.sum(axis=0)
    return ClassScores(
        precision=hits / np.maximum(named, 1),
        recall=hits / np.maximum(support, 1),
        f1=2 * hits / np.maximum(support + named, 1),
        support=support,
    )


def macro_f1(confusion: np.ndarray) -> float | None:
    """Mean F1 of the classes that occur, truly or as prediction; None without rows."""
    occurs = (confusion.sum(axis=0) + confusion.sum(axis=1)) > 0
    return float(score_classes(confusion).f1[occurs].mean()) if occurs.any() else None


def balanced_accuracy(confusion: np.ndarray) -> float | None:
    """Mean recall of the classes that have rows; None without rows."""
    rows = confusion.sum(axis=1)
    seen = rows > 0
    return float((np.diag(confusion)[seen] / rows[seen]).mean()) if seen.any() else None


def calibration_error(confidence: np.ndarray, is_right: np.ndarray, *, bins: int = BINS) -> float | None:
    """confidence: (N,) in [0, 1], is_right: (N,) → ECE in [0, 1]; None without rows."""
    if len(confidence) == 0:
        return None
    # Bins are open below and closed above, as in the paper; a confidence of 0 falls into the first.
    place = np.clip(np.ceil(np.asarray(confidence, float) * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(place, np.asarray(is_right, float) - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(confidence))


def majority_accuracy(train_y: np.ndarray, y: np.ndarray) -> float | None:
    """Accuracy on `y` of always naming the most frequent class of `train_y`; None when a side is empty.

    Of several that are equally frequent one is drawn at random: the mean of their accuracies.
    """
    if len(train_y) == 0 or len(y) == 0:
        return None
    first = most_frequent(train_y)
    return float(np.isin(y, first).mean() / len(first))


def most_frequent(y: np.ndarray) -> np.ndarray:
    """(N,) class numbers → the most frequent ones, several where they are equally frequent."""
    counts = np.bincount(y)
    return np.flatnonzero(counts == counts.max()) if counts.any() else np.empty(0, np.int64)
