"""What is measured after each epoch of an autoencoder, at bounded cost, and the baselines computed once.

Everything here looks at training and validation rows only; the test split is not touched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from selfsup_core.data.splits import choose_labeled, choose_stratified
from selfsup_core.evaluate.anomaly import auroc
from selfsup_core.evaluate.neighbors import knn_accuracy
from selfsup_core.evaluate.probe import probe_accuracy
from selfsup_core.evaluate.rows import Baseline
from selfsup_core.evaluate.words.verdict import MARGIN
from selfsup_core.features.batches import Prepared
from selfsup_core.objectives.registry import Objective

if TYPE_CHECKING:
    import torch

    from selfsup_core.models.modules.autoencoder import CodingNetwork

VALIDATION_ROWS = 2000
QUERY_ROWS = 1000
REFERENCE_ROWS = 1500
PCA_ROWS = 4000
PROBE_WIDTH = 4096
# Of a look in the middle of an epoch: rows of the loss, and rows at once, as few as in training, which the
# CPU's cache holds.
GLANCE_LOSS, GLANCE_BATCH = 64, 64


@dataclass(frozen=True)
class View:
    """What one epoch looks like.

    Attributes:
        metrics: val_loss and the objective's other terms, val_mse (a value; None when the objective
            reconstructs no whole input), knn_accuracy and probe_accuracy on the code (shares, or None), auroc
            when a class is left out.
        reconstructions: (T, D) in [0, 1] of the fixed tiles, tile_loss: (T,) their mean squared errors.
        corrupted: (T, D) what the network was given for them, or None when that was the tiles themselves.
        latents: (S, K) codes of the fixed samples, sample_loss: (S,) their mean squared errors.
    """

    metrics: dict[str, float | None]
    reconstructions: np.ndarray
    tile_loss: np.ndarray
    latents: np.ndarray
    sample_loss: np.ndarray
    corrupted: np.ndarray | None = None


class Evaluator:
    """Holds the fixed rows of a run: tiles, map samples, validation, neighbors' queries and references.

    Attributes:
        has_classes: whether labels are of two or more classes; of a single one every guess is right.
    """

    def __init__(
        self,
        data: Prepared,
        *,
        tiles: int,
        samples: int,
        labels_per_class: int,
        seed: int,
        labels_fraction: float = 1.0,
        left_out: int = -1,
    ) -> None:
        self.data, self.left_out = data, left_out
        y, split = data.y, data.split
        self.has_classes = y is not None and len(np.unique(y[y >= 0])) > 1
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

    def _reference_codes(self, model: CodingNetwork, train_codes: torch.Tensor) -> torch.Tensor:
        """Codes of the labeled rows; most often all of them are on the map, so they are there already."""
        place = {row: i for i, row in enumerate(self.samples[~self.is_validation].tolist())}
        places = [place.get(row, -1) for row in self.references.tolist()]
        if -1 not in places:
            return train_codes[places]
        return model.encode(self.data.values(self.data.rows(self.references)))

    def _labels(self, rows: np.ndarray) -> torch.Tensor:
        import torch

        assert self.data.y is not None
        return torch.from_numpy(self.data.y[rows].astype(np.int64)).to(self.data.device or self.data.x.device)

    def _knn(self, queries: torch.Tensor, references: torch.Tensor) -> float | None:
        if not self.has_classes:
            return None
        return knn_accuracy(queries, self._labels(self.queries), references, self._labels(self.references))

    def _accuracies(self, queries: torch.Tensor, references: torch.Tensor) -> dict[str, float | None]:
        """5-NN and a linear probe on codes, or on anything else that stands for the samples."""
        if not self.has_classes:
            return {"knn_accuracy": None, "probe_accuracy": None}
        labels = self._labels(self.queries), self._labels(self.references)
        is_wide = references.shape[-1] > PROBE_WIDTH  # would take too long for what it shows
        probe = probe_accuracy(references, labels[1], queries, labels[0]) if not is_wide else None
        return {"knn_accuracy": self._knn(queries, references), "probe_accuracy": probe}

    def evaluate(self, model: CodingNetwork, objective: Objective[Any], generator: torch.Generator) -> View:
        """Look at the model as it is; neither it nor its training changes."""
        import torch

        data = self.data
        was_training = model.training
        model.eval()
        # Pictures have their own numbers, so that the same corruption is shown at every epoch.
        own = torch.Generator(generator.device).manual_seed(generator.initial_seed())
        with torch.inference_mode():
            x = data.values(data.rows(self.validation))
            terms = objective.step(model, x, generator)
            codes = model.encode(x)
            outputs = rebuild(model, objective, x, codes, own)
            errors = (outputs - x).square().mean(dim=1)  # (V,)
            train_x = data.values(data.rows(self.samples[~self.is_validation]))
            train_codes = model.encode(train_x)
            train_outputs = rebuild(model, objective, train_x, train_codes, own)
            train_errors = (train_outputs - train_x).square().mean(dim=1)
            shown = int(self.is_validation.sum())
            tile_x = data.values(data.rows(self.tiles))
            corrupted, tiles = objective.show(model, tile_x, own.manual_seed(own.initial_seed()))
            metrics: dict[str, float | None] = {f"val_{k}": float(v) for k, v in terms.items()}
            metrics["val_mse"] = float(errors.mean()) if objective.has_reconstruction else None
            metrics["val_dead_units"] = float((codes.float().var(dim=0) < 1e-8).float().mean())
            metrics["val_saturated"] = float(count_saturated(outputs, x))
            metrics |= {f"val_{k}": v for k, v in objective.diagnose(model, x).items()}
            if data.y is None:
                metrics |= self._accuracies(codes, codes)
            else:
                metrics |= self._accuracies(
                    codes[self.query_places], self._reference_codes(model, train_codes)
                )
            if self.left_out >= 0:
                assert data.y is not None  # a class can only be left out of those that are known
                is_left_out = data.y[self.validation] == self.left_out
                metrics["auroc"] = auroc(errors.float().cpu().numpy(), is_left_out)
            view = View(
                metrics=metrics,
                reconstructions=tiles.cpu().numpy(),
                tile_loss=(tiles - tile_x).square().mean(dim=1).cpu().numpy(),
                latents=torch.cat([codes[:shown], train_codes]).float().cpu().numpy(),
                sample_loss=torch.cat([errors[:shown], train_errors]).cpu().numpy(),
                corrupted=None if corrupted is None else corrupted.cpu().numpy(),
            )
        model.train(was_training)
        return view

    def glance(
        self,
        model: CodingNetwork,
        objective: Objective[Any],
        generator: torch.Generator,
        places: np.ndarray | None = None,
    ) -> View:
        """As `evaluate`, for the middle of an epoch: tiles and map, and the losses of some validation rows of
        the map.

        Args:
            places: of the map's samples; the others are NaN. None for all.
        """
        import torch

        data = self.data
        chosen = np.arange(len(self.samples)) if places is None else places
        was_training = model.training
        model.eval()
        own = torch.Generator(generator.device).manual_seed(generator.initial_seed())
        with torch.inference_mode():
            codes, errors = [], []
            for part in torch.split(data.rows(self.samples[chosen]), GLANCE_BATCH):
                x = data.values(part)
                codes.append(model.encode(x))
                errors.append((rebuild(model, objective, x, codes[-1], own) - x).square().mean(dim=1))
            held_out = self.samples[self.is_validation][:GLANCE_LOSS]
            terms = objective.step(model, data.values(data.rows(held_out)), generator)
            tile_x = data.values(data.rows(self.tiles))
            corrupted, tiles = objective.show(model, tile_x, own.manual_seed(own.initial_seed()))
            view = View(
                metrics={f"val_{k}": float(v) for k, v in terms.items()},
                reconstructions=tiles.cpu().numpy(),
                tile_loss=(tiles - tile_x).square().mean(dim=1).cpu().numpy(),
                latents=scatter(torch.cat(codes).float().cpu().numpy(), chosen, len(self.samples)),
                sample_loss=scatter(torch.cat(errors).cpu().numpy(), chosen, len(self.samples)),
                corrupted=None if corrupted is None else corrupted.cpu().numpy(),
            )
        model.train(was_training)
        return view

    @property
    def glance_beside(self) -> int:
        """Rows that a glance puts through the network beside the map's: the tiles, and again those of the
        loss.
        """
        return len(self.tiles) + min(GLANCE_LOSS, int(self.is_validation.sum()))

    def baseline(
        self, components: int, fit_pca: Callable[[torch.Tensor, int], Any], *, has_reconstruction: bool = True
    ) -> Baseline:
        """PCA with as many dimensions as the code, fitted on training rows; 5-NN and probe on it and on the
        raw input.

        Args:
            fit_pca: `project.pca.fit_pca`; given from above, since maps are built on evaluation.
            has_reconstruction: whether the objective reconstructs whole inputs, so that PCA's error may stand
            beside its own.
        """
        import torch

        data = self.data
        with torch.inference_mode():
            fit_rows = choose_stratified(data.split.train, data.y, PCA_ROWS, 0)
            fitted = data.values(data.rows(fit_rows))
            pca = fit_pca(fitted, components)
            x = data.values(data.rows(self.validation))
            error = float((pca.inverse(pca.transform(x)) - x).square().mean())
            mean_error = float((fitted.mean(dim=0) - x).square().mean())
            queries = data.values(data.rows(self.queries))
            references = data.values(data.rows(self.references))
            by_pca = self._accuracies(pca.transform(queries), pca.transform(references))
            raw = self._accuracies(queries, references)
            return {
                "pca_components": int(pca.components.shape[0]),
                "pca_rows": len(fit_rows),
                "pca_mse": error if has_reconstruction else None,
                "mean_mse": mean_error if has_reconstruction else None,
                "pca_knn_accuracy": by_pca["knn_accuracy"],
                "pca_probe_accuracy": by_pca["probe_accuracy"],
                "raw_knn_accuracy": raw["knn_accuracy"],
                "raw_probe_accuracy": raw["probe_accuracy"],
                "verdict_margin": MARGIN,
            }


def scatter(values: np.ndarray, places: np.ndarray, size: int) -> np.ndarray:
    """(M, …) values at their places of (size, …), NaN elsewhere."""
    found = np.full((size, *values.shape[1:]), np.nan, np.float32)
    found[places] = values
    return found


def rebuild(
    model: CodingNetwork,
    objective: Objective[Any],
    x: torch.Tensor,
    codes: torch.Tensor,
    generator: torch.Generator,
) -> torch.Tensor:
    """(B, D) values that the network makes of clean inputs; of a masked autoencoder, those with the holes
    filled.
    """
    return model.decode(codes) if model.can_decode else objective.show(model, x, generator)[1]


def count_saturated(outputs: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Share of the values that are stuck near 0 or 1 while the input is far away: gradients there are all but
    zero.
    """
    return (((outputs <= 0.01) | (outputs >= 0.99)) & ((outputs - x).abs() > 0.5)).float().mean()


def order_by_class(rows: np.ndarray, y: np.ndarray | None) -> np.ndarray:
    """Rows so that the first few show every class once, then again: 0 1 2 … 9 0 1 …"""
    if y is None:
        return rows
    labels = y[rows]
    turn = np.array([np.sum(labels[:i] == labels[i]) for i in range(len(rows))])
    return rows[np.lexsort((labels, turn))]
