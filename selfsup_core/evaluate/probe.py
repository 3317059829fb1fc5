"""Linear probe: how well a linear classifier reads the class from a representation.

Multinomial logistic regression with L2 (scikit-learn's, C = 1) on features standardized by the training rows:
each column by its own deviation, or all by one, whichever has the lower loss in cross-validation on them.
Of raw pixels and PCA, columns that vary little are mostly noise, which a scale of their own would make large.
[1] Alain, Bengio: Understanding intermediate layers using linear classifier probes, 2016
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch
    from threadpoolctl import ThreadpoolController

STEPS = 200
FOLDS, CHOSEN_ROWS = 3, 300  # of the cross-validation, so that it is quick enough for every epoch
# scikit-learn's tolerances: a fit that only chooses between two scales may end early, in half of the time.
EXACT, ROUGH = 1e-4, 1e-2


@cache
def thread_pools() -> ThreadpoolController:
    """Found once, since a look through all libraries takes longer than a small fit; call it when scikit-learn
    is there.
    """
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def probe_accuracy(
    train_x: torch.Tensor, train_y: torch.Tensor, query_x: torch.Tensor, query_y: torch.Tensor
) -> float | None:
    """Accuracy on `query_x` (Q, D) of a classifier fitted on `train_x` (R, D); None when a side is empty."""
    if len(train_x) == 0 or len(query_x) == 0:
        return None
    x, queries = (side.float().cpu().numpy().astype(np.float64) for side in (train_x, query_x))
    y, wanted = train_y.cpu().numpy(), query_y.cpu().numpy()
    if not (np.isfinite(x).all() and np.isfinite(queries).all()):
        return None  # the run is about to stop as diverged
    if len(np.unique(y)) == 1:
        return float((wanted == y[0]).mean())
    probe = fit_probe(x, y, per_column=scales_columns(x, y))
    return float((probe.predict(queries) == wanted).mean())


def scales_columns(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether a probe on (R, D) with classes (R,) is better with a scale for each column than one for all.

    Cross-validation on some of the rows, with classes in equal parts. Cross-entropy decides, since few rows
    are classified equally well by both. Where no class has two rows, one scale is for all: a column's
    deviation over so few rows is mostly chance.
    """
    rank = np.empty(len(y), np.int64)  # of a row within its class
    for label in np.unique(y):
        mine = np.flatnonzero(y == label)
        rank[mine] = np.arange(len(mine))
    rows = np.argsort(rank, kind="stable")[:CHOSEN_ROWS]
    loss = {True: 0.0, False: 0.0}
    for fold in range(FOLDS):
        held = rank[rows] % FOLDS == fold
        fitted, tried = rows[~held], rows[held]
        tried = tried[np.isin(y[tried], y[fitted])]
        if len(tried) == 0 or len(np.unique(y[fitted])) < 2:
            continue
        for per_column in loss:
            probe = fit_probe(x[fitted], y[fitted], per_column=per_column, tolerance=ROUGH)
            loss[per_column] += float(probe.losses(x[tried], y[tried]).sum())
    return loss[True] < loss[False]


@dataclass(frozen=True)
class Probe:
    """A fitted probe: argmax of ((x − mean) / scale) Wᵀ + b.

    Attributes:
        classes: (C,) that it knows. weight: (C, D) W. bias: (C,) b. mean, scale: (D,).
    """

    classes: np.ndarray
    weight: np.ndarray
    bias: np.ndarray
    mean: np.ndarray
    scale: np.ndarray

    def predict(self, x: np.ndarray) -> np.ndarray:
        """(Q, D) → (Q,) classes."""
        found: np.ndarray = self.classes[self.logits(x).argmax(axis=1)]
        return found

    def logits(self, x: np.ndarray) -> np.ndarray:
        """(Q, D) → (Q, C)."""
        found: np.ndarray = (x - self.mean) / self.scale @ self.weight.T + self.bias
        return found

    def losses(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """(Q, D) and classes (Q,) that it knows → (Q,) cross-entropy in nats."""
        logits = self.logits(x)
        logits -= logits.max(axis=1, keepdims=True)
        wanted = logits[np.arange(len(y)), np.searchsorted(self.classes, y)]
        found: np.ndarray = np.log(np.exp(logits).sum(axis=1)) - wanted
        return found


def fit_probe(
    x: np.ndarray,
    y: np.ndarray,
    *,
    c: float = 1.0,
    scaled_by: np.ndarray | None = None,
    per_column: bool = True,
    tolerance: float = EXACT,
) -> Probe:
    """Fit on (R, D) with classes (R,), two or more of them.

    Args:
        c: inverse strength of the L2 penalty.
        scaled_by: (N, D) rows whose mean and deviation standardize the columns; `x` if not given.
        per_column: False divides all columns by one deviation, so that those that vary little stay small.
        tolerance: of the largest slope of the mean loss at which the fit ends.
    """
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    rows = x if scaled_by is None else scaled_by
    mean, scale = rows.mean(axis=0), rows.std(axis=0)
    if not per_column:
        scale = np.full_like(scale, np.sqrt((scale**2).mean()))
    scale = np.where(scale > 1e-6, scale, 1.0)  # a constant feature carries no information
    # On two threads of a busy machine a fit on 3,072 columns took 47 seconds, on one thread 3.
    with warnings.catch_warnings(), thread_pools().limit(limits=1, user_api="blas"):
        # A probe that has nearly converged predicts the same classes.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)  # few labels are usual
        found = LogisticRegression(C=c, max_iter=STEPS, tol=tolerance).fit((x - mean) / scale, y)
    weight, bias = found.coef_, found.intercept_
    if len(weight) == 1:  # of two classes, only the second one's logit is given
        weight, bias = np.concatenate([0 * weight, weight]), np.concatenate([0 * bias, bias])
    return Probe(found.classes_, weight, bias, mean, scale)
