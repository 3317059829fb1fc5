"""How good first proposals are likely to be, from the given labels alone."""

from __future__ import annotations

from typing import Literal

import numpy as np
from typing_extensions import TypedDict

from selfsup_core.pseudo.audit import share_interval
from selfsup_core.wording import percent

NEAR_CHANCE = 0.15  # above the largest class's share, within which a proposer is called close to guessing


class Gauge(TypedDict):
    """How good a first proposer the given labels are likely to make; see `gauge`."""

    accuracy: float | None
    low: float | None
    high: float | None
    folds: int
    rows: int
    tone: Literal["good", "even", "bad"]
    text: str


def gauge(x: np.ndarray, y: np.ndarray, classes: int, *, seed: int = 0) -> Gauge:
    """How good the labels given are likely to make a first proposer, from those labels alone.

    Args:
        x: (L, D) features of the labeled rows, y: (L,) their classes.

    Returns:
        accuracy (stratified cross-validation of logistic regression on the classes with two labels or more;
        None where it cannot be known), low and high (95%, as if the rows were independent), folds, rows, tone
        ("good", "even", "bad") and text.
    """
    y = np.asarray(y, np.int64)
    counts = np.bincount(y, minlength=classes)
    about: Gauge = {
        "accuracy": None,
        "low": None,
        "high": None,
        "folds": 0,
        "rows": len(y),
        "tone": "even",
        "text": "",
    }
    seen, tested = counts[counts > 0], counts >= 2
    missing, single = int((counts == 0).sum()), int((counts == 1).sum())
    has = "has" if missing == 1 else "have"
    lacking = (
        f" {missing} of {classes} classes {has} no label: only class names, rules or a language model can "
        "propose labels there."
        if missing
        else ""
    )
    if len(seen) < 2:
        text = (
            "There are no labels to learn from."
            if len(y) == 0
            else f"Only one class has labels ({len(y)}), so there is nothing to distinguish."
        )
        return about | {"tone": "bad", "text": text + lacking}
    if tested.sum() < 2:
        few = (
            "With one label per class," if seen.max() == 1 else "With two or more labels for only one class,"
        )
        text = f"{few} it cannot be estimated in advance how good the proposals will be; they are often poor."
        return about | {"tone": "even", "text": text + lacking}
    held = tested[y]
    right, folds = cross_validate(np.asarray(x)[held], y[held], seed)
    rows, expected = len(right), float(right.mean())
    low, high = share_interval(int(right.sum()), rows)
    about |= {"accuracy": expected, "low": low, "high": high, "folds": folds}
    part = "half of" if folds == 2 else f"{folds - 1} of {folds} parts of"
    said = (
        f"A classifier trained on {part} your {rows} labels predicts {percent(expected)} of the others "
        f"correctly (cross-validation; 95% between {percent(low)} and {percent(high)})."
    )
    if single:
        said += (
            f" {single} {'class has' if single == 1 else 'classes have'} a single label and cannot be part "
            "of this estimate."
        )
    chance = float(counts[tested].max() / rows)
    if expected < chance + NEAR_CHANCE:
        return about | {
            "tone": "bad",
            "text": f"{said} That is close to guessing ({percent(chance)}), and a student learns the errors "
            "of its teacher: compare with the twin, give more labels, or let similar rows or class names "
            f"propose.{lacking}",
        }
    if seen.max() >= 5 * seen.min():
        return about | {
            "tone": "even",
            "text": f"{said} The labels are unbalanced: check that large classes do not displace small "
            f"ones.{lacking}",
        }
    return about | {"tone": "good" if expected >= 0.6 else "even", "text": said + lacking}


def cross_validate(x: np.ndarray, y: np.ndarray, seed: int) -> tuple[np.ndarray, int]:
    """x: (L, D), y: (L,) with two rows of each class or more → (L,) whether each was classified correctly by
    the others; folds.
    """
    import warnings

    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    folds = int(min(5, np.unique(y, return_counts=True)[1].min()))
    model = make_pipeline(StandardScaler(), LogisticRegression(C=10.0, max_iter=200))
    cut = StratifiedKFold(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        return cross_val_predict(model, x, y, cv=cut) == y, folds
