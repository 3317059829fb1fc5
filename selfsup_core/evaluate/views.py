"""What is measured after each epoch of learning from views, at bounded cost: classes as far as labels are
there, and gauges that need none.

Neighbors and probe read the code h of training and validation rows; the test split is not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from selfsup_core.evaluate.autoencoder import Evaluator
from selfsup_core.evaluate.collapse import (
    alignment,
    alpha_req,
    covariance_term,
    deviation,
    effective_rank,
    lidar,
    rankme,
    singular_values,
    spread,
    uniformity,
    variance_term,
)
from selfsup_core.evaluate.neighbors import knn_accuracy
from selfsup_core.evaluate.rows import Baseline, Metrics

if TYPE_CHECKING:
    import torch

    from selfsup_core.models.modules.encoder import Encoder
    from selfsup_core.objectives.two_views import TwoViews

NEIGHBORS = 20
BATCH = 512  # rows through the network at once
GAUGED = 256  # rows whose views are compared
LOSS_ROWS = 512
LIDAR_PAIRS = 2  # of views a sample: the paper has 50 views, which an epoch cannot afford
DRAWABLE = (2, 3)  # dimensions of a sphere that can be drawn


@dataclass(frozen=True)
class ViewsSeen:
    """What one epoch looks like.

    Attributes:
        metrics: val_… of the objective's terms, knn_accuracy and probe_accuracy (shares, or None), gauges.
        codes: (S, K) of the map's samples. pairs: (T, 2, K) codes of two views of each tile.
        embeddings: (S, P) of the map's samples. pair_embeddings: (T, 2, P).
        spectrum: singular values of the codes, embedding_spectrum: of the centered embeddings.
    """

    metrics: Metrics
    codes: np.ndarray
    pairs: np.ndarray
    embeddings: np.ndarray
    pair_embeddings: np.ndarray
    spectrum: np.ndarray
    embedding_spectrum: np.ndarray

    def arrays(self) -> dict[str, np.ndarray]:
        """Of the frame, beside map and latents: `similarity` (T, T), cosines of the embeddings of
        one view with those of the other; `spectrum`, `embedding_spectrum`; and where an embedding has two or
        three numbers `sphere` (S, P) and `pair_sphere` (T, 2, P), of length 1.
        """
        unit = normalize(self.pair_embeddings)
        found = {
            "similarity": (unit[:, 0] @ unit[:, 1].T).astype(np.float16),
            "spectrum": self.spectrum.astype(np.float32),
            "embedding_spectrum": self.embedding_spectrum.astype(np.float32),
        }
        if self.embeddings.shape[1] in DRAWABLE:
            found["sphere"] = normalize(self.embeddings).astype(np.float16)
            found["pair_sphere"] = unit.astype(np.float16)
        return found


def normalize(x: np.ndarray) -> np.ndarray:
    """(…, P) → the same of length 1."""
    lengths = np.linalg.norm(x, axis=-1, keepdims=True)
    found: np.ndarray = x / np.maximum(lengths, 1e-12)
    return found


@contextmanager
def dropping(model: torch.nn.Module, seed: int) -> Iterator[None]:
    """Dropout as in training, drawn from a seed, in a network that is otherwise evaluated."""
    import torch

    layers = [one for one in model.modules() if isinstance(one, torch.nn.Dropout)]
    device = next(model.parameters()).device
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        for layer in layers:
            layer.train()
        try:
            yield
        finally:
            for layer in layers:
                layer.eval()


class ViewsEvaluator(Evaluator):
    """Holds the fixed rows of a run; the same ones as of an autoencoder.

    Attributes:
        beside: of the same rows as raw input, where the network reads something else (tokens).
    """

    beside: ViewsEvaluator | None = None

    def _knn(self, queries: torch.Tensor, references: torch.Tensor) -> float | None:
        """20 neighbors by cosine [Wu et al.: Unsupervised feature learning via non-parametric instance
        discrimination, 2018].
        """
        from torch.nn.functional import normalize

        if not self.has_classes:
            return None
        labels = self._labels(self.queries), self._labels(self.references)
        sides = [normalize(side.float(), dim=1) for side in (queries, references)]
        return knn_accuracy(sides[0], labels[0], sides[1], labels[1], k=NEIGHBORS)

    def encode(self, rows: np.ndarray, apply: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        """`apply` to the values of rows, in parts."""
        import torch

        parts = [
            apply(self.data.values(self.data.rows(rows[i : i + BATCH]))).float()
            for i in range(0, len(rows), BATCH)
        ]
        return torch.cat(parts)

    def accuracies(self, model: Encoder) -> dict[str, float | None]:
        """20-NN and linear probe on the code of validation rows."""
        if not self.has_classes or len(self.queries) == 0:
            return {"knn_accuracy": None, "probe_accuracy": None}
        return self._accuracies(
            self.encode(self.queries, model.encode), self.encode(self.references, model.encode)
        )

    def pair_values(self, objective: TwoViews[Any], seed: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Two views (T, D) of each tile, the same at every epoch."""
        import torch

        x = self.data.values(self.data.rows(self.tiles))
        return objective.views(x, torch.Generator(x.device).manual_seed(seed))

    def look(self, model: Encoder, objective: TwoViews[Any], *, seed: int, batch_size: int) -> ViewsSeen:
        """Look at the model as it is; neither it nor its training changes.

        Args:
            batch_size: of the training; the loss of some objectives depends on it.
        """
        import torch

        was_training = model.training
        model.eval()
        with torch.inference_mode():
            codes = self.encode(self.samples, model.encode)
            embeddings = torch.cat([model.project(part) for part in torch.split(codes, BATCH)]).float()
            metrics: Metrics = dict(self.accuracies(model))
            with dropping(model, seed):
                metrics |= self._losses(model, objective, seed, batch_size)
                metrics |= self._compare_views(model, objective, seed)
                one, two = (model.encode(x).float() for x in self.pair_values(objective, seed))
                pair_embeddings = torch.stack([model.project(one), model.project(two)], dim=1)
            metrics |= {
                "rankme": rankme(codes),
                "alpha": alpha_req(codes),
                "spread": spread(embeddings),
                "deviation": deviation(embeddings),
                "projector_rank": effective_rank(embeddings),
                "variance_gap": variance_term(embeddings),
                "covariance_sum": covariance_term(embeddings),
            }
            seen = ViewsSeen(
                metrics=metrics,
                codes=codes.cpu().numpy(),
                pairs=torch.stack([one, two], dim=1).cpu().numpy(),
                embeddings=embeddings.cpu().numpy(),
                pair_embeddings=pair_embeddings.float().cpu().numpy(),
                spectrum=singular_values(codes).numpy(),
                embedding_spectrum=singular_values(embeddings - embeddings.mean(dim=0)).numpy(),
            )
        model.train(was_training)
        return seen

    def _losses(self, model: Encoder, objective: TwoViews[Any], seed: int, batch_size: int) -> Metrics:
        """Means of the objective's terms over some validation rows, in batches as in training."""
        import torch

        device = self.data.device or self.data.x.device
        generator = torch.Generator(device).manual_seed(seed)
        rows = self.validation[:LOSS_ROWS]
        size = min(batch_size, len(rows))
        sums: dict[str, float] = {}
        count = len(rows) // size  # a smaller last batch has another loss
        for i in range(count):
            x = self.data.values(self.data.rows(rows[i * size : (i + 1) * size]))
            for name, value in objective.step(model, x, generator).items():
                sums[name] = sums.get(name, 0.0) + float(value) / count
        return {f"val_{name}": value for name, value in sums.items()}

    def _compare_views(self, model: Encoder, objective: TwoViews[Any], seed: int) -> Metrics:
        """Gauges that need views of samples: alignment, uniformity and LiDAR."""
        import torch

        rows = self.samples[:GAUGED]  # validation rows come first
        x = self.data.values(self.data.rows(rows))
        generator = torch.Generator(x.device).manual_seed(seed)
        found = [model(view).float() for _ in range(LIDAR_PAIRS) for view in objective.views(x, generator)]
        return {
            "alignment": alignment(found[0], found[1]),
            "uniformity": uniformity(found[0]),
            "lidar": lidar(torch.stack(found, dim=1)) if len(rows) > 1 else None,
        }

    def compare(self, untrained: Encoder, fit_pca: Callable[[torch.Tensor, int], Any]) -> Baseline:
        """Raw input, PCA of the same size, and the same network untrained, on the same rows.

        Args:
            fit_pca: `project.pca.fit_pca`; given from above, since maps are built on evaluation.
        """
        import torch

        found = (self.beside or self).baseline(untrained.code_size, fit_pca, has_reconstruction=False)
        with torch.inference_mode():
            untrained.eval()
            own = self.accuracies(untrained)
            found["untrained_knn_accuracy"] = own["knn_accuracy"]
            found["untrained_probe_accuracy"] = own["probe_accuracy"]
            found["untrained_rankme"] = rankme(self.encode(self.samples, untrained.encode))
        found["validation_rows"] = len(self.queries)
        return found
