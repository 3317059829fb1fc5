"""Which row stands in which slot of an epoch of a run with pseudo-labels, for each of its networks."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from selfsup_core.evaluate.kept import Kept
from selfsup_core.objectives.cross_entropy import Labeled
from selfsup_core.pseudo.objectives.pseudo_labels import PseudoBatch, PseudoLabelsConfig
from selfsup_core.tasks.parts.classify_inputs import Inputs


class Dealer:
    """Deals the rows of an epoch: a function of seed, round and what was kept.

    Args:
        given: (N,) labels that training may see, -1 elsewhere. train: (L,) rows that have one. pool: (P,)
        rows without.
        truth: (N,) true labels for the ceiling alone; None where there is none.
        slots: of an epoch. has_online: whether the student learns from unlabeled rows within each step.

    Attributes:
        labels: (N,) class that each row counts for with the student; weights: (N,) how much it counts.
        careless_labels: (N,) of the careless network; None where there is none.
    """

    def __init__(
        self,
        inputs: Inputs,
        config: PseudoLabelsConfig,
        *,
        given: np.ndarray,
        train: np.ndarray,
        pool: np.ndarray,
        truth: torch.Tensor | None,
        slots: int,
        seed: int,
        device: str,
        has_online: bool,
    ) -> None:
        self.inputs, self.config, self.given, self.train, self.pool = inputs, config, given, train, pool
        self.truth, self.slots, self.seed, self.device = truth, slots, seed, device
        self.has_online, self.round = has_online, 0
        self.is_given = torch.from_numpy(given >= 0).to(device)
        self.pool_rows = torch.from_numpy(pool.astype(np.int64)).to(device)
        self.careless_labels: torch.Tensor | None = None

    def deal(self, round_: int, kept: Kept, careless: np.ndarray | None) -> None:
        """A round's rows.

        Args:
            careless: (P,) class numbers that the careless network learns, -1 elsewhere; None where there is
            none.
        """
        self.round = round_
        chosen, taken = self.train, self.pool[kept.weight > 0]
        labels = torch.from_numpy(self.given.copy())
        labels[torch.from_numpy(self.pool)] = torch.from_numpy(kept.kept_label).long()
        weights = torch.ones(len(self.given))
        weights[torch.from_numpy(self.pool)] = torch.from_numpy(kept.weight)
        self.labels, self.weights = labels.to(self.device), weights.to(self.device)
        learned = chosen if self.config.is_online else np.concatenate([chosen, taken])
        self.dealt = {"student": self._fill(learned), "twin": self._fill(chosen)}
        if self.has_online:
            self.dealt["pool"] = self._fill(np.arange(len(self.pool)), self.config.unlabeled_ratio)
        if self.truth is not None:
            self.dealt["ceiling"] = self._fill(np.flatnonzero(self.truth.cpu().numpy() >= 0))
        if careless is not None:
            named = self.given.copy()
            named[self.pool] = careless
            self.careless_labels = torch.from_numpy(named).to(self.device)
            self.dealt["careless"] = self._fill(np.concatenate([chosen, self.pool[careless >= 0]]))

    def _fill(self, rows: np.ndarray, times: int = 1) -> torch.Tensor:
        """Slots (`times` as many) filled with whole shuffled passes over the rows."""
        generator = np.random.default_rng((self.seed, self.round, len(rows)))
        size = self.slots * times
        passes = -(-size // len(rows))
        order = np.concatenate([generator.permutation(rows) for _ in range(passes)])
        return torch.from_numpy(order[:size].astype(np.int64)).to(self.device)

    def batch(self, slots: torch.Tensor) -> PseudoBatch:
        """(B,) slots → what each network is given."""
        twin = self._labeled(self.dealt["twin"][slots], self.labels)
        rows = self.dealt["student"][slots]
        # 1 for true labels, the weight of a pseudo-label for others.
        share = torch.where(self.is_given[rows], 1.0, self.config.pseudo_weight)
        student = self._labeled(rows, self.labels, self.weights[rows] * share)
        ceiling = careless = None
        if self.truth is not None:
            ceiling = self._labeled(self.dealt["ceiling"][slots], self.truth)
        if self.careless_labels is not None:
            careless = self._labeled(self.dealt["careless"][slots], self.careless_labels)
        return PseudoBatch(student, twin, ceiling, self._unlabeled(slots), careless)

    def _unlabeled(self, slots: torch.Tensor) -> tuple[Any, torch.Tensor] | None:
        """What the student is given of unlabeled rows, and their places in the pool."""
        if not self.has_online:
            return None
        times = self.config.unlabeled_ratio
        several = slots[:, None] * times + torch.arange(times, device=slots.device)
        places = self.dealt["pool"][several.flatten()]
        return self.inputs.x(self.pool_rows[places]), places

    def _labeled(
        self, rows: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor | None = None
    ) -> Labeled:
        if weights is None:
            weights = torch.ones(len(rows), device=rows.device)
        return Labeled(self.inputs.x(rows), labels[rows], weights)
