"""The proposers of a run put together: what never changes is asked once, the classifier itself at every round."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from selfsup_core.data.dataset import Dataset
from selfsup_core.pseudo.select import Selector
from selfsup_core.runs.classify_inputs import Inputs
from selfsup_core.runs.tasks import Setting


class Proposers:
    """Who proposes labels for the pool.

    Args:
        labeled: (L,) rows whose label may be seen, and `labels` (L,) of them. pool: (P,) rows without one.

    Attributes:
        names: of the proposers. notes: what they have to say.
    """

    def __init__(
        self, config: Any, inputs: Inputs, dataset: Dataset, classes: tuple[str, ...], labeled: np.ndarray,
        labels: np.ndarray, pool: np.ndarray, setting: Setting,
    ) -> None:  # fmt: skip
        self.config, self.inputs, self.dataset, self.classes = config, inputs, dataset, classes
        self.labeled, self.labels, self.pool, self.setting = labeled, labels, pool, setting
        self.names = list(config.proposers)
        self.notes: list[str] = []
        self.fixed = {name: self._ask(name) for name in self.names if name != "self"}
        self.last: list[np.ndarray] = []

    def _ask(self, name: str) -> np.ndarray:
        raise NotImplementedError(name)

    def propose(self, own: np.ndarray | None) -> np.ndarray:
        """Proposals of all, as one: (P, C) probabilities, rows of NaN where nobody proposes."""
        shape = (len(self.pool), len(self.classes))
        nothing = np.full(shape, np.nan, np.float32)
        self.last = [self.fixed[n] if n != "self" else nothing if own is None else own for n in self.names]  # fmt: skip
        return self.last[0]

    def voters(self, label: np.ndarray) -> np.ndarray:
        """(P,) labels → (P,) bits of the proposers who name that class."""
        found = np.zeros(len(label), np.uint16)
        for index, probabilities in enumerate(self.last):
            there = ~np.isnan(probabilities).any(axis=1)
            names = np.where(there, np.nan_to_num(probabilities).argmax(axis=1), -2)
            found |= ((names == label).astype(np.uint16)) << index
        return found

    def selector(self) -> Selector:
        """The rule by which proposals are kept."""
        given = torch.bincount(torch.from_numpy(self.labels), minlength=len(self.classes))
        return Selector(self.config, given, len(self.pool))
