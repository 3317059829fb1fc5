"""A linear head that is set to the optimum of its loss: where its inputs have their origin, their scale, and
the solution.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import torch

from selfsup_core.models.classifier_head import ClassifierHeadConfig
from selfsup_core.models.modules.exact import fit_linear, scale_of
from selfsup_core.models.modules.heads import Head
from selfsup_core.objectives.cross_entropy import CrossEntropy
from selfsup_core.tasks.parts.classify_inputs import Inputs

MOST_SCALED = 5000  # training rows by which the scale of exact heads is told


class ExactHead:
    """Sets heads on the same inputs to their optimum; student, twin and ceiling share one scale.

    Args:
        train: (N,) training rows, labeled or not, by which the scale is told.
    """

    def __init__(
        self,
        inputs: Inputs,
        config: ClassifierHeadConfig,
        objective: CrossEntropy,
        classes: int,
        train: np.ndarray,
        device: str,
    ) -> None:
        self.inputs, self.config, self.objective = inputs, config, objective
        self.classes, self.train, self.device = classes, train, device
        self._fixed_scale: float | None = None

    def _x(self, rows: np.ndarray) -> torch.Tensor:
        return cast("torch.Tensor", self.inputs.x(torch.from_numpy(rows).to(self.device)))

    def center(self, head: Head, labels: np.ndarray) -> None:
        """Take the mean of the class means of the given labels (N,) as origin, so that a bias has little left
        to learn.

        The mean of all rows lies where the large class is, and k labels of each class do not.
        """
        rows = [np.flatnonzero(labels == c) for c in np.unique(labels[labels >= 0])]
        means = [self._x(r).mean(dim=0) for r in rows]
        head.standardize.mean.copy_(torch.stack(means).mean(dim=0))

    def solve(self, head: Head, labels: np.ndarray, weights: np.ndarray) -> dict[str, torch.Tensor]:
        """Labels, weights: (N,) of all rows, those with -1 or 0 do not count → the objective's terms at the
        optimum.
        """
        rows = np.flatnonzero((labels >= 0) & (weights > 0))
        x, y, weight = self._x(rows), labels[rows], weights[rows]
        if self.objective.class_weight is not None:
            weight = weight * self.objective.class_weight.cpu().numpy()[y]
        with torch.no_grad():
            z = head.standardize(x).cpu().numpy()
            w, b = fit_linear(
                z, y, weight, self.classes, penalty=self.config.penalty, scale=self._scale(head)
            )
            head.output.weight.copy_(torch.from_numpy(w))
            head.output.bias.copy_(torch.from_numpy(b))
            logits, labeled = head.output(head.standardize(x)), torch.from_numpy(y).to(x.device)
            return self.objective.terms(logits, labeled, torch.ones(len(y), device=x.device))

    def _scale(self, head: Head) -> float:
        """Of standardized training rows, whoever of them has a label."""
        if self._fixed_scale is None:
            z = head.standardize(self._x(self.train[:: -(-len(self.train) // MOST_SCALED)]))
            self._fixed_scale = scale_of(z.cpu().numpy())
        return self._fixed_scale
