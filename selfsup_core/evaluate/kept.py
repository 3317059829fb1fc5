"""Which pseudo-labels were proposed and kept in an epoch, counted; the true classes serve these counts
alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfsup_core.evaluate.classification import class_sums, confusion_matrix

PSEUDO = "pseudo.safetensors"  # in a run's folder: all proposals of its newest epoch
STUDENT = "pseudo-student.safetensors"  # what the trained student predicts for the rows of all proposals
OUTSIDE = "pseudo-outside.safetensors"  # what the trained student predicts for the other unlabeled rows
MOST_FLOWING = 20  # classes whose changes are kept, where all pairs would be too many
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
    and kept_confusion, else what `flow_of_many` gives and kept_confusion_sums, `class_sums` of kept labels by
    truth.

    Args:
        before: (P,) kept labels of the round before. given: (N,) labels that training may see, -1 for none.
    """
    kept = now.kept_label
    mix = np.stack([class_counts(rows, classes) for rows in (truth, now.label, kept, given)])
    found = {"mix": mix, "histogram": histogram(now.label, now.confidence, truth, classes)}
    known = (truth >= 0) & (kept >= 0)
    by_truth = confusion_matrix(truth[known], kept[known], classes)
    if with_pairs:
        found["flow"] = flow(before, kept, classes)
        found["kept_confusion"] = by_truth.astype(np.int32)
    else:
        found |= flow_of_many(before, kept, classes)
        found["kept_confusion_sums"] = class_sums(by_truth.T)
    return found


def class_counts(labels: np.ndarray, classes: int) -> np.ndarray:
    """(N,) class numbers, -1 for none → (C,) int32."""
    return np.bincount(labels[labels >= 0], minlength=classes).astype(np.int32)


def flow(before: np.ndarray, after: np.ndarray, classes: int) -> np.ndarray:
    """(P,) kept labels of two rounds, -1 for none → (C + 1, C + 1) counts from … to; 0 is "not kept"."""
    return confusion_matrix(before + 1, after + 1, classes + 1).astype(np.int32)


def flow_of_many(before: np.ndarray, after: np.ndarray, classes: int) -> dict[str, np.ndarray]:
    """The `flow` between the classes that change most, where all would be too many.

    Args:
        before, after: (P,) kept labels of two rounds, -1 for none.

    Returns: flow_classes (K,), the classes with most rows that came or went, the first most; flow
        (K + 2, K + 2) counts, of which 0 is "not kept", 1 to K are these classes, and K + 1 is all others;
        flow_totals (5,): rows that are not kept, newly kept, stayed, changed class, were dropped.
    """
    moved = before != after
    changes, sizes = (
        class_counts(before[rows], classes) + class_counts(after[rows], classes)
        for rows in (moved, slice(None))
    )
    chosen = np.lexsort((np.arange(classes), -sizes, -changes))[:MOST_FLOWING]
    chosen = chosen[sizes[chosen] > 0]
    place = np.full(classes + 1, len(chosen) + 1)
    place[0] = 0
    place[chosen + 1] = 1 + np.arange(len(chosen))
    was, now = before >= 0, after >= 0
    totals = [~was & ~now, ~was & now, was & now & ~moved, was & now & moved, was & ~now]
    return {
        "flow": confusion_matrix(place[before + 1], place[after + 1], len(chosen) + 2).astype(np.int32),
        "flow_classes": chosen.astype(np.int32),
        "flow_totals": np.array([rows.sum() for rows in totals], np.int32),
    }


def histogram(label: np.ndarray, confidence: np.ndarray, truth: np.ndarray, classes: int) -> np.ndarray:
    """(P,) proposals → (C, 100, 3) counts by class, hundredth of confidence, and right, wrong, truth unknown.

    Those without a confidence have no place in it.
    """
    there = (label >= 0) & ~np.isnan(confidence)
    bins = np.minimum((confidence[there] * BINS).astype(np.int64), BINS - 1)
    kind = np.where(truth[there] < 0, 2, (truth[there] != label[there]).astype(np.int64))
    place = (label[there].astype(np.int64) * BINS + bins) * 3 + kind
    return np.bincount(place, minlength=classes * BINS * 3).reshape(classes, BINS, 3).astype(np.int32)
