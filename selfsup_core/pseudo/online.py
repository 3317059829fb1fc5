"""Losses of unlabeled rows within each step: pure functions of logits and probabilities, and what puts them
together.

[1] Lee: Pseudo-label, 2013: CE(argmax p, x), weighted by α(t)
[2] Sohn et al.: FixMatch, 2020: w CE(argmax p(weak), strong)
[3] Xie et al.: Unsupervised data augmentation, 2020: w KL(sharpened p(weak) ‖ p(strong))
[4] Tarvainen, Valpola: Mean teachers, 2017: |p(student) − p(teacher)|², with a ramp-up of its weight
[5] Berthelot et al.: MixMatch, 2019: sharpened mean of two views, mixed up, squared error
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

MIX = 0.75  # of the Beta distribution of mix-up [5]


def hard_loss(logits: torch.Tensor, label: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """logits (B, C), label (B,), weight (B,) → 1/B Σ w CE [1, 2]; rows with weight 0 count in B, as in the
    papers.
    """
    losses = torch.nn.functional.cross_entropy(logits.float(), label, reduction="none")
    return (losses * weight).mean()


def sharpen(p: torch.Tensor, temperature: float) -> torch.Tensor:
    """p^{1/T}, normalized [3, 5]."""
    power = p.clamp(min=1e-12) ** (1 / temperature)
    return power / power.sum(dim=1, keepdim=True)


def soft_loss(logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """1/B Σ w KL(target ‖ softmax(logits)) [3]."""
    log_p = logits.float().log_softmax(dim=1)
    gain: torch.Tensor = torch.special.xlogy(target, target) - target * log_p
    return (gain.sum(dim=1) * weight).mean()


def square_loss(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Mean over rows and classes of the squared difference of probabilities [4, 5]."""
    return ((logits.float().softmax(dim=1) - target) ** 2).mean()


def ramp(progress: float, length: float) -> float:
    """exp(−5 (1 − t)²) on t = progress / length in [0, 1], 1 afterwards [4]."""
    t = min(1.0, progress / length) if length else 1.0
    return math.exp(-5 * (1 - t) ** 2)


@torch.no_grad()
def ema_update(teacher: nn.Module, student: nn.Module, decay: float) -> None:
    """teacher ← decay · teacher + (1 − decay) · student, for weights; buffers are taken over."""
    for mine, other in zip(teacher.parameters(), student.parameters(), strict=True):
        mine.mul_(decay).add_(other.detach(), alpha=1 - decay)
    for buffer, theirs in zip(teacher.buffers(), student.buffers(), strict=True):
        buffer.copy_(theirs)


def binary_cross_entropy(p: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The textbook's form for two classes: −mean(y ln p + (1 − y) ln(1 − p)), p (B,) of class 1."""
    likelihood: torch.Tensor = torch.special.xlogy(y, p) + torch.special.xlogy(1 - y, 1 - p)
    return -likelihood.mean()


@dataclass
class Consistency:
    """A method with what it needs; called in each step.

    Args:
        weak, strong: vary samples, or None. select: (probabilities (B, C), places (B,)) → weights (B,).
        turn: probabilities (B, C) → (B, C) after distribution alignment, or None; what is learned are the
        turned ones.
        teacher: of mean teacher, updated before each use.
        progress: () → share of the training that is done.
        rise: share of the training in which the weight of unlabeled rows rises from 0. A network that knows
            nothing yet names one class for everything, and would teach itself that.
    """

    method: str
    weak: Callable[[Any, torch.Generator], Any] | None
    strong: Callable[[Any, torch.Generator], Any] | None
    select: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    progress: Callable[[], float]
    weight: float = 1.0
    rise: float = 0.0
    temperature: float = 0.5
    decay: float = 0.99
    turn: Callable[[torch.Tensor], torch.Tensor] | None = None
    teacher: nn.Module | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> Consistency:
        """A copy to try steps on (`train/precision.py`).

        It keeps every row, asks the run for nothing and leaves nothing in it.
        """
        return replace(
            self,
            select=lambda p, places: p.new_ones(len(p)),
            progress=lambda: 1.0,
            turn=None,
            teacher=copy.deepcopy(self.teacher, memo),
        )

    def __call__(
        self, student: nn.Module, unlabeled: tuple[Any, torch.Tensor], generator: torch.Generator
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """unlabeled: (what the network is given, (B,) places in the pool) → (weighted loss, named terms)."""
        x, places = unlabeled
        first = self.weak(x, generator) if self.weak else x
        if self.method == "mean-teacher":
            return self._follow_teacher(student, x, first, generator)
        with torch.no_grad():
            p = predict(student, first)
            if self.method == "mixmatch":
                second = self.weak(x, generator) if self.weak else x
                p = (p + predict(student, second)) / 2
            p = self.turn(p) if self.turn else p
            if self.method == "mixmatch":
                p = sharpen(p, self.temperature)
            weights = self.select(p, places)
        if self.method == "mixmatch":
            return self._mix(student, first, p, generator)
        # Lee's pseudo-labels are learned on the very view that named them.
        logits = student(first if self.method == "lee" or self.strong is None else self.strong(x, generator))
        if self.method == "uda":
            loss = soft_loss(logits, sharpen(p, self.temperature), weights)
        else:
            loss = hard_loss(logits, p.argmax(dim=1), weights)
        # Lee's own α(t) is in the weights already.
        share = 1.0 if self.method == "lee" else ramp(self.progress(), self.rise)
        return self.weight * share * loss, {"unlabeled_loss": loss.detach(), "kept_share": weights.mean()}

    def _follow_teacher(
        self, student: nn.Module, x: Any, first: Any, generator: torch.Generator
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        assert self.teacher is not None
        ema_update(self.teacher, student, self.decay)
        with torch.no_grad():
            p = predict(self.teacher, first)
        loss = square_loss(student(self.strong(x, generator) if self.strong else x), p)
        share = ramp(self.progress(), self.rise)
        return self.weight * p.shape[1] * share * loss, {
            "unlabeled_loss": loss.detach(),
            "kept_share": torch.tensor(share),
        }

    def _mix(
        self, student: nn.Module, x: torch.Tensor, p: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        count = len(p)
        # Beta(α, α) as a share of two gamma draws, from this very generator.
        draws = torch._standard_gamma(torch.full((2, count), MIX, device=p.device), generator=generator)
        share = draws[0] / draws.sum(dim=0).clamp(min=1e-12)
        share = torch.maximum(share, 1 - share)[:, None]
        order = torch.randperm(count, generator=generator, device=p.device)
        loss = square_loss(student(share * x + (1 - share) * x[order]), share * p + (1 - share) * p[order])
        rise = ramp(self.progress(), self.rise)
        return self.weight * p.shape[1] * rise * loss, {
            "unlabeled_loss": loss.detach(),
            "kept_share": torch.ones(()),
        }


def predict(network: nn.Module, x: Any) -> torch.Tensor:
    """(B, C) probabilities without dropout."""
    was_training = network.training
    network.eval()
    p: torch.Tensor = network(x).float().softmax(dim=1)
    network.train(was_training)
    return p
