"""Linear probe: how well a linear classifier reads the class from a representation.

Multinomial logistic regression with L2 (scikit-learn's, C = 1) on features standardized by the training rows.
[1] Alain, Bengio: Understanding intermediate layers using linear classifier probes, 2016
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch
    from threadpoolctl import ThreadpoolController

STEPS = 200


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
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    mean, scale = x.mean(axis=0), x.std(axis=0)
    scale = np.where(scale > 1e-6, scale, 1.0)  # a constant feature carries no information
    # On two threads of a busy machine a fit on 3,072 columns took 47 seconds, on one thread 3.
    with warnings.catch_warnings(), thread_pools().limit(limits=1, user_api="blas"):
        # A probe that has nearly converged predicts the same classes.
        warnings.simplefilter("ignore", ConvergenceWarning)
        probe = LogisticRegression(max_iter=STEPS).fit((x - mean) / scale, y)
    return float((probe.predict((queries - mean) / scale) == wanted).mean())
