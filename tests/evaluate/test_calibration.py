"""How far probabilities can be trusted, and when that cannot be said."""

from __future__ import annotations

import numpy as np

from selfsup_core.evaluate.calibration import LEAST_ROWS, calibrate


def test_too_few_rows_are_not_measured():
    logits = np.random.default_rng(0).normal(size=(60, 3))
    y = np.arange(60) % 3
    assert calibrate(logits[:2], y[:2]) == {"rows": 2}
    assert calibrate(logits[: LEAST_ROWS - 1], y[: LEAST_ROWS - 1]) == {"rows": LEAST_ROWS - 1}
    found = calibrate(logits[:LEAST_ROWS], y[:LEAST_ROWS])
    assert found["before"]["bins"]
    assert found["rows"] == LEAST_ROWS


def test_hidden_labels_judge_and_choose_no_temperature():
    logits = np.random.default_rng(0).normal(size=(60, 3))
    y = np.arange(60) % 3
    assert sum(b["rows"] for b in calibrate(logits, y)["before"]["bins"]) == 30
    found = calibrate(logits, y, fit=False)
    assert found.keys() == {"rows", "before"}
    assert sum(b["rows"] for b in found["before"]["bins"]) == 60
