"""Encoders trained on labels: from scratch, or fine-tuned from what was learned without them.

Fine-tuning begins with the linear probe's weights as its last layer [1], and with batch norm's statistics as
they were learned, which a few rows cannot estimate. How long either is trained is chosen on validation rows.
[1] Kumar et al.: Fine-tuning can distort pretrained features and underperform out-of-distribution, 2022
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from selfsup_core.evaluate.probe import Probe
from selfsup_core.models.modules.encoder import Encoder
from selfsup_core.runs.benefit import BATCH, steps_for

LOOKS = 8  # at validation rows, evenly spread over the steps
RATES = {"scratch": 1e-3, "finetuned": 3e-4}
DECAY = 1e-4
YIELD_EVERY = 10

Views = Callable[[torch.Tensor, torch.Generator], torch.Tensor]


@dataclass
class Fit:
    """One training on labels, and what came of it.

    Attributes:
        x, y: (R, D) values and (R,) classes from 0 to C − 1. held_x, held_y: of validation rows.
        vary: a view of a batch, or None for the rows themselves.
        validation: accuracy on the validation rows of the weights that are kept.
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

    @property
    def steps(self) -> int:
        return steps_for(len(self.x))

    def train(self) -> Iterator[int]:
        """Train, and put back the weights that were best on the validation rows; yields steps done."""
        rate = RATES["finetuned" if self.is_pretrained else "scratch"]
        both = nn.ModuleList([self.model.body, self.head])
        optimizer = torch.optim.AdamW(both.parameters(), lr=rate, weight_decay=DECAY)
        generator = torch.Generator(self.x.device).manual_seed(self.seed)
        order = np.random.default_rng(self.seed)
        steps, rows = self.steps, np.empty(0, np.int64)
        looks = {round(steps * (i + 1) / LOOKS) for i in range(LOOKS)}
        best: dict[str, torch.Tensor] = {}
        for step in range(steps + 1):
            if step in looks or (step == 0 and self.is_pretrained):
                found = float((self.predict(self.held_x) == self.held_y).double().mean())
                if found > self.validation:
                    self.validation = found
                    best = {name: value.clone() for name, value in both.state_dict().items()}
            if step == steps:
                break
            while len(rows) < min(BATCH, len(self.x)):
                rows = np.concatenate([rows, order.permutation(len(self.x))])
            batch, rows = rows[:BATCH], rows[BATCH:]
            self._update(torch.from_numpy(batch).to(self.x.device), optimizer, generator)
            if step % YIELD_EVERY == 0:
                yield step
        both.load_state_dict(best)

    def _update(
        self, rows: torch.Tensor, optimizer: torch.optim.Optimizer, generator: torch.Generator
    ) -> None:
        self.model.train(not self.is_pretrained)
        x = self.x[rows]
        if self.vary:
            x = self.vary(x, generator)
        loss = functional.cross_entropy(self.head(self.model.encode(x)), self.y[rows])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch has no types there
        optimizer.step()

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
