"""Which pseudo-labels were proposed and kept in an epoch, counted; the true classes serve these counts
alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfsup_core.evaluate.classification import confusion_matrix

PSEUDO = "pseudo.safetensors"  # in a run's folder: all proposals of its newest epoch
OUTSIDE = "pseudo-outside.safetensors"  # what the trained student predicts for the other unlabeled rows
BINS = 100  # of a confidence between 0 and 1


@dataclass
class Kept:
    """What is known of the pool's rows after an epoch, (P,) each.

    Attributes:
        label: proposed class, -1 where no one proposes. confidence: its probability, 0 there, and NaN where a
            class is named without one.
        weight: with which it is learned from, 0 when it is not kept. first: round in which it was first kept,
        or -1.
        voters: bit i is set when proposer i names this class.
    """

    label: np.ndarray
    confidence: np.ndarray
    weight: np.ndarray
    first: np.ndarray
    voters: np.ndarray

    @classmethod
    def nothing(cls, size: int) -> Kept:
        none = np.full(size, -1, np.int32)
        return cls(
            none,
            np.zeros(size, np.float32),
            np.zeros(size, np.float32),
            none.copy(),
            np.zeros(size, np.uint16),
        )

    @property
    def kept_label(self) -> np.ndarray:
        """(P,) class that is learned, -1 for none."""
        return np.where(self.weight > 0, self.label, -1)


def describe_kept(before: Kept, now: Kept, truth: np.ndarray) -> dict[str, float | None]:
    """Numbers of what was kept, (P,) true classes or -1; what needs the truth is None where it is unknown."""
    kept = now.kept_label
    is_kept, known = kept >= 0, (kept >= 0) & (truth >= 0)
    changed = (before.kept_label >= 0) & is_kept & (before.kept_label != kept)
    size = max(1, len(kept))
    return {
        "coverage": float(is_kept.sum() / size),
        "pseudo_precision": float((kept == truth)[known].mean()) if known.any() else None,
        "kept_rows": float(is_kept.sum()),
        "kept_known": float(known.sum()),
        "proposed": float((now.label >= 0).sum() / size),
        "flips": float(changed.sum() / max(1, is_kept.sum())),
    }


def count_kept(
    before: np.ndarray, now: Kept, truth: np.ndarray, given: np.ndarray, classes: int, *, with_pairs: bool
) -> dict[str, np.ndarray]:
    """Counts of a frame: mix (4, C) of truth, proposed, kept and given; histogram; with pairs of classes flow
    and kept_confusion.

    Args:
        before: (P,) kept labels of the round before. given: (N,) labels that training may see, -1 for none.
    """
    kept = now.kept_label
    mix = np.stack([class_counts(rows, classes) for rows in (truth, now.label, kept, given)])
    found = {"mix": mix, "histogram": histogram(now.label, now.confidence, truth, classes)}
    if with_pairs:
        known = (truth >= 0) & (kept >= 0)
        found["flow"] = flow(before, kept, classes)
        found["kept_confusion"] = confusion_matrix(truth[known], kept[known], classes).astype(np.int32)
    return found


def class_counts(labels: np.ndarray, classes: int) -> np.ndarray:
    """(N,) class numbers, -1 for none → (C,) int32."""
    return np.bincount(labels[labels >= 0], minlength=classes).astype(np.int32)


def flow(before: np.ndarray, after: np.ndarray, classes: int) -> np.ndarray:
    """(P,) kept labels of two rounds, -1 for none → (C + 1, C + 1) counts from … to; 0 is "not kept"."""
    return confusion_matrix(before + 1, after + 1, classes + 1).astype(np.int32)


def histogram(label: np.ndarray, confidence: np.ndarray, truth: np.ndarray, classes: int) -> np.ndarray:
    """(P,) proposals → (C, 100, 3) counts by class, hundredth of confidence, and right, wrong, truth unknown.

    Those without a confidence have no place in it.
    """
    there = (label >= 0) & ~np.isnan(confidence)
    bins = np.minimum((confidence[there] * BINS).astype(np.int64), BINS - 1)
    kind = np.where(truth[there] < 0, 2, (truth[there] != label[there]).astype(np.int64))
    place = (label[there].astype(np.int64) * BINS + bins) * 3 + kind
    return np.bincount(place, minlength=classes * BINS * 3).reshape(classes, BINS, 3).astype(np.int32)
