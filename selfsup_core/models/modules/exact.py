"""The minimum of a linear classifier's loss.

min Σᵢ wᵢ H(yᵢ, softmax(W zᵢ + b)) + penalty / 2 ‖W‖², z of mean square length `LENGTH`², b free;
scikit-learn's L-BFGS. The common length makes one penalty fit features of any number and scale.
"""

from __future__ import annotations

import warnings

import numpy as np

LENGTH = 5.0
MOST_STEPS = 300
NEVER = 10.0  # below the lowest bias: of a class without a label


def fit_linear(
    z: np.ndarray, y: np.ndarray, weight: np.ndarray, classes: int, *, penalty: float, scale: float
) -> tuple[np.ndarray, np.ndarray]:
    """z: (N, D) features, y: (N,) class numbers, weight: (N,) → (C, D) weights and (C,) biases for z as it
    is.

    Args:
        penalty: of the weights for z · scale. scale: brings z to the common length, see `scale_of`.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    weights, biases = np.zeros((classes, z.shape[1])), np.zeros(classes)
    counted = weight > 0
    seen = np.unique(y[counted])
    if len(seen) >= 2:
        with warnings.catch_warnings(), threadpool_limits(1):
            warnings.simplefilter("ignore", ConvergenceWarning)  # nearly converged is enough
            model = LogisticRegression(C=1.0 / penalty, max_iter=MOST_STEPS)
            model.fit(z[counted].astype(np.float64) * scale, y[counted], sample_weight=weight[counted])
        w, b = model.coef_, model.intercept_
        if len(seen) == 2:  # scikit-learn has one row for both: scores are ± its half
            w, b = np.concatenate([-w, w]) / 2, np.concatenate([-b, b]) / 2
        weights[seen], biases[seen] = w * scale, b
    missing = np.setdiff1d(np.arange(classes), seen)
    biases[missing] = (biases[seen].min() if len(seen) else 0.0) - NEVER
    return weights, biases


def scale_of(z: np.ndarray) -> float:
    """Factor that brings (N, D) features to mean square length `LENGTH`²."""
    size = float(np.sqrt((np.asarray(z, np.float64) ** 2).sum(axis=1).mean()))
    return LENGTH / size if size > 0 else 1.0
