"""Which epoch of a run is the best so far, its weights, and when early stopping ends the run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import torch

from selfsup_core.errors import CheckpointError
from selfsup_core.evaluate.rows import Metrics
from selfsup_core.runs.saved import BestState
from selfsup_core.runs.state import Best
from selfsup_core.tasks import Task
from selfsup_core.train.checkpoint import Belongs, load_checkpoint, prune, save_checkpoint
from selfsup_core.train.trained import trained_state
from selfsup_core.translation import tr


class BestEpoch:
    """The best epoch by the metric that the task chooses by; a task that chooses by none has no best epoch.

    Args:
        patience: epochs without a better one after which training stops; 0 never stops it.

    Attributes:
        found: None before the first epoch. since: epochs since then.
        weights: of it, until they are written.
    """

    def __init__(self, task: Task, patience: int) -> None:
        self.task, self.by, self.patience = task, task.chosen_by, patience
        self.found: Best | None = None
        self.weights: dict[str, torch.Tensor] | None = None
        self.since = 0

    def go_on(self, found: Best | None, since: int) -> None:
        """Go on from a checkpoint."""
        self.found, self.since = found, since
        if self.by is None:  # written by an earlier version
            self.found = None

    def is_beaten(self, epoch: int, metrics: Metrics) -> bool:
        """Whether an epoch is better than the best so far, where the two can be compared."""
        if not self.by or not epoch:
            return False
        if self.found is None or self.found["epoch"] < self.task.objective.settled_from:
            return True
        lowest = self.found["val_loss"] if self.by == "val_loss" else self.found.get("choice_loss")
        return lowest is None or cast("float", metrics[self.by]) < lowest

    def note(self, epoch: int, metrics: Metrics, *, is_better: bool) -> None:
        """Take an epoch for the best, or count that it is not."""
        if self.by and is_better:
            self.found = {"epoch": epoch, "val_loss": metrics["val_loss"]}  # every task has one
            if self.by != "val_loss":
                self.found["choice_loss"] = metrics[self.by]
            self.weights = {k: v.detach().clone() for k, v in trained_state(self.task.kept_model).items()}
            self.since = 0
        elif epoch and self.by:
            self.since += 1

    def will_stall(self, *, is_better: bool) -> bool:
        """Whether early stopping makes this epoch the last one."""
        return bool(self.patience and self.by and not is_better and self.since + 1 >= self.patience)

    @property
    def has_stalled(self) -> bool:
        return bool(self.patience) and self.since >= self.patience

    @property
    def checkpoint(self) -> str:
        """Name of the checkpoint with its weights, "" where there is no best epoch."""
        return f"best-{self.found['epoch']:06d}" if self.found else ""

    def write(
        self, folder: Path, belongs: dict[str, str], persist: Callable[[Callable[[], Path]], Path]
    ) -> None:
        """Write the weights if they are new, and delete those of the best epoch before."""
        name, weights = self.checkpoint, self.weights
        if name and weights:
            persist(lambda: save_checkpoint(folder, name, BestState(model=weights), belongs))
            prune(folder, "best-", keep=1)
            self.weights = None

    def read(
        self, folder: Path, accepted: Belongs, newest: int, notice: Callable[[str], None]
    ) -> dict[str, torch.Tensor] | None:
        """Weights of the best epoch, from its checkpoint; None when `newest`, the last one, is the best, or
        there is none.
        """
        if not self.found or self.found["epoch"] == newest:
            return None
        try:
            saved: BestState = load_checkpoint(folder / self.checkpoint, accepted)
        except CheckpointError as error:
            notice(tr("{message} The last epoch's weights were used.").format(message=error.message))
            return None
        return saved["model"]
