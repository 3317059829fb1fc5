"""Labels that hold under the class shares of the unlabeled rows.

So many labels of each class do not tell how frequent the classes are. Where classes overlap and one of them
is rare, most rows that the classifier names as the rare class belong to the large one, and a student that
learns them is worse than its twin. So the classifier's probabilities are turned to the shares of the classes
that it names in the pool, p′(c | x) ∝ p(c | x) q(c) / g(c), the first step of expectation–maximization in
[1], and a label is kept where p′ names the same class as p. Further steps were worse: p of few labels is too
sure. Shares of similar rows were worse too: in many dimensions a few rows are neighbors of all others.
[1] Saerens et al.: Adjusting the outputs of a classifier to new a priori probabilities, 2002
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from selfsup_core.pseudo.audit import total_variation
from selfsup_core.wording import percent

# Total variation below which classes are about as frequent in the pool as among the given labels. Of 50:50
# clouds, where turning by chance deviations costs up to a point, most are below; settled on clouds and digits
# of other seeds than tests and benchmarks use.
UNEVEN = 0.12


@dataclass(frozen=True)
class PoolShares:
    """Class shares in the pool as the classifier names them, and those of the given labels.

    Attributes:
        pool: (C,) one imagined row of each class added. given: (C,) under which the classifier learned; a
            class without a label counts as an average one.
    """

    pool: np.ndarray
    given: np.ndarray

    @property
    def is_uneven(self) -> bool:
        """Whether they differ enough to matter."""
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
        return (
            f"The unlabeled rows look uneven: the classifier predicts {classes[large]!r} for "
            f"{percent(self.pool[large])} and {classes[rare]!r} for {percent(self.pool[rare])} of them "
            f"(given labels: {percent(self.given[large])} and {percent(self.given[rare])}). A label that "
            "does not hold under these shares is not used."
        )


def count_pool(label: np.ndarray, labels: np.ndarray, classes: int) -> PoolShares:
    """label: (P,) classes that the classifier names in the pool, -1 for none; labels: (L,) given ones."""
    import torch

    from selfsup_core.pseudo.shares import learned_shares

    counts = np.bincount(label[label >= 0], minlength=classes) + 1.0
    given = learned_shares(torch.from_numpy(np.bincount(labels, minlength=classes))).numpy()
    return PoolShares(counts / counts.sum(), given)
