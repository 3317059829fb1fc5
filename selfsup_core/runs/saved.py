"""What the checkpoints of a run hold: the worker writes them, whoever uses the network reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import torch

from selfsup_core.runs.frames import FramesState
from selfsup_core.runs.state import Best
from selfsup_core.train.loop import LoopState


class SavedFrames(TypedDict):
    """`FramesState` with the last map as a tensor."""

    stride: int
    previous: torch.Tensor | None


class StepState(TypedDict):
    """A checkpoint `step-…`: all that is needed to continue.

    Attributes:
        since_best: epochs since the best one. task: as the run's task gives it; earlier versions had none.
    """

    loop: LoopState
    best: Best | None
    since_best: int
    task: NotRequired[Mapping[str, object]]
    frames: SavedFrames


class BestState(TypedDict):
    """A checkpoint `best-…`: the trained weights of the best epoch so far."""

    model: dict[str, torch.Tensor]


def frames_of(saved: StepState) -> FramesState:
    """What a checkpoint keeps of the frames, as `FrameStore` takes it."""
    frames = saved["frames"]
    previous = frames["previous"]
    return {"stride": frames["stride"], "previous": None if previous is None else previous.numpy()}
