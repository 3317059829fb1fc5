"""How far a classifier's probabilities can be trusted, before and after temperature scaling."""

from __future__ import annotations

import math
from typing import NotRequired

import numpy as np
from typing_extensions import TypedDict

from selfsup_core.evaluate.classification import calibration_error

LEAST_ROWS = 30  # below it, a reliability diagram shows chance


# One bin of a reliability diagram; confidence and accuracy are means of its rows.
ReliabilityBin = TypedDict(
    "ReliabilityBin", {"from": float, "to": float, "rows": int, "confidence": float, "accuracy": float}
)


class Reliability(TypedDict):
    """The expected calibration error, and the bins of the diagram."""

    ece: float | None
    bins: list[ReliabilityBin]


class Calibration(TypedDict):
    """Of how many rows, and how far their probabilities can be trusted before and after the temperature."""

    rows: int
    temperature: NotRequired[float]
    before: NotRequired[Reliability]
    after: NotRequired[Reliability]


def calibrate(logits: np.ndarray, y: np.ndarray, *, fit: bool = True) -> Calibration:
    """logits: (N, C), y: (N,) → temperature, rows, and before and after it the ECE and the bins of the
    reliability diagram.

    The temperature is fitted on one half of the rows and judged on the other. With fewer than `LEAST_ROWS`
    nothing but the number of rows is returned.

    Args:
        fit: False where the labels of these rows are hidden: they may judge (all rows, before) and choose no
        temperature.
    """
    if len(y) < LEAST_ROWS:
        return {"rows": len(y)}
    logits, half = logits.astype(np.float64), (np.arange(len(y)) % 2 == 0) & fit
    found: Calibration = {"rows": len(y)}

    def judge(scale: float) -> Reliability:
        p = np.exp(logits / scale - (logits / scale).max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        sure, is_right = p.max(axis=1)[~half], (p.argmax(axis=1) == y)[~half]
        return {"ece": calibration_error(sure, is_right), "bins": reliability(sure, is_right)}

    found["before"] = judge(1.0)
    if fit:
        found["temperature"] = fit_temperature(logits[half], y[half])
        found["after"] = judge(found["temperature"])
    return found


def reliability(confidence: np.ndarray, is_right: np.ndarray, bins: int = 10) -> list[ReliabilityBin]:
    """Bins of equal width that hold rows.

    They are open below and closed above, as those of `evaluate.classification.calibration_error`.
    """
    place = np.clip(np.ceil(np.asarray(confidence, float) * bins).astype(int) - 1, 0, bins - 1)
    found: list[ReliabilityBin] = []
    for b in range(bins):
        mine = place == b
        if mine.any():
            found.append(
                {
                    "from": b / bins,
                    "to": (b + 1) / bins,
                    "rows": int(mine.sum()),
                    "confidence": float(np.asarray(confidence)[mine].mean()),
                    "accuracy": float(np.asarray(is_right)[mine].mean()),
                }
            )
    return found


def fit_temperature(logits: np.ndarray, y: np.ndarray) -> float:
    """logits: (N, C), y: (N,) → T > 0 that maximizes the likelihood of softmax(logits / T) (Guo et al. 2017);
    rows with y < 0 do not count.

    1 without rows, and where all are classified correctly: then there is no maximum, the smaller the better.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import logsumexp

    known = np.asarray(y) >= 0
    logits, y = np.asarray(logits, float)[known], np.asarray(y)[known]
    if (logits.argmax(axis=1) == y).all():
        return 1.0

    def loss(log_t: float) -> float:
        scaled = logits / math.exp(log_t)
        return float((logsumexp(scaled, axis=1) - scaled[np.arange(len(y)), y]).mean())

    return math.exp(minimize_scalar(loss, bounds=(-4, 4), method="bounded").x)
