"""What a training will take: of a language model weights, memory and time, said before it starts; of any run
what it asks of a cluster.

A step costs about 6 floating-point operations a weight and token, and 12 · layers · width for each pair of
tokens [1].
[1] Chowdhery et al.: PaLM: scaling language modeling with pathways, 2022, appendix B
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from selfsup_core.data.sources import find_source
from selfsup_core.errors import StudioError
from selfsup_core.runs.describe import network_input
from selfsup_core.runs.folder import RunFolder, list_states
from selfsup_core.runs.memory_left import needed_bytes
from selfsup_core.runs.spec import RunSpec, read_spec, task_of
from selfsup_core.runs.waiting import in_words
from selfsup_core.train.device import SMALL_MODEL
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.models.gpt import TransformerConfig

GUESS = 3e10  # operations a second of one core of a laptop
LOOKING = 1.15  # evaluation and writing come on top
MOST_LOOKED_AT = 5
VALUES = 4  # weight, gradient, Adam's two means
LARGE_CORES = 4  # that a run with a large network asks of a cluster for each of its processes
STORED = 34  # values of a token's width that each block keeps for the way back


@dataclass(frozen=True)
class Estimate:
    """parameters, megabytes, seconds, and where the speed is from in words."""

    parameters: int
    megabytes: float
    seconds: float
    basis: str

    def sentence(self) -> str:
        """One line for the page and the CLI."""
        return tr(
            "{parameters:,} weights, about {megabytes:,.0f} MB of memory, about {in_words} ({basis})"
        ).format(
            parameters=self.parameters,
            megabytes=self.megabytes,
            in_words=in_words(self.seconds),
            basis=self.basis,
        )


def window_operations(spec: RunSpec, parameters: int) -> float:
    """Floating-point operations for training on one window of tokens."""
    layers, width = getattr(spec.model, "layers", 0), getattr(spec.model, "width", 0)
    tokens = cast("TransformerConfig", spec.model).context
    return 6.0 * parameters * tokens + 12.0 * layers * width * tokens**2


def measured_speed(workspace: Path) -> float | None:
    """Operations a second that the newest language runs here have reached."""
    found: list[float] = []
    for state in list_states(workspace):
        rate = state.get("samples_per_second")
        if state.get("task") != "language" or not rate:
            continue
        try:
            spec = read_spec(RunFolder(workspace / "runs" / state["run"]).spec)
        except StudioError:
            continue
        if spec.model.kind != "pretrained":
            found.append(rate * window_operations(spec, state["parameters"]))
        if len(found) == MOST_LOOKED_AT:
            break
    return sorted(found)[len(found) // 2] if found else None


def estimate(spec: RunSpec, workspace: Path) -> Estimate:
    """For a network from scratch or a built-in one; of another the number of weights is not known yet."""
    from selfsup_core.models import MODELS

    model: Any = spec.model
    shape = network_input(spec, workspace)
    parameters = MODELS[model.kind].parameters(model, shape)
    windows = spec.train.epochs * (spec.train.steps_per_epoch or 1000) * spec.train.batch_size
    speed = measured_speed(workspace)
    trained = 1 if getattr(model, "lora_rank", 0) else VALUES
    layers, width = getattr(model, "layers", 30), getattr(model, "width", 576)
    tokens = spec.train.batch_size * model.context / spec.train.accumulation
    vocabulary = shape[0] or 50_000
    kept = tokens * (
        STORED * layers * width + 3 * vocabulary + layers * getattr(model, "heads", 9) * model.context
    )
    return Estimate(
        parameters,
        (4 * (trained * parameters + kept)) / 1e6,
        LOOKING * windows * window_operations(spec, parameters) / (speed or GUESS),
        tr("based on the speed of your earlier runs")
        if speed
        else tr("a rough estimate until a first run has been timed"),
    )


@dataclass(frozen=True)
class Need:
    """What a run asks of a cluster: memory in bytes."""

    cpus: int
    gpus: int
    memory: int


def need_of(spec: RunSpec, workspace: Path, *, parameters: int, has_gpus: bool) -> Need:
    """What a run needs on a node.

    Args:
        parameters: of its network; 0 where that is not known.
        has_gpus: whether the cluster has any, which a run on an automatic device then takes.

    Raises:
        StudioError: its data are not there.
    """
    train = spec.train
    on_gpu = train.device == "cuda" or (train.device == "auto" and has_gpus)
    threads = train.threads or (1 if parameters < SMALL_MODEL else LARGE_CORES)
    memory = needed_bytes(parameters, find_source(spec.data.source, workspace))
    if task_of(spec) == "language" and spec.model.kind != "pretrained":
        memory += int(estimate(spec, workspace).megabytes * 1e6)
    if on_gpu:
        return Need(train.devices, train.devices, memory)
    return Need(train.devices * threads, 0, memory * train.devices)
