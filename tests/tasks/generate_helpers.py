"""A tiny generator on digits: milliseconds an epoch, and a judge that has hardly learned."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from selfsup_core.runs.spec import RunSpec, make_spec

TINY = {
    "name": "Tiny",
    "data": {"source": "digits"},
    "model": {"kind": "unet", "channels": [4, 4], "patch": 2},
    "objective": {"kind": "flow-matching", "steps": 3},
    "train": {
        "epochs": 2,
        "steps_per_epoch": 3,
        "batch_size": 8,
        "learning_rate": 0.05,  # so that classes make a difference after six steps
        "device": "cpu",
        "threads": 1,
        "precision": "float32",
    },
    "frames": {"tiles": 12},
}
VAE = {
    "name": "A VAE",
    "data": {"source": "digits"},
    "model": {"widths": [8, 4]},
    "objective": {"kind": "variational"},
    "train": {"epochs": 1, "steps_per_epoch": 2, "device": "cpu", "threads": 1},
    "frames": {"samples": 60, "tiles": 8},
}


def tiny(**overrides: Any) -> RunSpec:
    return make_spec(TINY, {path.replace("__", "."): value for path, value in overrides.items()})


@contextmanager
def quick() -> Iterator[None]:
    """Few images, and a judge of a few steps."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"LEAST_STEPS": 5, "EPOCHS": 0}.items():
            patch.setattr(f"selfsup_core.evaluate.judge.{name}", value)
        patch.setattr("selfsup_core.evaluate.generation.MEASURED", 12)
        patch.setattr("selfsup_core.tasks.generate.FINAL", 20)
        yield
