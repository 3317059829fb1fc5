"""The training loop: knows no algorithm and no screen, and yields events.

Whoever consumes the events writes metrics, frames and checkpoints, and pauses by not asking for the next one.
The order of the rows is a function of (seed, epoch), so a loop that starts from a state goes on bit for bit.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from selfsup_core.errors import Diverged, StudioError
from selfsup_core.objectives.registry import Objective
from selfsup_core.train.config import TrainConfig
from selfsup_core.train.device import DeviceChoice

TICK_SECONDS = 0.05
MAX_HALVINGS = 3
MAX_STEP_ROWS = 10_000
LOWEST_SHARE = 0.1  # of the learning rate, at a schedule's end: nanoGPT's choice


@dataclass(frozen=True)
class Event:
    """kind: "tick" (time has passed), "step" (terms of the last few steps), "epoch" (terms of the whole epoch),
    "notice" (something automatic happened, in words)."""

    kind: str
    step: int
    epoch: float
    terms: dict[str, float] = field(default_factory=dict)
    text: str = ""


def make_optimizer(model: nn.Module, config: TrainConfig, *, fused: bool) -> torch.optim.Optimizer:
    """Adam; with weight decay AdamW, which spares biases, scales and other vectors."""
    trained = [p for p in model.parameters() if p.requires_grad]
    options: dict[str, Any] = {"lr": config.learning_rate, "betas": (0.9, config.beta2)}
    options |= {"eps": config.epsilon, "fused": fused}
    if not config.weight_decay:
        return torch.optim.Adam(trained, **options)
    groups = [
        {"params": [p for p in trained if p.dim() >= 2], "weight_decay": config.weight_decay},
        {"params": [p for p in trained if p.dim() < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([g for g in groups if g["params"]], **options)


def rate_share(config: TrainConfig, step: int, total: int) -> float:
    """Share of the learning rate at a step (counted from 0): a linear rise, then constant, or down to a tenth."""
    if step < config.warmup_steps:
        return (step + 1) / (config.warmup_steps + 1)
    if config.schedule == "constant":
        return 1.0
    done = min(1.0, (step - config.warmup_steps) / max(1, total - config.warmup_steps))
    falling = 0.5 * (1 + math.cos(math.pi * done)) if config.schedule == "cosine" else 1 - done
    return LOWEST_SHARE + (1 - LOWEST_SHARE) * falling


def trained_state(model: nn.Module) -> dict[str, torch.Tensor]:
    """What training can change: the weights that are trained, and all buffers; frozen weights are the model's own."""
    # Weights that two layers share have two names in the state, so both must be looked at.
    named = model.named_parameters(remove_duplicate=False)
    frozen = {name for name, p in named if not p.requires_grad}
    return {name: value for name, value in model.state_dict().items() if name not in frozen}


def load_trained(model: nn.Module, state: dict[str, torch.Tensor]) -> None:
    """Inverse of `trained_state`. Raises RuntimeError when a trained weight is missing or strange."""
    missing = trained_state(model).keys() - state.keys()
    if missing:
        raise RuntimeError(f"the weights lack {', '.join(sorted(missing)[:3])}")
    if unexpected := model.load_state_dict(state, strict=False).unexpected_keys:
        raise RuntimeError(f"there are weights of another model: {', '.join(unexpected[:3])}")


class Sums:
    """Sums of the terms over rows, kept on the device: reading them is the only point where it is waited for."""

    def __init__(self) -> None:
        self.rows = 0
        self.values: dict[str, Any] = {}

    def add(self, terms: dict[str, torch.Tensor], rows: int) -> None:
        self.rows += rows
        for name, value in terms.items():
            value = value.detach()
            value = value.double() if value.device.type != "mps" else value.float()
            old = self.values.get(name)
            self.values[name] = value * rows if old is None else old.add_(value, alpha=rows)

    def means(self) -> dict[str, float]:
        return {f"train_{name}": float(v) / self.rows for name, v in self.values.items()}

    def state(self) -> dict[str, Any]:
        return {"rows": self.rows, "values": {k: float(v) for k, v in self.values.items()}}

    def load(self, state: dict[str, Any], device: str) -> None:
        dtype = torch.float64 if device != "mps" else torch.float32
        self.rows = state["rows"]
        self.values = {k: torch.tensor(v, dtype=dtype, device=device) for k, v in state["values"].items()}


