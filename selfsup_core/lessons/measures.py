"""Measures of a run in words, and their newest values."""

from __future__ import annotations

from typing import cast

from selfsup_core.lessons.evidence import RunSeen
from selfsup_core.wording import brief

CALLED = {
    "val_loss": "validation loss",
    "train_loss": "training loss",
    "val_mse": "validation error (MSE)",
    "val_accuracy": "validation accuracy",
    "accuracy": "accuracy",
    "test_accuracy": "accuracy on test rows",
    "val_largest_share": "share of the class that is predicted most often",
    "probe_accuracy": "probe accuracy",
    "val_active_dimensions": "active dimensions",
    "val_kl": "KL divergence",
    "rankme": "effective rank (RankMe)",
    "spread": "spread of the representations",
    "deviation": "standard deviation of the representations",
}


def say_measure(name: str) -> str:
    return CALLED.get(name, name.replace("val_", "validation ").replace("_", " "))


def measure_of(run: RunSeen, name: str) -> float | None:
    """The newest value of a measure, or what was measured once at the end; None where the run has none."""
    for row in reversed(run.rows):
        value = cast("dict[str, object]", row).get(name)
        if isinstance(value, (int, float)):
            return float(value)
    return run.state["metrics"].get(name)


def say_value(value: float) -> str:
    return brief(value, 3)
