"""A device whose memory is really full."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.checks.shared import Outcome, Place, difference, judge, not_made
from benchmarks.checks.training import TOLERANCE


def wide_loop(device: str, *, epochs: int) -> Any:
    """A loop whose activations take far more memory than its weights."""
    import torch

    from selfsup_core.models.dense import DenseConfig, build
    from selfsup_core.models.modules.autoencoder import glorot_init
    from selfsup_core.objectives import OBJECTIVES
    from selfsup_core.train.config import TrainConfig
    from selfsup_core.train.device import choose_device
    from selfsup_core.train.loop import Loop

    batch, width = 64, 32
    if device == "cuda":
        is_large = torch.cuda.get_device_properties(0).total_memory > 30 * 2**30
        batch, width = (65_536 if is_large else 16_384), 4096
    model = build(DenseConfig(widths=(width, width, 16)), (64,))
    model.groups = ()
    glorot_init(model, torch.Generator().manual_seed(0))
    objective = OBJECTIVES["reconstruction"](OBJECTIVES["reconstruction"].Config())
    x = torch.rand(batch, 64, generator=torch.Generator().manual_seed(1)).to(device)
    config = TrainConfig(epochs=epochs, batch_size=batch, device=device)
    return Loop(
        model.to(device),
        objective,
        values=lambda rows: x[rows],
        rows=torch.arange(batch, device=device),
        config=config,
        choice=replace(choose_device(device), uses_bf16=False),
        seed=0,
    )


def losses_of(loop: Any) -> tuple[np.ndarray, list[str]]:
    """(losses of all epochs, notices)."""
    events = list(loop.events())
    losses = np.array([e.terms["train_loss"] for e in events if e.kind == "epoch"])
    return losses, [e.text for e in events if e.kind == "notice"]


def peaks() -> tuple[int, int]:
    """Bytes that a step takes beyond what stays: of a whole batch, and of one in four parts."""
    import torch

    found = []
    for halvings in (0, 2):
        loop = wide_loop("cuda", epochs=2)
        loop.halvings = halvings
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        losses_of(loop)
        found.append(torch.cuda.max_memory_allocated() - before)
        del loop
    torch.cuda.empty_cache()
    return found[0], found[1]


def fill_card(leave: int) -> Any:
    """A tensor that takes all of the card's memory but so many bytes."""
    import torch

    torch.cuda.empty_cache()
    free, _ = torch.cuda.mem_get_info()
    if free <= leave:
        raise RuntimeError(f"only {free:,} bytes are free, {leave:,} should be left")
    return torch.empty(free - leave, dtype=torch.uint8, device="cuda")


def check_full_card(place: Place) -> Outcome:
    """Memory is left for a quarter of a batch only, after the run has begun: the loop halves, with the same
    losses.
    """
    return check_memory(place, warm=True)


def check_full_first_step(place: Place) -> Outcome:
    """The same before the very first step, when the optimizer has yet to make its own tensors."""
    return check_memory(place, warm=False)


def check_memory(place: Place, *, warm: bool) -> Outcome:
    wanted, _ = losses_of(wide_loop(place.device, epochs=4))
    loop = wide_loop(place.device, epochs=4)
    events = loop.events()
    begun = [next(events)] if warm else []
    if place.is_gpu:
        whole, quarter = peaks()
        leave = int(1.25 * quarter) + 2**27
        if leave > 0.9 * whole:
            return not_made(f"a quarter of the batch takes {quarter:,} bytes of {whole:,}: too close")
        filler = fill_card(leave)
    else:
        filler = pretend_full(loop)
    try:
        rest = list(events)
    finally:
        if callable(filler):
            filler()
        del filler
        if place.is_gpu:
            import torch

            torch.cuda.empty_cache()
    found = np.array([e.terms["train_loss"] for e in [*begun, *rest] if e.kind == "epoch"])
    gap = difference(found, wanted)
    text = f"{loop.halvings} halvings, losses differ by {gap:.2g} at most ({TOLERANCE:g} allowed)"
    return judge(gap <= TOLERANCE and 1 <= loop.halvings <= 3, text, halvings=loop.halvings, difference=gap)


def pretend_full(loop: Any) -> Callable[[], None]:
    """On a CPU: more than a quarter of a batch raises what a full card raises."""
    import torch

    most, real = loop.config.batch_size // 4, loop.objective.step

    def step(model: Any, batch: Any, generator: Any) -> Any:
        if len(batch) > most:
            raise torch.OutOfMemoryError("CUDA out of memory (pretended)")
        return real(model, batch, generator)

    loop.objective.step = step
    return lambda: None
