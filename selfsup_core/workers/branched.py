"""The beginning of a branch that has no checkpoint: the weights that its parent kept of an epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfsup_core.runs.folder import RunFolder, read_rows
from selfsup_core.runs.frames import FramesState, read_frame
from selfsup_core.runs.thinned import frame_path
from selfsup_core.runs.weights import epoch_weights
from selfsup_core.train.trained import load_trained
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from torch import nn

    from selfsup_core.train.loop import Loop


def begin_branch(folder: RunFolder, model: nn.Module, loop: Loop, epoch: int) -> tuple[int, FramesState]:
    """Put the weights of an epoch into the model, and the loop to its end.

    Returns: the step there, and what the frames go on from.

    Raises:
        RunError: the weights are gone or damaged.
    """
    load_trained(model, epoch_weights(folder, epoch))
    loop.epoch, loop.step = epoch, last_step(folder, epoch)
    path = frame_path(folder.frames, epoch)
    previous = read_frame(path).get("map") if path.exists() else None
    return loop.step, {"stride": 1, "previous": previous}


def last_step(folder: RunFolder, epoch: int) -> int:
    """The step at the end of an epoch, by the rows of the run."""
    whole = [row for row in read_rows(folder.metrics) if row["kind"] == "epoch"]
    return max((row["step"] for row in whole if row["epoch"] == epoch), default=0)


def say_begun(epoch: int) -> str:
    return tr("It goes on from the weights of epoch {epoch}; the optimizer begins anew.").format(epoch=epoch)
