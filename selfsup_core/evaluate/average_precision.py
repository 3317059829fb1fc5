"""Mean average precision of boxes, as COCO's evaluation has it.

Boxes of a class are taken from the surest on; one is right where it overlaps a true box of the class that no
surer one has taken, by at least a threshold. Average precision is the mean, over 101 levels of recall, of the
best precision at that recall or above; mAP@.5 is its mean over classes at a threshold of 0.5, and
mAP@[.5:.95] over ten thresholds too.
[1] Lin et al.: Microsoft COCO, 2014 (compared with pycocotools in the tests)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0.0, 1.0, 101)
MOST = 100  # boxes of a picture that are looked at, the surest ones


@dataclass(frozen=True)
class Matched:
    """The boxes of one class in all pictures, the surest first.

    Attributes:
        rows: (D,) of which picture.
        is_right: (T, D) whether each is right, for each threshold.
        true: (N,) true boxes of each picture.
    """

    rows: np.ndarray
    is_right: np.ndarray
    true: np.ndarray


def overlaps(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(D, 4) and (G, 4) corners → (D, G) shared area divided by the area of both together."""
    sides = np.minimum(first[:, None, 2:], second[None, :, 2:]) - np.maximum(
        first[:, None, :2], second[None, :, :2]
    )
    shared = np.clip(sides, 0, None).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (first, second)]
    found: np.ndarray = shared / np.maximum(areas[0][:, None] + areas[1][None] - shared, 1e-12)
    return found


def match(found: np.ndarray, true: np.ndarray, thresholds: np.ndarray = THRESHOLDS) -> np.ndarray:
    """(D, 4) boxes of one picture and class, the surest first, and (G, 4) true ones → (T, D) which are right.

    Each takes, of the true boxes that are left, the one that it overlaps most.
    """
    is_right = np.zeros((len(thresholds), len(found)), bool)
    if len(true) == 0 or len(found) == 0:
        return is_right
    shared = overlaps(found, true)
    is_taken = np.zeros((len(thresholds), len(true)), bool)
    limits = np.minimum(thresholds, 1 - 1e-10)
    every = np.arange(len(thresholds))
    for place in range(len(found)):
        free = np.where(is_taken, -1.0, shared[place])  # (T, G)
        best = free.shape[1] - 1 - free[:, ::-1].argmax(axis=1)  # of equal ones the last, as pycocotools
        right = free[every, best] >= limits
        is_right[:, place] = right
        is_taken[every[right], best[right]] = True
    return is_right


def match_all(
    corners: np.ndarray,
    scores: np.ndarray,
    labels: np.ndarray,
    true_corners: np.ndarray,
    true_labels: np.ndarray,
    classes: int,
    thresholds: np.ndarray = THRESHOLDS,
) -> list[Matched]:
    """Of each class. Args: (N, K, 4), (N, K), (N, K) found, and (N, M, 4), (N, M) true; a label of -1 is no
    box.
    """
    matched = []
    for kind in range(classes):
        rows, found, right = [], [], []
        is_kind, is_true = labels == kind, true_labels == kind
        for row in np.flatnonzero(is_kind.any(axis=1)):
            places = np.flatnonzero(is_kind[row])
            places = places[np.argsort(-scores[row, places], kind="stable")][:MOST]
            right.append(match(corners[row, places], true_corners[row, is_true[row]], thresholds))
            found.append(scores[row, places])
            rows.append(np.full(len(places), row))
        if rows:
            order = np.argsort(-np.concatenate(found), kind="stable")
            matched.append(
                Matched(
                    np.concatenate(rows)[order], np.concatenate(right, axis=1)[:, order], is_true.sum(axis=1)
                )
            )
        else:
            none = np.zeros((len(thresholds), 0), bool)
            matched.append(Matched(np.zeros(0, np.int64), none, is_true.sum(axis=1)))
    return matched


def average_precision(one: Matched, counts: np.ndarray) -> np.ndarray:
    """(T,) for each threshold, where picture i stands `counts[i]` times; NaN without a true box."""
    total = float(counts @ one.true)
    if total == 0:
        return np.full(len(one.is_right), np.nan)
    weights = counts[one.rows]
    right = np.cumsum(one.is_right * weights, axis=1)
    every = np.cumsum(weights)
    recall, precision = right / total, right / np.maximum(every, 1e-12)
    # From right to left, the best precision that is still to come.
    precision = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    found = np.zeros(len(recall))
    for threshold in range(len(recall)):
        places = np.searchsorted(recall[threshold], RECALLS, side="left")
        is_reached = places < recall.shape[1]
        found[threshold] = precision[threshold, places[is_reached]].sum() / len(RECALLS)
    return found


def mean_average_precision(
    matched: Sequence[Matched], counts: np.ndarray | None = None
) -> tuple[float, float]:
    """(mAP@.5, mAP@[.5:.95]) for the ten thresholds; classes without a true box do not count."""
    if not matched:
        return 0.0, 0.0
    counts = np.ones(len(matched[0].true), np.int64) if counts is None else counts
    table = np.array([average_precision(one, counts) for one in matched])  # (classes, T)
    table = table[~np.isnan(table).any(axis=1)]
    return (float(table[:, 0].mean()), float(table.mean())) if len(table) else (0.0, 0.0)
