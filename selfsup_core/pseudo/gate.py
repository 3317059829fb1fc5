"""Whether neighbors and classifier are good enough as proposers, judged by the given labels before the start.

Each given label is hidden in turn and named by both from the others (stratified cross-validation, several
times over). Co-training [1] needs two views of which neither is much worse than the other: a proposer that
names fewer hidden labels correctly than the classifier alone has nothing to add.
[1] Blum, Mitchell: Combining labeled and unlabeled data with co-training, 1998
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from selfsup_core.data.splits import choose_stratified
from selfsup_core.models.modules.exact import fit_linear, scale_of
from selfsup_core.pseudo.audit import beats_guessing, total_variation
from selfsup_core.pseudo.pool_shares import PoolShares, average_pool, count_pool, jackknife
from selfsup_core.pseudo.propagation import make_graph, spread_labels
from selfsup_core.pseudo.vote import named
from selfsup_core.translation import tr

MOST_LOOKED_AT = 4000  # rows of the pool
MOST_JUDGED = 200  # labels that are held against each other
REPEATS = 4
MOST_FOLDS = 5
# Share of the labels by which neighbors may be behind; settled on digits and questions, other splits than
# tests use.
BEHIND = 0.1
# Total variation of class shares; settled on clouds in 2 to 20 dimensions. Digits, wine and tumors stay below
# .15.
SKEWED = 0.2
PENALTY = 1.0


@dataclass(frozen=True)
class HeldOut:
    """Of given labels that were hidden: how many each names correctly.

    Attributes:
        rows: labels that could be hidden, those of classes with two or more.
        neighbors, classifier: named correctly, the mean over the repetitions.
        classes: how many classes they have.
        shares: of the classes that the classifier names in the pool; None where that is empty.
        near_shares: of those that neighbors name. mean_shares: by the classifier's probabilities.
        variance: of these, as `average_pool` wants it; ∞ where too few labels could be hidden.
    """

    rows: int
    neighbors: float
    classifier: float
    classes: int
    shares: PoolShares | None = None
    near_shares: PoolShares | None = None
    mean_shares: PoolShares | None = None
    variance: float = math.inf

    @property
    def is_guessing(self) -> bool:
        """Whether neighbors name no more of them correctly than guessing would; see
        `audit.beats_guessing`.
        """
        return self.rows > 0 and not beats_guessing(round(self.neighbors), self.rows, self.classes)

    @property
    def is_worse(self) -> bool:
        """Whether neighbors are clearly behind the classifier."""
        return self.rows > 0 and self.neighbors < self.classifier - BEHIND * self.rows

    @property
    def is_skewed(self) -> bool:
        """Whether neighbors name classes far more or less often than the given labels and the classifier do.

        In many dimensions a few rows are neighbors of many others (Radovanović et al. 2010: Hubs in space),
        and their class takes the pool. Held-out labels, so many of each class, do not show it.
        """
        if self.shares is None or self.near_shares is None:
            return False
        others = (self.shares.pool, self.near_shares.given)
        return min(total_variation(self.near_shares.pool, other) for other in others) >= SKEWED


def agreeing(config: Any) -> bool:
    """Whether labels are kept where the classifier on the given labels and neighbors agree."""
    return {"twin", "neighbors"} <= set(config.proposers) and config.vote == "agree"


def minds_shares(config: Any) -> bool:
    """Whether labels on which they agree have to hold under the class shares of the pool."""
    return agreeing(config) and config.mind_shares and config.prior != "even"


def choose_judged(
    labeled: np.ndarray, labels: np.ndarray, pool: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """(R,) rows by which a run is judged beforehand, labeled ones first, and their class numbers (R,), -1 in
    the pool.

    Args:
        labeled: (L,) rows with `labels` (L,), pool: (P,) rows without one. seed: by which rows are drawn
        where there are more.
    """
    some, places = pool, np.arange(len(labels))
    if len(some) > MOST_LOOKED_AT:
        some = np.random.default_rng(seed + 11).permutation(some)[:MOST_LOOKED_AT]
    if len(places) > MOST_JUDGED:
        places = choose_stratified(places, labels, MOST_JUDGED, seed + 11)
    return np.concatenate([labeled[places], some]), np.concatenate([labels[places], np.full(len(some), -1)])


def judge(
    features: Callable[[np.ndarray], np.ndarray],
    labeled: np.ndarray,
    labels: np.ndarray,
    pool: np.ndarray,
    classes: int,
    config: Any,
    seed: int,
) -> HeldOut:
    """`hold_out` with a run's settings, on at most `MOST_JUDGED` labels and `MOST_LOOKED_AT` rows of the
    pool.

    Args:
        features: (R,) row numbers → (R, D). labeled: (L,) rows with `labels` (L,), pool: (P,) rows without
        one.
        seed: by which rows are drawn where there are more.
    """
    rows, known = choose_judged(labeled, labels, pool, seed)
    return hold_out(
        features(rows),
        known,
        classes,
        neighbors=config.neighbors,
        alpha=config.spread,
        even=config.prior == "even",
        seed=seed,
    )


def hold_out(
    x: np.ndarray,
    labels: np.ndarray,
    classes: int,
    *,
    neighbors: int,
    alpha: float,
    even: bool = False,
    penalty: float = PENALTY,
    seed: int = 0,
) -> HeldOut:
    """x: (N, D) labeled and unlabeled rows, labels: (N,) class numbers, -1 where there is none.

    Args:
        neighbors, alpha: of the graph and how far labels spread over it. even: whether classes are brought to
        the same mass.
    """
    from sklearn.model_selection import StratifiedKFold

    counts = np.bincount(labels[labels >= 0], minlength=classes)
    tested = np.flatnonzero((labels >= 0) & (counts[labels] >= 2))
    kinds = np.unique(labels[tested])
    if len(kinds) < 2:
        return HeldOut(0, 0.0, 0.0, len(kinds))
    graph, scale = make_graph(x, neighbors), scale_of(x - x.mean(axis=0))
    folds = int(min(MOST_FOLDS, counts[kinds].min()))
    mass = np.ones(classes) if even else None
    right, variance, pool = np.zeros(2), 0.0, np.flatnonzero(labels < 0)
    for repeat in range(REPEATS):
        means = []
        cut = StratifiedKFold(folds, shuffle=True, random_state=seed + repeat)
        for kept, hidden in cut.split(tested, labels[tested]):
            seen, asked = tested[kept], tested[hidden]
            hidden_from = np.where(np.isin(np.arange(len(labels)), seen), labels, -1)
            near = named(spread_labels(graph, hidden_from, classes, alpha=alpha, mass=mass)[asked])
            rows = np.concatenate([asked, pool])
            p = ask_classifier(x, seen, labels, classes, rows, penalty, scale)
            means.append(p[len(asked) :].mean(axis=0) if len(pool) else np.zeros(classes))
            alone = named(p[: len(asked)])
            right += [(found == labels[asked]).sum() for found in (near, alone)]
        variance += jackknife(np.stack(means)) / REPEATS
    by_neighbors, by_classifier = right / REPEATS
    found = HeldOut(len(tested), float(by_neighbors), float(by_classifier), len(kinds))
    if not len(pool):
        return found
    seen = np.flatnonzero(labels >= 0)
    near = spread_labels(graph, labels, classes, alpha=alpha, mass=mass)[pool]
    p = ask_classifier(x, seen, labels, classes, pool, penalty, scale)
    shares, near_shares = (count_pool(named(one), labels[seen], classes) for one in (p, near))
    return replace(
        found,
        shares=shares,
        near_shares=near_shares,
        mean_shares=average_pool(p, labels[seen], variance),
        variance=variance,
    )


def ask_classifier(
    x: np.ndarray,
    seen: np.ndarray,
    labels: np.ndarray,
    classes: int,
    asked: np.ndarray,
    penalty: float,
    scale: float,
) -> np.ndarray:
    """(A, C) probabilities of logistic regression on `seen` for the rows of `asked` (A,)."""
    from scipy.special import softmax

    center = np.mean([x[seen[labels[seen] == c]].mean(axis=0) for c in np.unique(labels[seen])], axis=0)
    w, b = fit_linear(
        x[seen] - center, labels[seen], np.ones(len(seen)), classes, penalty=penalty, scale=scale
    )
    found: np.ndarray = softmax((x[asked] - center) @ w.T + b, axis=1)
    return found


def say_before(found: HeldOut, *, guard: bool = True) -> tuple[str, str]:
    """(sentence, what it means for the run: "used", "not used" or "unknown").

    Args:
        guard: whether pseudo-labels are left out where this speaks against them.
    """
    if not found.rows:
        return (
            tr(
                "Pseudo-labels cannot be checked in advance: this needs at least two labels for each of two "
                "classes."
            ),
            "unknown",
        )
    near, alone = round(found.neighbors), round(found.classifier)
    text = tr(
        "Of {rows} given labels, each hidden in turn, similar rows predict {near} correctly and the "
        "classifier alone {alone}"
    ).format(rows=found.rows, near=near, alone=alone)
    if not (found.is_worse or found.is_guessing or found.is_skewed):
        return tr("{text}: rows on which both agree are used as pseudo-labels.").format(text=text), "used"
    if found.is_worse:
        text += tr(": similar rows would mislead it")
    elif not found.is_guessing:
        text += tr(
            "; of the unlabeled rows similar rows predict one class far more often than both the classifier "
            "and the given labels: they would mislead it"
        )
    else:
        guessed = round(found.rows / found.classes)
        text += tr(
            "; guessing would predict about {guessed}: nothing shows that similar rows have the same class "
            "here"
        ).format(guessed=guessed)
    if guard:
        return tr("{text}, so pseudo-labels are not used.").format(text=text), "not used"
    return tr("{text}. Pseudo-labels are used all the same, since the guard is off.").format(
        text=text
    ), "used"
