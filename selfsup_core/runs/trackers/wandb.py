"""Weights & Biases: offline in the workspace's folder `wandb` unless WANDB_MODE is online; `wandb sync` sends
it later. Not in the run's folder: it makes links, and a run with links is neither resumed nor packed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from selfsup_core.runs.trackers.registry import PROJECT, TRACKERS, TrackedRun, Tracker


@TRACKERS.register("wandb")
class WeightsAndBiases(Tracker):
    """A run of the project `selfsup-studio`, with the run's own id."""

    title = "Weights & Biases"
    package = "wandb"
    install = "wandb==0.30.0"

    def __init__(self, run: TrackedRun) -> None:
        import wandb

        self.run: Any = wandb.init(
            project=PROJECT,
            id=run.id,
            name=run.name or run.id,
            dir=str(run.workspace),
            config=dict(run.settings),
            resume="allow",
            mode="online" if os.environ.get("WANDB_MODE") == "online" else "offline",
        )

    def log(self, values: Mapping[str, float], step: int) -> None:
        self.run.log(dict(values), step=step)

    def close(self, status: str) -> None:
        self.run.finish(exit_code=0 if status == "finished" else 1)
