"""Whether a run trains in bf16, with the reason that is stored and shown.

A GPU that has bf16 uses it. On a CPU it is measured: some steps of the run itself in both formats, on a copy.
Weights stay in float32 in any case, and what is measured of an epoch is computed in float32 too (autocast).
[1] Kalamkar et al.: A study of bfloat16 for deep learning training, 2019
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from selfsup_core.errors import SettingError
from selfsup_core.pretrained.encoders.transformer import half_type
from selfsup_core.train.config import TrainConfig
from selfsup_core.train.device import DeviceAbout, DeviceChoice
from selfsup_core.translation import tr
from selfsup_core.wording import percent

if TYPE_CHECKING:
    import torch
    from torch import nn

    from selfsup_core.objectives.registry import Objective

MOST_SHARE = 0.8  # of the time in float32, which a step in bf16 may take at most
LEAST_SECONDS = 0.02  # of a step: below, a run is over soon in either format
LEAST_STEPS = 100
REPEATS = 3


class StepTimes(NamedTuple):
    """Seconds of the processor for one step in each format; bf16 is None where a step is too short to
    matter.
    """

    float32: float
    bf16: float | None


def choose_precision(
    config: TrainConfig,
    choice: DeviceChoice,
    *,
    steps: int,
    measure: Callable[[], StepTimes] | None,
    known: DeviceAbout | None = None,
) -> DeviceChoice:
    """The device with its number format.

    Args:
        steps: of the whole run; a short one is not measured.
        measure: times a step; None where the network has no layer that may profit on a CPU.
        known: what was decided when the run began; a resumed run keeps to it, so that it ends the same.

    Raises:
        SettingError: bf16 is asked for, and the device has none.
    """
    if config.precision == "float32":
        return replace(choice, uses_bf16=False)
    if config.precision == "bf16":
        if choice.name == "mps" or (choice.name == "cuda" and not choice.uses_bf16):
            raise SettingError(
                tr("Number format is set to bf16, but {label} has none.").format(label=choice.label),
                remedy=tr("Set Number format to Automatic or float32 (train.precision = auto)."),
            )
        return in_bf16(choice, tr("In bf16 as set."))
    if choice.name != "cpu" or choice.uses_bf16:
        return choice
    if known and known["name"] == choice.name:
        said = known.get("precision", "")
        return in_bf16(choice, said) if known["uses_bf16"] else in_float32(choice, said)
    if measure is None or steps < LEAST_STEPS:
        return choice
    if half_type("cpu") is None:
        return in_float32(choice, tr("In float32, since this processor has no bf16 arithmetic."))
    found = measure()
    if found.bf16 is None:
        return choice
    share = found.bf16 / found.float32
    said = tr("takes {share} of its time in float32 on this processor").format(share=percent(share))
    if share <= MOST_SHARE:
        return in_bf16(choice, tr("In bf16: a step {said}.").format(said=said))
    return in_float32(
        choice, tr("In float32: in bf16 a step {said}, which is not worth it.").format(said=said)
    )


def in_bf16(choice: DeviceChoice, said: str) -> DeviceChoice:
    label = choice.label if choice.name != "cpu" else f"{choice.label}, bf16"
    return replace(
        choice, uses_bf16=True, label=label, reason=f"{choice.reason} {said}".strip(), precision=said
    )


def in_float32(choice: DeviceChoice, said: str) -> DeviceChoice:
    return replace(choice, uses_bf16=False, reason=f"{choice.reason} {said}".strip(), precision=said)


def may_profit(model: nn.Module) -> bool:
    """Whether it has convolutions; dense layers and transformers that a CPU can train gain little."""
    from torch import nn

    return any(isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) for layer in model.modules())


def time_steps(
    model: nn.Module,
    objective: Objective[Any],
    values: Callable[[torch.Tensor], Any],
    rows: torch.Tensor,
    *,
    seed: int = 0,
) -> StepTimes:
    """Time a step on these rows in both formats; the model, its objective and torch's generator stay as they
    are.

    Measured is the processor's time of this process, since on a busy machine the clock would tell more of the
    others. Channels stay where they are in memory: with channels last, torch 2.13 corrupts memory in the
    backward pass of layers with few channels.
    """
    import torch

    copied, learned = copy.deepcopy((model, objective))
    copied.train()
    generator = torch.Generator(rows.device).manual_seed(seed)

    def once(*, bf16: bool) -> float:
        copied.zero_grad(set_to_none=True)
        began = time.process_time()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            loss = learned.step(copied, values(rows), generator)["loss"]
        loss.backward()  # type: ignore[no-untyped-call]  # torch has no types there
        return time.process_time() - began

    with torch.random.fork_rng(devices=[]):
        first = min(once(bf16=False) for _ in range(2))
        if first < LEAST_SECONDS:
            return StepTimes(first, None)
        once(bf16=True)  # the first one prepares the kernels
        times = [(once(bf16=False), once(bf16=True)) for _ in range(REPEATS)]
    return StepTimes(min(full for full, _ in times), min(half for _, half in times))
