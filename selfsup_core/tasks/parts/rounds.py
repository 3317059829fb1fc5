"""The rounds of a run with pseudo-labels: what is kept of the proposals, and what the rule of keeping
remembers.
"""

from __future__ import annotations

from typing import TypedDict

import numpy as np
import torch

from selfsup_core.evaluate.kept import Kept
from selfsup_core.pseudo.audit import Collapse
from selfsup_core.pseudo.keeping import State, is_bare, proposed
from selfsup_core.pseudo.none_kept import find_none_kept
from selfsup_core.pseudo.objectives.pseudo_labels import PseudoLabelsConfig
from selfsup_core.tasks.parts.proposals import Proposers


class RoundsState(TypedDict):
    """What a checkpoint keeps of the rounds; kept: the arrays of `Kept`, voters as int32."""

    round: int
    kept: dict[str, torch.Tensor]
    selected: State


class Rounds:
    """Turns proposals into what is kept, round by round.

    Args:
        size: of the pool, P. epochs: rounds of the whole run.

    Attributes:
        number: of the round that has just ended, 0 before the first.
        kept: what the student learns from in this round. next: in the round to come.
        prior: shares of the classes that were estimated in this round, and their errors; {} without.
        selected: what the rule of keeping remembers.
    """

    def __init__(self, config: PseudoLabelsConfig, proposers: Proposers, size: int, epochs: int) -> None:
        self.config, self.proposers, self.size, self.epochs = config, proposers, size, epochs
        self.selector = proposers.selector()
        self.selected: State = {}
        self.kept = self.next = Kept.nothing(size)
        self.number = 0
        self.prior: dict[str, list[float]] = {}

    @property
    def progress(self) -> float:
        """The share grows over the rounds that still learn from what is kept."""
        return self.number / max(1, self.epochs - 1)

    def turn_within(self, p: torch.Tensor) -> torch.Tensor:
        """(B, C) proposals of a step after alignment, where that is wanted."""
        p, self.selected = self.selector.turned_within(p, self.selected)
        return p

    def select_within(self, p: torch.Tensor, places: torch.Tensor, progress: float) -> torch.Tensor:
        """(B, C) proposals of a step → (B,) weights; the selector remembers what it has seen."""
        weights, self.selected = self.selector(p, self.selected, progress=progress, rows=places)
        return weights

    def keep(self, probabilities: np.ndarray, *, is_within: bool) -> None:
        """Choose what is kept next of proposals (P, C).

        Args:
            is_within: labels are kept within steps. The selector remembers what it has seen there, and this
            is a look from outside.
        """
        p = torch.from_numpy(probabilities)
        turned = self.selector.turned(p)
        estimated = self.selector.estimated(p)
        self.prior = (
            {}
            if estimated is None
            else dict(zip(("shares", "errors"), (v.tolist() for v in estimated), strict=True))
        )
        weights, then = self.selector(turned, self.selected, progress=self.progress)
        if not is_within:
            self.selected = then
        confidence, label, there = proposed(turned)
        confidence[is_bare(turned)] = float("nan")
        if self.proposers.doubt:
            weights = torch.zeros_like(weights)
        named = torch.where(there, label, -1).numpy().astype(np.int32)
        counted = weights.numpy().astype(np.float32)
        first = self.kept.first.copy()
        first[(counted > 0) & (first < 0)] = self.number
        voters = self.proposers.voters(named)
        self.next = Kept(named, confidence.numpy().astype(np.float32), counted, first, voters)

    def turn(self) -> None:
        """Take over what was kept."""
        self.kept = self.next

    def find_none_kept(self, *, is_last: bool) -> list[Collapse]:
        """Whether the next round has nothing to learn from; of a method that begins with few, at the end."""
        config, now = self.config, self.next
        is_slow = config.is_online or config.keep == "lee"
        if self.number < 1 or (is_slow and not is_last):
            return []
        found = find_none_kept(
            int((now.kept_label >= 0).sum()),
            int((now.label >= 0).sum()),
            self.size,
            config,
            doubt=self.proposers.doubt,
            must_agree=config.vote == "agree" and len(config.proposers) > 1,
        )
        return [found] if found else []

    def state(self) -> RoundsState:
        kept = {
            k: torch.from_numpy(np.ascontiguousarray(v.astype(np.int32) if v.dtype == np.uint16 else v))
            for k, v in vars(self.kept).items()
        }
        return {"round": self.number, "kept": kept, "selected": self.selected}

    def load(self, state: RoundsState) -> None:
        self.number, self.selected = state["round"], state["selected"]
        kept = {k: v.numpy() for k, v in state["kept"].items()}
        self.kept = Kept(**kept | {"voters": kept["voters"].astype(np.uint16)})
