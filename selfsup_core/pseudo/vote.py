"""Several proposers, one label: mean of their probabilities, most votes, or only where all agree.

Who names a class without saying how sure it is proposes a row `by_name`: it is a vote, and has no confidence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Vote:
    """What came of it.

    Attributes:
        probabilities: (N, C), rows of NaN where no one proposes, or where the rule leaves the row open;
            `by_name` where only proposers without probabilities have a class.
        coverage: (M,) share of the rows that each proposer names a class for.
        conflicts: share of the rows on which at least two name different classes.
        agreement: (M, M) share of the rows both name a class for on which it is the same; NaN where there are
        none.
    """

    probabilities: np.ndarray
    coverage: np.ndarray
    conflicts: float
    agreement: np.ndarray


def by_name(label: int, classes: int) -> np.ndarray:
    """(C,) of a class that is named without a probability: ∞ there, and 0 elsewhere."""
    row = np.zeros(classes, np.float32)
    row[label] = np.inf
    return row


def is_bare(p: np.ndarray) -> np.ndarray:
    """p: (…, C) → (…,) whether a class is named without a probability."""
    found: np.ndarray = np.isinf(p).any(axis=-1)
    return found


def named(p: np.ndarray) -> np.ndarray:
    """p: (N, C) → (N,) most likely class, -1 for rows of NaN."""
    there = ~np.isnan(p).any(axis=1)
    return np.where(there, np.nan_to_num(p).argmax(axis=1), -1)


def vote(proposals: list[np.ndarray], how: str = "mean") -> Vote:
    """M proposals of (N, C) each, abstaining in rows of NaN.

    Args:
        how: "mean" of the probabilities of all who propose; "majority": shares of the votes, ties stay ties
            and the mean decides among them; "agree": the mean, where all who propose name one class, and at
            least two do.
    """
    stack = np.stack(proposals)  # (M, N, C)
    labels = np.stack([named(p) for p in proposals])  # (M, N)
    there = labels >= 0
    voters = there.sum(axis=0)
    weighed = there & ~is_bare(stack)
    total = np.where(weighed[:, :, None], np.nan_to_num(stack), 0.0).sum(axis=0)
    mean = total / np.maximum(weighed.sum(axis=0), 1)[:, None]
    counts = np.stack([(labels == c).sum(axis=0) for c in range(stack.shape[2])], axis=1)
    bare = (voters > 0) & ~weighed.any(axis=0)
    mean[bare] = 0.0
    mean[bare, counts[bare].argmax(axis=1)] = np.inf
    lowest = np.where(there, labels, np.iinfo(np.int64).max).min(axis=0)
    highest = labels.max(axis=0)
    is_one = (voters > 0) & (lowest == highest)
    if how == "majority":
        # The mean only orders classes with as many votes: it moves no share by as much as one vote.
        found = (counts + 1e-3 * np.where(bare[:, None], 0.0, mean)) / np.maximum(voters, 1)[:, None]
        found = found / np.maximum(found.sum(axis=1, keepdims=True), 1e-12)
        found = np.where((bare & (voters == 1))[:, None], mean, found)  # one vote alone is no share of votes
        is_open = voters == 0
    else:
        found = mean
        is_open = (voters == 0) if how == "mean" else ~(is_one & (voters >= min(2, len(proposals))))
    found = np.where(is_open[:, None], np.nan, found).astype(np.float32)
    size = max(1, labels.shape[1])
    agreement = np.full((len(proposals),) * 2, np.nan)
    for i in range(len(proposals)):
        for j in range(len(proposals)):
            both = there[i] & there[j]
            if both.any():
                agreement[i, j] = (labels[i] == labels[j])[both].mean()
    return Vote(found, there.sum(axis=1) / size, float(((voters > 1) & ~is_one).sum() / size), agreement)
