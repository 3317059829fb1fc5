"""Samples that a network cannot explain: ranked by reconstruction error, with a threshold and, given labels,
AUROC.

[1] Hawkins et al.: Outlier detection using replicator neural networks, 2002
[2] Hanley, McNeil: The meaning and use of the area under a ROC curve, Radiology 1982
"""

from __future__ import annotations

import numpy as np

from selfsup_core.translation import tr

SHARE = 0.99


def rank_errors(errors: np.ndarray) -> np.ndarray:
    """(N,) → places, worst first; equal errors stay in their order."""
    return np.argsort(-np.asarray(errors, dtype=np.float64), kind="stable")


def threshold(errors: np.ndarray, share: float = SHARE) -> tuple[float, str]:
    """The error that `share` of these (training) errors stay below, and what it is in words."""
    percent = f"{100 * share:g}"
    note = tr("The {percent}th percentile of the errors of training samples.").format(percent=percent)
    return float(np.quantile(np.asarray(errors, dtype=np.float64), share)), note


def auroc(scores: np.ndarray, is_anomaly: np.ndarray) -> float | None:
    """Chance that a random anomaly has a higher score than a random other one; ties count half. None: a side
    is empty.

    The Mann-Whitney statistic by ranks.
    """
    from scipy.stats import rankdata

    is_anomaly = np.asarray(is_anomaly, dtype=bool)
    many, few = int((~is_anomaly).sum()), int(is_anomaly.sum())
    if not many or not few:
        return None
    ranks = rankdata(np.asarray(scores, dtype=np.float64))
    return float((ranks[is_anomaly].sum() - few * (few + 1) / 2) / (few * many))


def class_means(errors: np.ndarray, labels: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    """(C,) mean error of each class, NaN where it has no sample."""
    return np.array(
        [errors[labels == i].mean() if (labels == i).any() else np.nan for i in range(len(classes))]
    )
