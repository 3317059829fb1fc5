"""How far probabilities can be trusted, and when that cannot be said."""

from __future__ import annotations

import numpy as np
import pytest

from selfsup_core.evaluate.calibration import LEAST_ROWS, calibrate, fit_temperature, reliability
from selfsup_core.evaluate.classification import calibration_error


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


def test_temperature_undoes_what_was_multiplied():
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(4000, 3)) * 2
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    y = np.array([generator.choice(3, p=row) for row in p])
    assert fit_temperature(3 * logits, y) == pytest.approx(3, rel=0.1)
    assert fit_temperature(logits[:0], y[:0]) == 1.0
    right = logits.argmax(axis=1)
    assert fit_temperature(logits[:50], right[:50]) == 1.0  # no T is likeliest
    unknown = np.where(np.arange(4000) % 2, y, -1)
    assert fit_temperature(logits, unknown) == fit_temperature(logits[1::2], y[1::2])


def test_reliability_and_calibration_error_share_their_bins():
    generator = np.random.default_rng(0)
    confidence = np.round(generator.random(200), 1)
    is_right = generator.random(200) < confidence
    bins = reliability(confidence, is_right)
    summed = sum(b["rows"] * abs(b["accuracy"] - b["confidence"]) for b in bins) / 200
    assert summed == pytest.approx(calibration_error(confidence, is_right, bins=10))


def test_only_bins_that_hold_rows_are_shown():
    bins = reliability(np.array([0.05, 0.95, 0.97, 1.0]), np.array([0, 1, 1, 0]))
    assert [b["rows"] for b in bins] == [1, 3]
    edges = reliability(np.array([0.0, 0.1, 0.2, 0.3, 1.0]), np.ones(5))
    assert [(b["to"], b["rows"]) for b in edges] == [(0.1, 2), (0.2, 1), (0.3, 1), (1.0, 1)]
    assert bins[1]["accuracy"] == pytest.approx(2 / 3)
