"""Measures of a run in words, and their newest values."""

from __future__ import annotations

from typing import cast

from selfsup_core.lessons.evidence import RunSeen
from selfsup_core.translation import tr_later
from selfsup_core.wording import brief

CALLED = {
    "val_loss": tr_later("validation loss"),
    "train_loss": tr_later("training loss"),
    "val_mse": tr_later("validation error (MSE)"),
    "val_accuracy": tr_later("validation accuracy"),
    "accuracy": "accuracy",
    "probe_accuracy": tr_later("probe accuracy"),
    "val_active_dimensions": tr_later("active dimensions"),
    "val_kl": tr_later("KL divergence"),
    "rankme": tr_later("effective rank (RankMe)"),
    "spread": tr_later("spread of the representations"),
    "deviation": tr_later("standard deviation of the representations"),
}


def say_measure(name: str) -> str:
    return CALLED.get(name, name.replace("val_", "validation ").replace("_", " "))


def measure_of(run: RunSeen, name: str) -> float | None:
    """The newest value of a measure; None where the run has none."""
    for row in reversed(run.rows):
        value = cast("dict[str, object]", row).get(name)
        if isinstance(value, (int, float)):
            return float(value)
    return None


def say_value(value: float) -> str:
    return brief(value, 3)