class Loop:
    """Trains a model on the rows of a tensor.

    Args:
        values: row numbers (B,) on the device → (B, D) batch.
        rows: (N,) row numbers to train on, on the device.
        seed: of the order of the rows and of the objective's generator.
    """

    def __init__(
        self,
        model: nn.Module,
        objective: Objective,
        *,
        values: Any,
        rows: torch.Tensor,
        config: TrainConfig,
        choice: DeviceChoice,
        seed: int,
    ) -> None:
        self.model, self.objective, self.values, self.rows = model, objective, values, rows
        self.config, self.choice, self.seed = config, choice, seed
        self.optimizer = make_optimizer(model, config, fused=choice.uses_fused)
        self.base_rate = config.learning_rate
        # Dropout draws from torch's global generator: it is set anew before each step, so a resume draws the same.
        self.has_dropout = any(isinstance(m, nn.Dropout) and m.p > 0 for m in model.modules())
        self.generator = torch.Generator(choice.name).manual_seed(seed)
        self.epoch = self.index = self.step = 0  # epochs done, rows done in this epoch, steps done
        self.halvings = 0
        self.seconds = 0.0
        self.used_learning_rate = config.learning_rate
        self.stops: set[int] = set()  # steps after which a tick is due, whatever the time
        self.epoch_sums, self.window_sums = Sums(), Sums()
        self.rows_per_epoch = config.steps_per_epoch * config.batch_size or len(rows)
        self.steps_per_epoch = -(-self.rows_per_epoch // config.batch_size)
        # About ten rows an epoch, fewer in long runs, so that a curve stays quick to send and draw.
        per_epoch = max(1, min(10, MAX_STEP_ROWS // config.epochs))
        self.log_every = max(1, self.steps_per_epoch // per_epoch)

    def set_learning_rate(self, value: float) -> None:
        """From the next step on; a schedule goes on from there as the same share of it."""
        self.base_rate = value
        self._follow_schedule()

    def _follow_schedule(self) -> None:
        total = self.config.epochs * self.steps_per_epoch
        value = self.base_rate * rate_share(self.config, self.step, total)
        for group in self.optimizer.param_groups:
            group["lr"] = value

    def restart(self) -> None:
        """Forget the optimizer's means, after the weights were set anew."""
        fused = self.choice.uses_fused
        self.optimizer = make_optimizer(self.model, self.config, fused=fused)

    @property
    def learning_rate(self) -> float:
        found: float = self.optimizer.param_groups[0]["lr"]
        return found

    @property
    def progress(self) -> float:
        """Epochs done, with the fraction of the current one."""
        return self.epoch + self.index / self.rows_per_epoch

    def _order(self) -> torch.Tensor:
        """The rows of this epoch, in an order that (seed, epoch) alone decide."""
        generator = torch.Generator().manual_seed((self.seed * 1_000_003 + self.epoch) % 2**63)
        order = torch.randperm(len(self.rows), generator=generator)
        while len(order) < self.rows_per_epoch:
            order = torch.cat([order, torch.randperm(len(self.rows), generator=generator)])
        return self.rows[order[: self.rows_per_epoch].to(self.rows.device)]

    def _autocast(self) -> Any:
        if self.choice.uses_bf16:
            return torch.autocast("cuda", dtype=torch.bfloat16)
        return nullcontext()

    def _update(self, rows: torch.Tensor) -> None:
        """One optimizer step; after `halvings` the batch is worked off in smaller parts with the same gradient."""
        self._follow_schedule()
        self.used_learning_rate = self.learning_rate
        self.optimizer.zero_grad(set_to_none=True)
        if self.has_dropout:
            torch.manual_seed((self.seed * 1_000_003 + self.step) % 2**63)
        parts = rows.chunk(self.config.accumulation * 2**self.halvings)
        collected = []
        self.objective.progress = self.progress
        for part in parts:
            with self._autocast():
                terms = self.objective.step(self.model, self.values(part), self.generator)
            share = len(part) / len(rows)
            (terms["loss"] if share == 1 else terms["loss"] * share).backward()
            collected.append((terms, len(part)))
        if self.config.clip_norm:
            for part in getattr(self.model, "apart", (self.model,)):
                nn.utils.clip_grad_norm_(part.parameters(), self.config.clip_norm)
        self.optimizer.step()
        for terms, count in collected:
            self.epoch_sums.add(terms, count)
            self.window_sums.add(terms, count)

    def events(self) -> Iterator[Event]:
        """Train until `config.epochs` are done, from wherever the state is.

        Raises:
            Diverged: a term is no longer finite.
            StudioError: memory ran out even with the batch in eight parts.
        """
        self.model.train()
        tick = started = time.monotonic()
        while self.epoch < self.config.epochs:
            order = self._order()
            while self.index < len(order):
                batch = order[self.index : self.index + self.config.batch_size]
                try:
                    self._update(batch)
                except (RuntimeError, MemoryError) as error:
                    yield self._halve(error)
                    continue
                self.index += len(batch)
                self.step += 1
                now = time.monotonic()
                if self.step % self.log_every == 0 and self.index < len(order):
                    yield from self._log("step", self.window_sums)
                    self.window_sums = Sums()
                # Never after the last step: a checkpoint taken there would come before the epoch's own event,
                # and whoever goes on from it would see that event, and its row, a second time.
                is_due = now - tick >= TICK_SECONDS or self.step in self.stops
                if is_due and self.index < len(order):
                    self.seconds += now - started
                    self._check_finite(self.window_sums if self.window_sums.rows else self.epoch_sums)
                    yield Event("tick", self.step, self.progress)
                    tick = started = time.monotonic()
            self.seconds += time.monotonic() - started
            sums, self.epoch_sums, self.window_sums = self.epoch_sums, Sums(), Sums()
            self.epoch, self.index = self.epoch + 1, 0
            yield from self._log("epoch", sums)
            tick = started = time.monotonic()

    def _log(self, kind: str, sums: Sums) -> Iterator[Event]:
        yield Event(kind, self.step, self.progress, self._check_finite(sums))

    def _check_finite(self, sums: Sums) -> dict[str, float]:
        means = sums.means()
        for name, value in means.items():
            if value - value != 0:
                raise Diverged(
                    f"{name} became {value} in step {self.step}.",
                    remedy=f"Most often the learning rate ({self.learning_rate:g}) is too high; "
                    "try a tenth of it.",
                )
        return means

    def _halve(self, error: Exception) -> Event:
        """Answer to a lack of memory; anything else is raised again."""
        is_memory = isinstance(error, torch.OutOfMemoryError | MemoryError)
        if not is_memory and "can't allocate memory" not in str(error):
            raise error
        if self.halvings == MAX_HALVINGS:
            raise StudioError(
                "Memory ran out even with the batch in eight parts.",
                code="out-of-memory",
                remedy="Use a smaller train.batch_size, a smaller network or smaller images.",
            ) from error
        self.halvings += 1
        self.optimizer.zero_grad(set_to_none=True)
        if self.choice.name == "cuda":
            torch.cuda.empty_cache()
        return Event(
            "notice",
            self.step,
            self.progress,
            text=(
                f"Memory ran out: each batch of {self.config.batch_size} is now worked off in "
                f"{2**self.halvings} parts, with the same result."
            ),
        )

    def state(self) -> dict[str, Any]:
        """All that is needed to go on, in tensors and plain values."""
        return {
            "model": trained_state(self.model),
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
            "position": {"epoch": self.epoch, "index": self.index, "step": self.step},
            "halvings": self.halvings,
            "seconds": self.seconds,
            "sums": {"epoch": self.epoch_sums.state(), "window": self.window_sums.state()},
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        load_trained(self.model, state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.generator.set_state(state["generator"])
        self.epoch, self.index, self.step = (state["position"][k] for k in ("epoch", "index", "step"))
        self.halvings, self.seconds = state["halvings"], state["seconds"]
        self.epoch_sums.load(state["sums"]["epoch"], self.choice.name)
        self.window_sums.load(state["sums"]["window"], self.choice.name)
