"""What is measured after each epoch of an autoencoder, at bounded cost, and the baselines computed once.

Everything here looks at training and validation rows only; the test split is not touched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from selfsup_core.data.batches import Prepared
from selfsup_core.data.splits import choose_labeled, choose_stratified
from selfsup_core.evaluate.neighbors import knn_accuracy
from selfsup_core.evaluate.verdict import MARGIN
from selfsup_core.objectives.registry import Objective

if TYPE_CHECKING:
    import torch
    from torch import nn

VALIDATION_ROWS = 2000
QUERY_ROWS = 1000
REFERENCE_ROWS = 1500
PCA_ROWS = 4000


@dataclass(frozen=True)
class View:
    """What one epoch looks like.

    Attributes:
        metrics: val_loss and the objective's other terms, val_mse (a value), knn_accuracy (share, or None).
        reconstructions: (T, D) in [0, 1] of the fixed tiles, tile_loss: (T,) their mean squared errors.
        latents: (S, K) codes of the fixed samples, sample_loss: (S,) their mean squared errors.
    """

    metrics: dict[str, float | None]
    reconstructions: np.ndarray
    tile_loss: np.ndarray
    latents: np.ndarray
    sample_loss: np.ndarray


class Evaluator:
    """Holds the fixed rows of a run: tiles, map samples, validation, neighbors' queries and references."""

    def __init__(
        self, data: Prepared, *, tiles: int, samples: int, labels_per_class: int, seed: int,
        labels_fraction: float = 1.0,
    ) -> None:  # fmt: skip
        self.data = data
        y, split = data.y, data.split
        validation = choose_stratified(split.validation, y, VALIDATION_ROWS, seed)
        train = choose_stratified(split.train, y, max(samples, REFERENCE_ROWS), seed + 1)
        from_validation = min(len(validation), samples // 4)
        from_train = min(len(train), samples - from_validation)
        self.validation = validation
        self.tiles = order_by_class(validation[:tiles], y)
        self.samples = np.concatenate([validation[:from_validation], train[:from_train]])
        self.is_validation = np.arange(len(self.samples)) < from_validation
        self.queries = self.references = validation[:0]
        if y is not None:
            # Queries are validation rows, so their codes are at hand: only the places are kept.
            self.query_places = np.flatnonzero(y[validation[:QUERY_ROWS]] >= 0)
            self.queries = validation[self.query_places]
            is_all = labels_per_class == 0 and labels_fraction == 1.0
            pool = train[:REFERENCE_ROWS] if is_all else split.train
            seen = choose_labeled(pool, y, labels_per_class, seed, labels_fraction)
            self.references = seen[:REFERENCE_ROWS]

    def _labels(self, rows: np.ndarray) -> torch.Tensor:
        import torch

        return torch.from_numpy(self.data.y[rows].astype(np.int64)).to(
            self.data.device or self.data.x.device
        )

    def _knn(self, queries: torch.Tensor, references: torch.Tensor) -> float | None:
        if self.data.y is None:
            return None
        return knn_accuracy(
            queries, self._labels(self.queries), references, self._labels(self.references)
        )

    def evaluate(self, model: nn.Module, objective: Objective, generator: torch.Generator) -> View:
        """Look at the model as it is; neither it nor its training changes."""
        import torch

        data = self.data
        was_training = model.training
        model.eval()
        with torch.inference_mode():
            x = data.values(data.rows(self.validation))
            terms = objective.step(model, x, generator)
            codes = model.encode(x)
            errors = (model.decode(codes) - x).square().mean(dim=1)  # (V,)
            train_x = data.values(data.rows(self.samples[~self.is_validation]))
            train_codes = model.encode(train_x)
            train_errors = (model.decode(train_codes) - train_x).square().mean(dim=1)
            shown = int(self.is_validation.sum())
            tile_x = data.values(data.rows(self.tiles))
            tiles = model.decode(model.encode(tile_x))
            metrics: dict[str, float | None] = {f"val_{k}": float(v) for k, v in terms.items()}
            metrics["val_mse"] = float(errors.mean())
            if data.y is not None:
                references = model.encode(data.values(data.rows(self.references)))
                metrics["knn_accuracy"] = self._knn(codes[self.query_places], references)
            else:
                metrics["knn_accuracy"] = None
            view = View(
                metrics=metrics,
                reconstructions=tiles.cpu().numpy(),
                tile_loss=(tiles - tile_x).square().mean(dim=1).cpu().numpy(),
                latents=torch.cat([codes[:shown], train_codes]).float().cpu().numpy(),
                sample_loss=torch.cat([errors[:shown], train_errors]).cpu().numpy(),
            )
        model.train(was_training)
        return view

    def baseline(
        self, components: int, fit_pca: Callable[[torch.Tensor, int], Any]
    ) -> dict[str, float | int | None]:
        """PCA with as many dimensions as the code, fitted on training rows, and 5-NN on the raw input.

        Args:
            fit_pca: `project.pca.fit_pca`; given from above, since maps are built on evaluation.
        """
        import torch

        data = self.data
        with torch.inference_mode():
            fit_rows = choose_stratified(data.split.train, data.y, PCA_ROWS, 0)
            pca = fit_pca(data.values(data.rows(fit_rows)), components)
            x = data.values(data.rows(self.validation))
            queries = data.values(data.rows(self.queries))
            references = data.values(data.rows(self.references))
            return {
                "pca_components": int(pca.components.shape[0]),
                "pca_rows": len(fit_rows),
                "pca_mse": float((pca.inverse(pca.transform(x)) - x).square().mean()),
                "pca_knn_accuracy": self._knn(pca.transform(queries), pca.transform(references)),
                "raw_knn_accuracy": self._knn(queries, references),
                "verdict_margin": MARGIN,
            }


def order_by_class(rows: np.ndarray, y: np.ndarray | None) -> np.ndarray:
    """Rows so that the first few show every class once, then again: 0 1 2 … 9 0 1 …"""
    if y is None:
        return rows
    labels = y[rows]
    turn = np.array([np.sum(labels[:i] == labels[i]) for i in range(len(rows))])
    return rows[np.lexsort((labels, turn))]
