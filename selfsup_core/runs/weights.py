"""The network's weights at kept epochs, in half precision: enough to try it out, a fifth of a checkpoint's
size.

Checkpoints, from which training continues, keep full precision.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from selfsup_core.errors import DataError, RunError, StudioError
from selfsup_core.files import MOST_WEIGHTS, read_file
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.saved import BestState, StepState
from selfsup_core.runs.thinned import Thinned, frame_path, list_frames
from selfsup_core.train.checkpoint import list_checkpoints, load_checkpoint
from selfsup_core.train.trained import load_trained, trained_state
from selfsup_core.translation import tr

LARGEST = 65_504.0  # of half precision


class WeightStore(Thinned):
    """Writes them, as many as the space allows.

    Args:
        max_megabytes: 0 keeps none.
    """

    def __init__(self, folder: Path, *, max_frames: int, max_megabytes: float) -> None:
        super().__init__(folder, most=max_frames, max_bytes=max_megabytes * 1e6)

    def write_weights(self, epoch: int, model: torch.nn.Module, *, is_last: bool) -> None:
        if self.max_bytes and self.wants(epoch, is_last=is_last):
            self.write(epoch, save_tensors({k: halve(v) for k, v in trained_state(model).items()}))


def halve(tensor: torch.Tensor) -> torch.Tensor:
    tensor = tensor.detach().cpu()
    if tensor.is_floating_point():
        tensor = tensor.clamp(-LARGEST, LARGEST).half()
    return tensor.contiguous()


def nearest_epoch(folder: Path, epoch: int | None) -> int:
    """The epoch with weights that is nearest to the one asked for; None asks for the newest.

    Raises:
        RunError: none are there.
    """
    kept = list_frames(folder)
    if not kept:
        raise RunError(
            tr("This run kept no weights, so its network cannot be used."),
            code="no-weights",
            remedy=tr("Train it again with room for weights (frames.weights_megabytes above 0)."),
        )
    return kept[-1] if epoch is None else min(kept, key=lambda e: (abs(e - epoch), e))


def read_weights(folder: Path, epoch: int) -> dict[str, torch.Tensor]:
    """In single precision. Raises RunError when they are gone or damaged."""
    try:
        tensors = load_tensors(read_file(frame_path(folder, epoch), MOST_WEIGHTS))
    except (OSError, ValueError, SafetensorError) as error:
        raise RunError(
            tr("The weights of epoch {epoch} cannot be read.").format(epoch=epoch), code="no-weights"
        ) from error
    return {k: v.float() if v.is_floating_point() else v for k, v in tensors.items()}


def set_weights(network: torch.nn.Module, weights: dict[str, torch.Tensor], epoch: int) -> None:
    """Give a network the trained weights of a kept epoch. Raises DataError: they are of another network."""
    try:
        load_trained(network, weights)
    except RuntimeError as error:
        raise DataError(
            tr("The weights of epoch {used} do not fit the network: {error}.").format(
                used=epoch, error=error
            ),
            code="bad-weights",
        ) from error


def epoch_weights(folder: RunFolder, epoch: int) -> dict[str, torch.Tensor]:
    """Trained weights of a kept epoch: in full precision from a checkpoint of its very end, else in half."""
    for target in list_checkpoints(folder.checkpoints, "best-"):
        if target.name == f"best-{epoch:06d}":
            try:
                best: BestState = load_checkpoint(target, {})
                return best["model"]
            except StudioError:
                break
    for target in list_checkpoints(folder.checkpoints):
        try:
            saved: StepState = load_checkpoint(target, {})
        except StudioError:
            continue
        loop = saved["loop"]
        if loop["position"]["epoch"] == epoch and loop["position"]["index"] == 0:
            # Of several networks beside each other the student is the run's own.
            student = {
                k.removeprefix("student."): v for k, v in loop["model"].items() if k.startswith("student.")
            }
            return student or loop["model"]
    return read_weights(folder.weights, epoch)
