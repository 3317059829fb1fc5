"""The training loop: knows no algorithm and no screen, and yields events.

Whoever consumes the events writes metrics, frames and checkpoints, and pauses by not asking for the next one.
The order of the rows is a function of (seed, epoch), so a loop that starts from a state continues bit for
bit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, TypedDict

import torch
from torch import nn
from torch.optim.optimizer import StateDict

from selfsup_core.errors import Diverged, StudioError
from selfsup_core.objectives.registry import Objective
from selfsup_core.train.config import TrainConfig
from selfsup_core.train.device import DeviceChoice
from selfsup_core.train.memory import SMALLER, forget_unfinished, lacks_memory
from selfsup_core.train.optimizer import make_optimizer, rate_share
from selfsup_core.train.sums import Sums, SumsState
from selfsup_core.train.team import Order, Team, Terms
from selfsup_core.train.trained import load_trained, trained_state
from selfsup_core.translation import tr

TICK_SECONDS = 0.05
OWN = ("betas", "eps", "weight_decay")  # settings that an optimizer keeps beside its means


MAX_HALVINGS = 3


MAX_STEP_ROWS = 10_000


@dataclass(frozen=True)
class Event:
    """kind: "tick" (time has passed), "step" (terms of the last few steps), "epoch" (terms of the whole
    epoch), "notice" (something automatic happened, in words).
    """

    kind: str
    step: int
    epoch: float
    terms: dict[str, float] = field(default_factory=dict)
    text: str = ""


class Position(TypedDict):
    """Epochs done, rows done in this epoch, steps done."""

    epoch: int
    index: int
    step: int


class BothSums(TypedDict):
    """Running sums of the epoch, and since the last row of steps."""

    epoch: SumsState
    window: SumsState


class LoopState(TypedDict):
    """What a checkpoint keeps of a loop: all that is needed to continue."""

    model: dict[str, torch.Tensor]
    optimizer: StateDict
    generator: torch.Tensor
    position: Position
    halvings: int
    seconds: float
    sums: BothSums


class Loop:
    """Trains a model on the rows of a tensor.

    Args:
        values: row numbers (B,) on the device → (B, D) batch.
        rows: (N,) row numbers to train on, on the device.
        seed: of the order of the rows and of the objective's generator.
        solve: () -> terms; sets the weights to the optimum over an epoch's rows, in the place of its steps.
            None for training by steps.
        team: those who share each batch; None for this process alone.
    """

    def __init__(
        self,
        model: nn.Module,
        objective: Objective[Any],
        *,
        values: Any,
        rows: torch.Tensor,
        config: TrainConfig,
        choice: DeviceChoice,
        seed: int,
        solve: Callable[[], dict[str, torch.Tensor]] | None = None,
        team: Team | None = None,
    ) -> None:
        self.model, self.objective, self.values, self.rows = model, objective, values, rows
        self.solve, self.team = solve, team
        self.config, self.choice, self.seed = config, choice, seed
        self.optimizer: torch.optim.Optimizer
        if team is None or team.rank == 0:  # the others change no weights, and it takes seconds to import
            self.restart()
        self.base_rate = config.learning_rate
        # Dropout draws from torch's global generator: it is set again before each step, so a resume draws the
        # same.
        self.has_dropout = any(isinstance(m, nn.Dropout) and m.p > 0 for m in model.modules())
        self.generator = torch.Generator(choice.name).manual_seed(seed)
        self.epoch = self.index = self.step = 0  # epochs done, rows done in this epoch, steps done
        self.halvings = 0
        self.seconds = 0.0
        self.used_learning_rate = config.learning_rate
        self.stops: set[int] = set()  # steps after which a tick is due, whatever the time
        self.epoch_sums, self.window_sums = Sums(), Sums()
        self.rows_per_epoch = config.steps_per_epoch * config.batch_size or len(rows)
        self.steps_per_epoch = 1 if solve else -(-self.rows_per_epoch // config.batch_size)
        # About ten rows an epoch, fewer in long runs, so that a curve stays quick to send and draw.
        per_epoch = max(1, min(10, MAX_STEP_ROWS // config.epochs))
        self.log_every = max(1, self.steps_per_epoch // per_epoch)

    def set_learning_rate(self, value: float) -> None:
        """From the next step on; a schedule continues from there as the same share of it."""
        self.base_rate = value
        self._follow_schedule()

    def _follow_schedule(self) -> None:
        total = self.config.epochs * self.steps_per_epoch
        value = self.base_rate * rate_share(self.config, self.step, total)
        for group in self.optimizer.param_groups:
            group["lr"] = value

    def restart(self) -> None:
        """Forget the optimizer's means, after the weights were set again."""
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
            return torch.autocast(self.choice.name, dtype=torch.bfloat16)
        return nullcontext()

    def _update(self, rows: torch.Tensor) -> None:
        """One optimizer step; after `halvings` the batch is processed in smaller parts with the same
        gradient.
        """
        self._follow_schedule()
        self.used_learning_rate = self.learning_rate
        if self.team:
            place = Order(self.epoch, self.index, self.step, self.halvings, self.choice.uses_bf16)
            self.team.tell(place, self.model)
        collected = self._gradients(rows)
        if self.config.clip_norm:
            for network in getattr(self.model, "apart", (self.model,)):
                nn.utils.clip_grad_norm_(network.parameters(), self.config.clip_norm)
        self.optimizer.step()
        self.objective.settle(self.model)
        for terms, count in collected:
            self.epoch_sums.add(terms, count)
            self.window_sums.add(terms, count)

    def _gradients(self, rows: torch.Tensor) -> list[tuple[Terms, int]]:
        """Set the weights' gradients to those of a batch; its terms, in parts with their numbers of rows."""
        self.model.zero_grad(set_to_none=True)
        self.objective.progress = self.progress
        if self.team:
            seed = self.team.seed(self.seed, self.step)
            self.generator.manual_seed(seed)
        else:
            seed = (self.seed * 1_000_003 + self.step) % 2**63
        if self.has_dropout:
            torch.manual_seed(seed)
        if self.team:
            return self.team.compute(self.model, rows, lambda mine: self._backward(mine, len(rows)))
        return self._backward(rows, len(rows))

    def _backward(self, rows: torch.Tensor, total: int) -> list[tuple[Terms, int]]:
        """Add to the gradients what these rows add to the mean over `total` rows."""
        collected = []
        for part in rows.chunk(self.config.accumulation * 2**self.halvings):
            with self._autocast():
                terms = self.objective.step(self.model, self.values(part), self.generator)
            share = len(part) / total
            loss: torch.Tensor = terms["loss"] if share == 1 else terms["loss"] * share
            loss.backward()  # type: ignore[no-untyped-call]  # torch has no types there
            collected.append((terms, len(part)))
        return collected

    def follow(self) -> None:
        """Compute this rank's share of whatever batch rank 0 names, for as long as it does.

        Raises:
            RankLost: rank 0 has ended. StudioError: another rank has failed.
        """
        assert self.team, "a rank has a team"
        self.model.train()
        order, of_epoch = self.rows[:0], -1
        while True:
            asked = self.team.hear(self.model)
            self.epoch, self.index, self.step = asked.epoch, asked.index, asked.step
            self.halvings = asked.halvings
            self.choice = replace(self.choice, uses_bf16=asked.uses_bf16)
            if of_epoch != self.epoch:
                order, of_epoch = self._order(), self.epoch
            try:
                self._gradients(order[self.index : self.index + self.config.batch_size])
            except (RuntimeError, MemoryError) as error:
                if not lacks_memory(error):
                    raise  # rank 0 halves the batch, and says so with its next word

    def events(self) -> Iterator[Event]:
        """Train until `config.epochs` are done, from wherever the state is.

        Raises:
            Diverged: a term is no longer finite.
            StudioError: memory ran out even with the batch in eight parts.
        """
        self.model.train()
        tick = started = time.monotonic()
        while self.epoch < self.config.epochs:
            if self.solve:
                self.objective.progress = self.progress
                self.epoch_sums.add(self.solve(), len(self.rows))
                self.step += 1
            order = self._order() if not self.solve else self.rows[:0]
            while self.index < len(order):
                batch = order[self.index : self.index + self.config.batch_size]
                if not self._fits(batch):
                    # Here the failed step's tensors are gone: an exception that is still handled would hold
                    # on to them.
                    yield self._halve()
                    continue
                self.index += len(batch)
                self.step += 1
                now = time.monotonic()
                if self.step % self.log_every == 0 and self.index < len(order):
                    yield from self._log("step", self.window_sums)
                    self.window_sums = Sums()
                # Never after the last step: a checkpoint taken there would come before the epoch's own event,
                # and whoever continues from it would see that event, and its row, a second time.
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
                    tr("{name} became {value} in step {step}.").format(
                        name=name, value=value, step=self.step
                    ),
                    remedy=tr(
                        "The learning rate ({learning_rate:g}) is probably too high; try a tenth of it."
                    ).format(learning_rate=self.learning_rate),
                )
        return means

    def _fits(self, rows: torch.Tensor) -> bool:
        """Do a step; False when memory did not suffice and a smaller part may do.

        Raises:
            StudioError: memory ran out even with the batch in eight parts; and whatever else a step raises.
        """
        try:
            self._update(rows)
        except (RuntimeError, MemoryError) as error:
            if not lacks_memory(error):
                raise
            if self.halvings == MAX_HALVINGS:
                raise StudioError(
                    tr("Memory ran out even with the batch in eight parts."),
                    code="out-of-memory",
                    remedy=SMALLER,
                ) from error
            return False
        return True

    def _halve(self) -> Event:
        """Answer to a lack of memory."""
        self.halvings += 1
        self.optimizer.zero_grad(set_to_none=True)
        forget_unfinished(self.optimizer)
        if self.choice.name == "cuda":
            torch.cuda.empty_cache()
        return Event(
            "notice",
            self.step,
            self.progress,
            text=tr(
                "Memory ran out: each batch of {batch_size} is now processed in "
                "{halvings} parts, with the same result."
            ).format(batch_size=self.config.batch_size, halvings=2**self.halvings),
        )

    def state(self) -> LoopState:
        """All that is needed to continue, in tensors and plain values."""
        return {
            "model": trained_state(self.model),
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
            "position": {"epoch": self.epoch, "index": self.index, "step": self.step},
            "halvings": self.halvings,
            "seconds": self.seconds,
            "sums": {"epoch": self.epoch_sums.state(), "window": self.window_sums.state()},
        }

    def load(self, state: LoopState) -> None:
        """Go on from a `state`."""
        load_trained(self.model, state["model"])
        own = [{name: group[name] for name in OWN if name in group} for group in self.optimizer.param_groups]
        self.optimizer.load_state_dict(state["optimizer"])
        for group, settings in zip(self.optimizer.param_groups, own, strict=True):
            group.update(settings)  # the same but in a branch with other settings
        self.generator.set_state(state["generator"])
        position = state["position"]
        self.epoch, self.index, self.step = position["epoch"], position["index"], position["step"]
        self.halvings, self.seconds = state["halvings"], state["seconds"]
        self.epoch_sums.load(state["sums"]["epoch"], self.choice.name)
        self.window_sums.load(state["sums"]["window"], self.choice.name)
