"""How good first proposals are likely to be, from the given labels alone."""

from __future__ import annotations

from typing import Literal

import numpy as np
from typing_extensions import TypedDict

from selfsup_core.pseudo.audit import share_interval
from selfsup_core.translation import join_sentences, tr
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
    lacks = (
        tr(
            " {missing} of {classes} classes has no label: only class names, rules or a language model can "
            "propose labels there."
        )
        if missing == 1
        else tr(
            " {missing} of {classes} classes have no label: only class names, rules or a language model can "
            "propose labels there."
        )
    )
    lacking = lacks.format(missing=missing, classes=classes) if missing else ""
    if len(seen) < 2:
        text = (
            tr("There are no labels to learn from.")
            if len(y) == 0
            else tr("Only one class has labels ({count}), so there is nothing to distinguish.").format(
                count=len(y)
            )
        )
        return about | {"tone": "bad", "text": text + lacking}
    if tested.sum() < 2:
        few = (
            tr("With one label per class,")
            if seen.max() == 1
            else tr("With two or more labels for only one class,")
        )
        text = tr(
            "{few} it cannot be estimated in advance how good the proposals will be; they are often poor."
        ).format(few=few)
        return about | {"tone": "even", "text": text + lacking}
    held = tested[y]
    right, folds = cross_validate(np.asarray(x)[held], y[held], seed)
    rows, expected = len(right), float(right.mean())
    low, high = share_interval(int(right.sum()), rows)
    about |= {"accuracy": expected, "low": low, "high": high, "folds": folds}
    part = (
        tr("half of")
        if folds == 2
        else tr("{folds} of {folds_2} parts of").format(folds=folds - 1, folds_2=folds)
    )
    said = tr(
        "A classifier trained on {part} your {rows} labels predicts {expected} of the others "
        "correctly (cross-validation; 95% between {low} and {high})."
    ).format(part=part, rows=rows, expected=percent(expected), low=percent(low), high=percent(high))
    if single:
        message = (
            tr("1 class has a single label and cannot be part of this estimate.")
            if single == 1
            else tr("{single} classes have a single label and cannot be part of this estimate.")
        )
        said = join_sentences([said, message.format(single=single)])
    chance = float(counts[tested].max() / rows)
    if expected < chance + NEAR_CHANCE:
        return about | {
            "tone": "bad",
            "text": tr(
                "{said} That is close to guessing ({chance}), and a student learns the errors "
                "of its teacher: compare with the twin, give more labels, or let similar rows or class names "
                "propose.{lacking}"
            ).format(said=said, chance=percent(chance), lacking=lacking),
        }
    if seen.max() >= 5 * seen.min():
        return about | {
            "tone": "even",
            "text": tr(
                "{said} The labels are unbalanced: check that large classes do not displace small "
                "ones.{lacking}"
            ).format(said=said, lacking=lacking),
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
