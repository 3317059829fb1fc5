"""Encoders trained on labels: from scratch, or fine-tuned from what was learned without them.

Fine-tuning begins with the linear probe's weights as its last layer [1], and with batch norm's statistics as
they were learned, which a few rows cannot estimate. How long either is trained is chosen on validation rows.
[1] Kumar et al.: Fine-tuning can distort pretrained features and underperform out-of-distribution, 2022
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.optim.optimizer import StateDict
from typing_extensions import TypedDict

from selfsup_core.evaluate.probe import Probe
from selfsup_core.models.modules.encoder import Encoder
from selfsup_core.runs.benefit import BATCH, steps_for
from selfsup_core.train.trained import load_trained, trained_state

LOOKS = 8  # at validation rows, evenly spread over the steps
RATES = {"scratch": 1e-3, "finetuned": 3e-4}
DECAY = 1e-4
YIELD_EVERY = 10

Views = Callable[[torch.Tensor, torch.Generator], torch.Tensor]


class FitState(TypedDict):
    """What a checkpoint keeps of a training on labels."""

    weights: dict[str, torch.Tensor]
    optimizer: StateDict
    generator: torch.Tensor
    step: int


@dataclass
class Fit:
    """One training on labels, and what came of it.

    Attributes:
        x, y: (R, D) values and (R,) classes from 0 to C − 1. held_x, held_y: of validation rows.
        vary: a view of a batch, or None for the rows themselves.
        validation: accuracy on the validation rows of the weights that are kept.
        step: steps done.
    """

    model: Encoder
    head: nn.Linear
    x: torch.Tensor
    y: torch.Tensor
    held_x: torch.Tensor
    held_y: torch.Tensor
    vary: Views | None
    seed: int
    is_pretrained: bool
    validation: float = -1.0
    step: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.both = nn.ModuleList([self.model.body, self.head])
        rate = RATES["finetuned" if self.is_pretrained else "scratch"]
        self.optimizer = torch.optim.AdamW(self.both.parameters(), lr=rate, weight_decay=DECAY)
        self.generator = torch.Generator(self.x.device).manual_seed(self.seed)
        self.order, self.rows = np.random.default_rng(self.seed), np.empty(0, np.int64)

    @property
    def steps(self) -> int:
        return steps_for(len(self.x))

    def train(self) -> Iterator[int]:
        """Train, and put back the weights that were best on the validation rows; yields steps done."""
        steps = self.steps
        looks = {round(steps * (i + 1) / LOOKS) for i in range(LOOKS)}
        best: dict[str, torch.Tensor] = {}
        for step in range(steps + 1):
            if step in looks or (step == 0 and self.is_pretrained):
                found = self.measure()
                if found > self.validation:
                    self.validation = found
                    best = {name: value.clone() for name, value in self.both.state_dict().items()}
            if step == steps:
                break
            self.advance()
            if step % YIELD_EVERY == 0:
                yield step
        self.both.load_state_dict(best)

    def measure(self) -> float:
        """Accuracy on the validation rows."""
        return float((self.predict(self.held_x) == self.held_y).double().mean())

    def advance(self) -> None:
        """One step; a network's own dropout draws from the seed and the step, not from torch's generator."""
        batch = torch.from_numpy(self._next_rows()).to(self.x.device)
        with torch.random.fork_rng(devices=[self.x.device] if self.x.is_cuda else []):
            torch.manual_seed((self.seed * 1_000_003 + self.step) % 2**63)
            self._update(batch)
        self.step += 1

    def _next_rows(self) -> np.ndarray:
        """(B,) places of labeled rows: all of them in a random order, then again in another."""
        while len(self.rows) < min(BATCH, len(self.x)):
            self.rows = np.concatenate([self.rows, self.order.permutation(len(self.x))])
        batch, self.rows = self.rows[:BATCH], self.rows[BATCH:]
        return batch

    def _update(self, rows: torch.Tensor) -> None:
        self.model.train(not self.is_pretrained)
        x = self.x[rows]
        if self.vary:
            x = self.vary(x, self.generator)
        loss = functional.cross_entropy(self.head(self.model.encode(x)), self.y[rows])
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch has no types there
        self.optimizer.step()

    def state(self) -> FitState:
        """All that is needed to go on."""
        return {
            "weights": trained_state(self.both),
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
            "step": self.step,
        }

    def load(self, state: FitState) -> None:
        """Go on from a `state`; the order of the rows is drawn again up to there."""
        load_trained(self.both, state["weights"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.generator.set_state(state["generator"])
        self.order, self.rows = np.random.default_rng(self.seed), np.empty(0, np.int64)
        for _ in range(state["step"]):
            self._next_rows()
        self.step = state["step"]

    @torch.inference_mode()
    def predict(self, x: torch.Tensor) -> torch.Tensor:
        """(Q, D) → (Q,) classes."""
        self.model.eval()
        parts = [self.head(self.model.encode(part)).argmax(dim=1) for part in torch.split(x, 512)]
        return torch.cat(parts)


def new_head(size: int, classes: int, seed: int) -> nn.Linear:
    """A linear layer with weights drawn from a seed."""
    head = nn.Linear(size, classes)
    with torch.no_grad():
        bound = size**-0.5
        head.weight.uniform_(-bound, bound, generator=torch.Generator().manual_seed(seed))
        head.bias.zero_()
    return head


def head_of(probe: Probe, classes: int) -> nn.Linear:
    """A probe on codes as a layer: W ((h − m) / s) + b = (W / s) h + (b − (W / s) m). Classes that the probe
    does not know begin at its smallest bias.
    """
    weight = probe.weight / probe.scale
    bias = probe.bias - weight @ probe.mean
    head = nn.Linear(weight.shape[1], classes)
    with torch.no_grad():
        head.weight.zero_()
        head.bias.fill_(float(bias.min()))
        index = torch.from_numpy(probe.classes)
        head.weight[index] = torch.from_numpy(weight).float()
        head.bias[index] = torch.from_numpy(bias).float()
    return head
