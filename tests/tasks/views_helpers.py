"""A run that learns from views of a small table, in milliseconds."""

from __future__ import annotations

from selfsup_core.runs.spec import RunSpec, make_spec

TINY = {
    "data": {"source": "wine"},
    "model": {"kind": "perceptron", "widths": [16, 8]},
    "objective": {"kind": "simclr", "projector": [16, 8], "augment": {"kind": "table"}},
    "train": {"epochs": 3, "device": "cpu", "threads": 1, "batch_size": 64},
    "frames": {"samples": 60, "tiles": 8},
}


def tiny(**changes: object) -> RunSpec:
    """`tiny(train__epochs=1)`: with `train.epochs` = 1."""
    return make_spec(TINY, {path.replace("__", "."): value for path, value in changes.items()})
