"""Labels that hold under the class shares of the unlabeled rows.

So many labels of each class do not tell how frequent the classes are. Where classes overlap and one of them
is rare, most rows that the classifier names as the rare class belong to the large one, and a student that
learns them is worse than its twin. So the classifier's probabilities are turned to the shares q that they
have in the pool, p′(c | x) ∝ p(c | x) q(c) / g(c), and a label is kept where p′ names the same class as p.

q = g + max(0, 1 − v / ‖m − g‖²) (m − g): m is the mean of p, the first step of expectation–maximization
[1], g the given labels' shares, and v the variance of m over draws of these labels [2], so that a difference
that so few labels make by chance turns nothing [3]. Counts of the classes that p names dropped most labels of
even texts; further steps were worse, as were shares of similar rows: in many dimensions a few rows are
neighbors of all others.
[1] Saerens et al.: Adjusting the outputs of a classifier to new a priori probabilities, 2002
[2] Tukey: Bias and confidence in not-quite large samples, 1958 (jackknife)
[3] James, Stein: Estimation with quadratic loss, 1961; the positive part of it
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from selfsup_core.pseudo.audit import total_variation
from selfsup_core.translation import tr
from selfsup_core.wording import percent

# Total variation below which classes are about as frequent in the pool as among the given labels, so that
# nothing is said of it. Of 50:50 clouds most are below; settled on clouds and digits of other seeds than
# tests and benchmarks use.
UNEVEN = 0.12


@dataclass(frozen=True)
class PoolShares:
    """Class shares in the pool as somebody finds them, and those of the given labels.

    Attributes:
        pool: (C,) of the pool. given: (C,) under which the classifier learned; a class without a label counts
            as an average one.
    """

    pool: np.ndarray
    given: np.ndarray

    @property
    def is_uneven(self) -> bool:
        """Whether they differ enough to be spoken of."""
        return total_variation(self.pool, self.given) >= UNEVEN

    def turn(self, p: np.ndarray) -> np.ndarray:
        """p: (P, C) of a classifier that learned under `given` → (P, C) under `pool`; rows of NaN stay."""
        turned = p * (self.pool / self.given)
        made: np.ndarray = turned / np.maximum(turned.sum(axis=1, keepdims=True), 1e-12)
        return made

    def holds(self, p: np.ndarray, label: np.ndarray) -> np.ndarray:
        """(P,) whether each label (P,) is still the class of the turned p (P, C); -1 holds nowhere."""
        named = np.where(np.isnan(p).any(axis=1), -1, np.nan_to_num(self.turn(p)).argmax(axis=1))
        found: np.ndarray = (label >= 0) & (named == label)
        return found

    def describe(self, classes: Sequence[str]) -> str:
        """What it means for a run, in a sentence or two; "" where nothing is left out."""
        if not self.is_uneven:
            return ""
        ratio = self.pool / self.given
        large, rare = int(ratio.argmax()), int(ratio.argmin())
        return tr(
            "The unlabeled rows look uneven: by the classifier's probabilities, "
            "{pool} of them are {classes!r} and {pool_2} are "
            "{classes_2!r} (given labels: {given} and "
            "{given_2}). A label that does not hold under these shares is not used."
        ).format(
            pool=percent(self.pool[large]),
            classes=classes[large],
            pool_2=percent(self.pool[rare]),
            classes_2=classes[rare],
            given=percent(self.given[large]),
            given_2=percent(self.given[rare]),
        )


def count_pool(label: np.ndarray, labels: np.ndarray, classes: int) -> PoolShares:
    """Shares of the classes that are named, one imagined row of each added.

    Args:
        label: (P,) classes that somebody names in the pool, -1 for none. labels: (L,) given ones.
    """
    counts = np.bincount(label[label >= 0], minlength=classes) + 1.0
    return PoolShares(counts / counts.sum(), _given_shares(labels, classes))


def average_pool(p: np.ndarray, labels: np.ndarray, variance: float) -> PoolShares:
    """Mean probabilities, as far as they differ from the given labels' shares by more than chance.

    Args:
        p: (P, C) of the classifier in the pool, rows of NaN where it has none. labels: (L,) given ones.
        variance: of the mean, summed over classes (`jackknife`); ∞ where it is unknown, and nothing turns.
    """
    given = _given_shares(labels, p.shape[1])
    there = ~np.isnan(p).any(axis=1)
    if not there.any():
        return PoolShares(given, given)
    away = p[there].mean(axis=0, dtype=np.float64) - given
    trust = max(0.0, 1.0 - variance / max(float(away @ away), 1e-12))
    return PoolShares(given + trust * away, given)


def jackknife(means: np.ndarray) -> float:
    """means: (F, C) each without one of F parts of the labels → variance of what all labels give, summed over
    classes.
    """
    away = means - means.mean(axis=0)
    return float((len(means) - 1) / len(means) * (away**2).sum())


def _given_shares(labels: np.ndarray, classes: int) -> np.ndarray:
    import torch

    from selfsup_core.pseudo.shares import learned_shares

    found: np.ndarray = learned_shares(torch.from_numpy(np.bincount(labels, minlength=classes))).numpy()
    return found
