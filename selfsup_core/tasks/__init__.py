"""What is trained: one file a task. The session knows runs, events and files; a task knows data, model and
views.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfsup_core.registry import Registry
from selfsup_core.translation import tr_later

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import torch
    from torch import nn

    from selfsup_core.evaluate.rows import Baseline, EpochRow, Metrics, Sign
    from selfsup_core.objectives import Objective
    from selfsup_core.pseudo.audit import Verdict
    from selfsup_core.runs.frames import FrameStore
    from selfsup_core.runs.spec import RunSpec
    from selfsup_core.train.device import DeviceChoice


@dataclass
class TaskContext:
    """What a task is made from.

    Attributes:
        persist: does a write, and again when the disk was full.
        say: shows in words what takes its time before training begins.
        phase: says which part of an epoch is running, for a task that has several ("propose", "keep",
        "train").
    """

    spec: RunSpec
    folder: Path
    workspace: Path
    choice: DeviceChoice
    persist: Callable[[Callable[[], Any]], Any]
    say: Callable[[str], None]
    phase: Callable[[str], None] = lambda name: None


@dataclass
class Look:
    """What was seen of an epoch: numbers for its row, and whatever its frame is made from."""

    metrics: Metrics
    view: Any = field(repr=False)


class Task(ABC):
    """Made from a `TaskContext`; raises StudioError when data, network and objective do not go together.

    Attributes:
        rows: (N,) row numbers to train on, on the device.
        digest: of the data, so that a checkpoint is not loaded beside others.
        notes: what was decided or filled in, in words.
        verdict: {"outcome", "text"} once `finish` has one.
        baseline_message: what is said while the baseline is measured.
        chosen_by: metric whose lowest value is the best epoch, the one that is kept; None where the last one
        is.
    """

    model: nn.Module
    objective: Objective[Any]
    rows: torch.Tensor
    digest: str
    notes: list[str]
    verdict: Verdict | None = None
    chosen_by: str | None = "val_loss"
    baseline_message: str = tr_later("Measuring the baselines on the same rows.")

    @abstractmethod
    def __init__(self, context: TaskContext) -> None: ...

    @abstractmethod
    def values(self, rows: torch.Tensor) -> Any:
        """Row numbers (B,) on the device → a batch for the objective."""

    def solver(self) -> Callable[[], dict[str, torch.Tensor]] | None:
        """What sets the weights to an epoch's optimum, for a task that does not train by steps."""
        return None

    @abstractmethod
    def write_static(self, frames: FrameStore) -> None:
        """Write what all frames share; skipped when it is there."""

    @abstractmethod
    def baseline(self) -> Baseline:
        """What simpler means achieve on the same validation rows; computed once, in a thread of its own.

        It must neither change the model nor depend on its training, since a resumed run may measure it at
        another epoch.
        """

    @property
    def kept_model(self) -> nn.Module:
        """Whose weights are kept of each epoch."""
        return self.model

    def state(self) -> Mapping[str, object]:
        """What a checkpoint must keep beside the model, in tensors and plain values."""
        return {}

    def load(self, state: Mapping[str, object]) -> None:  # noqa: B027  (most tasks keep nothing)
        """Go on from a `state`."""

    def turn(self) -> bool:
        """Get ready for the next epoch, after one was looked at; True when the optimizer shall forget what it
        knows.
        """
        return False

    @abstractmethod
    def look(self, terms: dict[str, float]) -> Look:
        """Evaluate at the end of an epoch; `terms` are the means of its training steps."""

    @abstractmethod
    def write_frame(self, frames: FrameStore, epoch: int, look: Look, *, is_last: bool) -> None:
        """Write the frame of an epoch, when its turn it is."""

    @property
    def glance_rows(self) -> int:
        """Rows that `write_early` puts through the network; 0 when there are no frames in the middle of an
        epoch.
        """
        return 0

    def write_early(self, frames: FrameStore, step: int, terms: dict[str, float]) -> None:  # noqa: B027  (most have none)
        """Write a frame in the middle of the first epoch.

        It must neither change the model nor draw from a generator of the training: a resumed run may write
        fewer.

        Args:
            terms: means of the training steps so far.
        """

    @abstractmethod
    def find_signs(
        self, row: EpochRow, past: list[EpochRow], baseline: Baseline | None, *, is_last: bool
    ) -> list[Sign]:
        """Signs of trouble in an epoch's numbers."""

    @abstractmethod
    def finish(self, best: dict[str, torch.Tensor] | None) -> Metrics:
        """Numbers that are computed once, when all epochs are done, with the best epoch's weights or the last
        ones.
        """


TASKS: Registry[type[Task]] = Registry("task", "tasks")
