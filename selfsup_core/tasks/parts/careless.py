"""Pseudo-labels without any checks, for comparison with the recommended way.

Class shares are taken as even, labels spread over the graph of similar rows and are averaged with what the
network says itself, the surest of each class are kept whatever the given labels say of it, and each counts
like a true label. Where classes are uneven, or similar rows of different classes, this does harm.
"""

from __future__ import annotations

from typing import TypedDict

import numpy as np
import torch

from selfsup_core.pseudo import keeping
from selfsup_core.pseudo.vote import vote

FIRST, LAST = 0.1, 0.95  # share of the unlabeled rows that the first and the last round keep


class CarelessState(TypedDict, total=False):
    """What a checkpoint keeps; empty where the run has no careless network."""

    labels: torch.Tensor


class Careless:
    """What the careless network learns from.

    Attributes:
        labels: (P,) class numbers kept in this round, -1 elsewhere. next: those of the round to come.

    Args:
        spread: (P, C) what the graph proposes when classes are brought to the same mass.
    """

    def __init__(self, spread: np.ndarray) -> None:
        self.spread = spread
        self.labels = self.next = np.full(len(spread), -1, np.int64)

    def choose(self, own: np.ndarray | None, progress: float) -> None:
        """Keep the surest of each class, as many of each.

        Args:
            own: (P, C) what the network says of the pool, once it has learned something.
            progress: share of the rounds that are done.
        """
        proposals = [self.spread] if own is None else [self.spread, own]
        p = torch.from_numpy(vote(proposals).probabilities)
        weights = keeping.top_k(p, keeping.share_at(FIRST, LAST, progress))
        _, label, _ = keeping.proposed(p)
        self.next = torch.where(weights > 0, label, -1).numpy().astype(np.int64)

    def turn(self) -> None:
        self.labels = self.next

    def state(self) -> CarelessState:
        return {"labels": torch.from_numpy(self.labels.copy())}

    def load(self, state: CarelessState) -> None:
        self.labels = state["labels"].numpy()
