"""What is measured of a generator: the Fréchet distance of what it draws, and whether it copies.

The same noise and classes at every epoch, so that epochs compare and an image can be watched as it comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from selfsup_core.evaluate.frechet import Moments, frechet_distance, moments
from selfsup_core.evaluate.judge import Judge
from selfsup_core.evaluate.rows import Metrics
from selfsup_core.features.batches import Prepared
from selfsup_core.models.modules.generator import Generator
from selfsup_core.objectives.generation import Generative, Images

if TYPE_CHECKING:
    from sklearn.decomposition import PCA

MEASURED = 100  # images drawn at each epoch for the distance
FINAL = 500  # at the end
WALKED = 20  # shown images whose way from noise is kept
STAGES = 8  # of a way, the noise and the image included
MOST_VALIDATION = 500
MOST_TRAIN = 10_000  # rows among which the nearest one is looked for
FLOOR_DRAWS = 5  # of training rows, whose mean is the floor of an epoch's distance
BATCH = 250


@dataclass(frozen=True)
class Drawn:
    """values: (N, D) in [0, 1] on the CPU; ways: (K, N, D) in [0, 1] of the first ones, noise first."""

    values: torch.Tensor
    ways: torch.Tensor


@dataclass(frozen=True)
class Nearest:
    """Of each image the nearest training row: rows (N,) of the data set, distance (N,) per value (RMS)."""

    rows: np.ndarray
    distance: np.ndarray


@dataclass(frozen=True)
class GenerationView:
    """An epoch: metrics, T images with the ways of some and the nearest training rows, points of the map."""

    metrics: Metrics
    drawn: Drawn
    nearest: Nearest
    points: np.ndarray


@torch.inference_mode()
def draw(
    model: Generator,
    objective: Generative[Any],
    noise: torch.Tensor,
    labels: torch.Tensor,
    *,
    seed: int,
    guidance: float | None = None,
    ways: int = 0,
    device: str = "cpu",
) -> Drawn:
    """Images from noise (N, W) and classes (N,), both on the CPU.

    Args:
        seed: of fresh noise on the way. ways: how many of the first images keep theirs.
    """
    model.eval()
    generator = torch.Generator().manual_seed(seed)
    found: list[torch.Tensor] = []
    kept = None
    for start in range(0, len(noise), BATCH):
        given, told = noise[start : start + BATCH].to(device), labels[start : start + BATCH].to(device)
        predict = objective.predictor(model, told, guidance)
        last, stages = given, []
        way = objective.walk(predict, given, generator, is_bounded=model.is_bounded)
        for last in way:  # what it ends with
            if start == 0 and ways:
                stages.append(last[:ways])
        if stages:
            places = np.linspace(0, len(stages) - 1, min(STAGES, len(stages))).round().astype(int)
            kept = torch.stack([model.leave(stages[i]).cpu() for i in places])
        found.append(model.leave(last).cpu())
    values = torch.cat(found)
    return Drawn(values, values.new_zeros((0, 0, values.shape[1])) if kept is None else kept)


def draw_noise(count: int, width: int, seed: int) -> torch.Tensor:
    """(count, width) ~ N(0, I); image i of a seed is the same for any count."""
    return torch.stack(
        [
            torch.randn(width, generator=torch.Generator().manual_seed((seed * 1_000_003 + i) % 2**63))
            for i in range(count)
        ]
    )


class GenerationEvaluator:
    """Holds what is the same at every epoch.

    Args:
        labels: (N,) class of each row that training may see, `classes` for all others.
        tiles: T images that are shown. width: numbers of the noise of one. is_guided: whether the network is
        told classes.
    """

    def __init__(
        self,
        data: Prepared,
        judge: Judge | None,
        *,
        labels: np.ndarray,
        classes: int,
        tiles: int,
        width: int,
        seed: int,
        device: str,
        is_guided: bool,
    ) -> None:
        self.data, self.judge, self.seed, self.device = data, judge, seed, device
        self.classes, self.tiles, self.labels = classes, tiles, labels
        split, random = data.split, np.random.default_rng(seed)
        self.train = split.train
        if len(self.train) > MOST_TRAIN:
            self.train = np.sort(random.choice(self.train, MOST_TRAIN, replace=False))
        self.train_values = data.values(data.rows(self.train)).cpu()
        self.validation = split.validation[:MOST_VALIDATION]
        self.validation_values = data.values(data.rows(self.validation)).cpu()
        told = labels[split.train]
        told = told[told < classes]
        self.is_guided = is_guided and len(told) > 0
        self.known = np.unique(told) if self.is_guided else np.array([classes])
        self.shown = torch.from_numpy(np.resize(self.known, tiles).astype(np.int64))
        self.measured = self.draw_labels(MEASURED)
        self.noise = draw_noise(tiles + MEASURED, width, seed)
        self.usual = self._usual_distance()
        self.real = self.moments_of(self.validation_values)
        self.pca: PCA | None = None

    def draw_labels(self, count: int) -> torch.Tensor:
        """(count,) classes, as frequent as among the training rows whose class is told."""
        if not self.is_guided:
            return torch.full((count,), self.classes)
        told = self.labels[self.data.split.train]
        told = np.sort(told[told < self.classes])
        places = np.linspace(0, len(told) - 1, count).round().astype(int)
        return torch.from_numpy(told[places].astype(np.int64))

    def features(self, values: torch.Tensor) -> np.ndarray:
        """(N, D) → (N, F) of the judge; the values themselves without one."""
        return values.numpy() if self.judge is None else self.judge.features(values)

    def moments_of(self, values: torch.Tensor) -> Moments | None:
        """None without a judge, or where there is only a row."""
        return None if self.judge is None or len(values) < 2 else moments(self.features(values))

    def distance(self, values: torch.Tensor, real: Moments | None) -> float | None:
        """Fréchet distance of images (N, D) to what is real."""
        if real is None or (mine := self.moments_of(values)) is None:
            return None
        return frechet_distance(mine, real)

    def floor(self, count: int, real: Moments | None, *, draws: int = 1, seed: int = 0) -> float | None:
        """The distance of as many real training images, the mean over draws of them."""
        random, found = np.random.default_rng([self.seed, seed]), []
        for _ in range(draws):
            rows = random.permutation(len(self.train))[:count]
            found.append(self.distance(self.train_values[torch.from_numpy(rows)], real))
        known = [value for value in found if value is not None]
        return float(np.mean(known)) if known else None

    def nearest(self, values: torch.Tensor) -> Nearest:
        """The nearest training row of each image (N, D), by their pixels."""
        distances, places = torch.cdist(values, self.train_values).min(dim=1)
        return Nearest(self.train[places.numpy()], (distances / values.shape[1] ** 0.5).numpy())

    def _usual_distance(self) -> float:
        """Median distance of validation images to their nearest training image."""
        return float(np.median(self.nearest(self.validation_values).distance))

    def novelty(self, nearest: Nearest) -> float | None:
        """Median distance to the nearest training image over that of real images that are new: about 1 where
        images are as new, 0 for copies.
        """
        return float(np.median(nearest.distance)) / self.usual if self.usual > 0 else None

    @torch.inference_mode()
    def loss(self, model: Generator, objective: Generative[Any]) -> float:
        """On validation rows, with the same noise and times at every epoch."""
        generator = torch.Generator(self.device).manual_seed(self.seed)
        total = 0.0
        model.eval()
        for start in range(0, len(self.validation), BATCH):
            rows = self.validation[start : start + BATCH]
            labels = torch.from_numpy(self.labels[rows]).to(self.device)
            batch = Images(self.data.values(self.data.rows(rows)), labels)
            total += float(objective.step(model, batch, generator)["loss"]) * len(rows)
        return total / len(self.validation)

    def look(self, model: Generator, objective: Generative[Any]) -> GenerationView:
        """An epoch, drawn by these weights."""
        drawn = draw(
            model,
            objective,
            self.noise,
            torch.cat([self.shown, self.measured]),
            seed=self.seed,
            ways=min(self.tiles, WALKED),
            device=self.device,
        )
        values = drawn.values[self.tiles :]
        nearest = self.nearest(values)
        metrics: Metrics = {
            "val_loss": self.loss(model, objective),
            "val_frechet": self.distance(values, self.real),
            "novelty": self.novelty(nearest),
        }
        shown = drawn.values[: self.tiles]
        return GenerationView(
            metrics, Drawn(shown, drawn.ways), self.nearest(shown), self.points(drawn.values)
        )

    def points(self, values: torch.Tensor) -> np.ndarray:
        """(N, D) → (N, 2): the plane in which real features of validation rows differ most."""
        if self.pca is None:
            from sklearn.decomposition import PCA

            self.pca = PCA(2, svd_solver="full").fit(self.features(self.validation_values))
        return cast("np.ndarray", self.pca.transform(self.features(values)).astype(np.float32))
