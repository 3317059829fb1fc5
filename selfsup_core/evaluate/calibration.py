"""How far a classifier's probabilities can be trusted, before and after temperature scaling."""

from __future__ import annotations

from typing import NotRequired

import numpy as np
from typing_extensions import TypedDict

from selfsup_core.evaluate.classification import calibration_error
from selfsup_core.pseudo.audit import ReliabilityBin, fit_temperature, reliability

LEAST_ROWS = 30  # below it, a reliability diagram shows chance


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
