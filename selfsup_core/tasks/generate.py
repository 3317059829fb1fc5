"""Generators: from noise to new images like those of the data, step by step, in pixels or in the code of an
autoencoder.

Looked at by what the same noise becomes at each epoch, by the way from noise to image, by the nearest
training image of each, and by a Fréchet distance. Test rows are compared with once, in `finish`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.sources import open_source
from selfsup_core.data.splits import choose_labeled
from selfsup_core.errors import DataError, StudioError
from selfsup_core.evaluate.frechet import Moments
from selfsup_core.evaluate.generation import FINAL, GenerationEvaluator, GenerationView, draw, draw_noise
from selfsup_core.evaluate.judge import open_judge
from selfsup_core.evaluate.rows import Baseline, EpochRow, Metrics, Sign
from selfsup_core.evaluate.words.trouble import diverging
from selfsup_core.features.batches import Prepared, prepare
from selfsup_core.features.config import DataConfig
from selfsup_core.models import MODELS
from selfsup_core.models.code_generator import CodeGeneratorConfig, build_for
from selfsup_core.models.modules.autoencoder import Autoencoder, glorot_init
from selfsup_core.models.modules.code_generator import CodeGenerator
from selfsup_core.models.modules.generator import Generator
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.objectives.generation import Generative, Images
from selfsup_core.runs.frames import FrameStore, as_bytes
from selfsup_core.runs.spec import RunSpec
from selfsup_core.tasks import TASKS, Look, Task, TaskContext
from selfsup_core.tasks.parts.code_of import take_autoencoder
from selfsup_core.tasks.parts.images_beside import draw_from, find_autoencoders
from selfsup_core.translation import tr, tr_later

FLOOR_DRAWS = 5
MOST_CODED, PART = 5000, 500  # training rows whose codes say how a code is scaled, and how many at once


def prepare_images(dataset: Dataset, config: DataConfig, device: str) -> Prepared:
    """Data that a generator can learn from. Raises DataError for what is no image."""
    if dataset.kind != "image" or len(dataset.item_shape) not in (2, 3):
        raise DataError(
            tr("Generators learn from images; {title} holds none.").format(title=dataset.title),
            code="no-images",
            remedy=tr("Choose a data set of images."),
        )
    return prepare(dataset, config, device)


def build_generator(
    spec: RunSpec, data: Prepared, workspace: Path, folder: Path
) -> tuple[Generator, list[str]]:
    """On the CPU, weights from the spec's seed; and notes.

    Raises:
        RunError, SettingError: the autoencoder whose code it shall learn is not there or does not fit.
    """
    # Layers draw first values from torch's generator before they get those of the seed.
    with torch.random.fork_rng(devices=[]):
        if spec.data.code_of:
            network = cast("CodeGeneratorConfig", spec.model)
            autoencoder, note = take_autoencoder(workspace, folder, spec.data, data.item_shape)
            model: Generator = build_for(network, cast("Autoencoder", autoencoder), count_classes(data))
        else:
            shape, note = (*data.item_shape, count_classes(data)), ""
            model = cast("Generator", MODELS[spec.model.kind].build(spec.model, shape))
    generator = torch.Generator().manual_seed(spec.seed)
    glorot_init(model, generator)
    model.reset(generator)
    return model, [note] if note else []


@torch.no_grad()
def fit_code(model: Generator, data: Prepared) -> None:
    """Shift and scale the code of a generator by the codes of training rows."""
    rows, parts = data.split.train[:MOST_CODED], []
    for start in range(0, len(rows), PART):
        values = data.values(data.rows(rows[start : start + PART]))
        parts.append(cast("CodeGenerator", model).autoencoder.eval().encode(values))
    cast("CodeGenerator", model).fit(torch.cat(parts).float())


def count_classes(data: Prepared) -> int:
    """Known classes; 0 where there are no labels."""
    if data.dataset.classes or data.y is None:
        return len(data.dataset.classes)
    return max(0, int(data.y.max()) + 1)


def choose_told(data: Prepared, config: DataConfig, classes: int) -> np.ndarray:
    """(N,) class of each training row within the label budget and of each validation row; `classes` for all
    others.
    """
    found = np.full(len(data.dataset), classes, np.int64)
    if data.y is None:
        return found
    train = choose_labeled(
        data.split.train, data.y, config.labels_per_class, config.split_seed, config.labels_fraction
    )
    held = data.split.validation[data.y[data.split.validation] >= 0]
    for rows in (train, held):
        found[rows] = data.y[rows]
    return found


@TASKS.register("generate")
class GenerateTask(Task):
    """Noise → image; the mean of the weights draws, and is what is kept."""

    model: Generator
    objective: Generative[Any]
    chosen_by = None  # a lower loss draws no better images: the last epoch is kept
    baseline_message = tr_later("Measuring real images, and those of autoencoders, in the same features.")

    def __init__(self, context: TaskContext) -> None:
        spec = context.spec
        self.spec, self.choice, self.context = spec, context.choice, context
        dataset = context.persist(lambda: open_source(spec.data.source, context.workspace, verify=True))
        self.data = data = prepare_images(dataset, spec.data, self.choice.name)
        self.classes = count_classes(data)
        self.objective = cast("Generative[Any]", OBJECTIVES[spec.objective.kind](spec.objective))
        made = context.persist(lambda: build_generator(spec, data, context.workspace, context.folder))
        self.model, notes = made[0].to(self.choice.name), made[1]
        self.epoch = 0
        if spec.data.code_of:
            fit_code(self.model, data)
        self.objective.begin(self.model)
        told = choose_told(data, spec.data, self.classes)
        self.labels = torch.from_numpy(told).to(self.choice.name)
        self.judge = context.persist(lambda: open_judge(data, context.workspace, context.say))
        self.evaluator = GenerationEvaluator(
            data,
            self.judge,
            labels=told,
            classes=self.classes,
            tiles=spec.frames.tiles,
            width=self.model.width,
            seed=spec.seed,
            device=self.choice.name,
            is_guided=spec.objective.guided,  # type: ignore[attr-defined]  # of all generators
        )
        self.rows = data.rows(data.split.train)
        self.digest = dataset.digest
        self.notes = [data.note] if data.note else []
        self.notes += notes + self._notes()

    def _notes(self) -> list[str]:
        if self.judge is None:
            return [
                tr(
                    "There are no labels of two or more classes to train a classifier on, so there is no "
                    "Fréchet distance."
                )
            ]
        return [
            tr("Fréchet distances are measured in the features of {judge}.").format(judge=self.judge.name())
        ]

    def values(self, rows: torch.Tensor) -> Images:
        return Images(self.data.values(rows), self.labels[rows])

    @property
    def is_coding(self) -> bool:
        """Whether the generator itself learns; False while its own autoencoder does."""
        return bool(getattr(self.model, "is_coding", True))

    @property
    def average(self) -> Generator:
        """The averaged weights, which draw."""
        return cast("Generator", self.objective.average)

    @property
    def kept_model(self) -> torch.nn.Module:
        return self.average

    def turn(self) -> bool:
        """Once its own autoencoder has learned, its averaged weights are frozen and their code is learned."""
        if self.is_coding or self.epoch < cast("CodeGeneratorConfig", self.spec.model).code_epochs:
            return False
        assert isinstance(self.model, CodeGenerator)
        own = cast("CodeGenerator", self.average)
        self.model.autoencoder.load_state_dict(own.autoencoder.state_dict())
        for one in (self.model, own):
            fit_code(one, self.data)
            one.is_coding = True
        return True

    def state(self) -> dict[str, object]:
        """The averaged weights, and whether the code is learned already."""
        return {"objective": self.objective.state(), "is_coding": self.is_coding}

    def load(self, state: Mapping[str, object]) -> None:
        self.objective.load(cast("dict[str, Any]", state["objective"]))
        if isinstance(self.model, CodeGenerator):
            for one in (self.model, cast("CodeGenerator", self.average)):
                one.is_coding = bool(state["is_coding"])

    def write_static(self, frames: FrameStore) -> None:
        """What the images are of, and the points of real ones on the map."""
        evaluator, dataset = self.evaluator, self.data.dataset
        asked = torch.cat([evaluator.shown, evaluator.measured]).numpy()
        labels = np.where(asked < self.classes, asked, -1)
        about = {
            "kind": dataset.kind,
            "item_shape": json.dumps(self.data.item_shape),
            "scale": json.dumps(1 / 255),
            "classes": json.dumps(dataset.classes),
            "columns": "[]",
            "judge": json.dumps(self.judge.name() if self.judge else "", ensure_ascii=False),
        }
        arrays: dict[str, np.ndarray] = {
            "tile_labels": labels[: evaluator.tiles].astype(np.int32),
            "labels": labels.astype(np.int32),
            "splits": np.zeros(len(labels), np.uint8),
            "rows": np.full(len(labels), -1, np.int32),
        }
        frames.write_shared(arrays, about)

    def baseline(self) -> Baseline:
        """The distance of as many real training images, and of what autoencoders of these data draw."""
        evaluator = self.evaluator
        count = len(evaluator.measured)
        found: dict[str, object] = {
            "floor_frechet": evaluator.floor(count, evaluator.real, draws=FLOOR_DRAWS),
            "validation_rows": len(evaluator.validation),
        }
        return cast("Baseline", found | self._beside(count, evaluator.real))

    def _beside(self, count: int, real: Moments | None) -> dict[str, object]:
        """Distances of images that autoencoders of the workspace draw."""
        found: dict[str, object] = {}
        for one in find_autoencoders(self.context.workspace, self.spec.data) if real else []:
            try:
                values = draw_from(one, self.beside_data, count, self.spec.seed)
            except (StudioError, RuntimeError):
                continue  # its weights are gone
            found[f"{one.kind}_frechet"] = self.evaluator.distance(values, real)
        return found

    @cached_property
    def beside_data(self) -> Prepared:
        """The same data on the CPU, where autoencoders draw."""
        if self.choice.name == "cpu":
            return self.data
        return prepare_images(self.data.dataset, self.spec.data, "cpu")

    def look(self, terms: dict[str, float]) -> Look:
        if not self.is_coding:
            fit_code(self.average, self.data)  # so that random codes are about like those of images
        view = self.evaluator.look(self.average, self.objective)
        self.epoch = round(self.objective.progress)
        metrics = dict(view.metrics)
        if not self.is_coding:  # another loss, which does not compare with the generator's
            metrics["val_reconstruction"] = metrics.pop("val_loss")
        return Look(metrics, view)

    def write_frame(self, frames: FrameStore, epoch: int, look: Look, *, is_last: bool) -> None:
        view: GenerationView = look.view
        rows = torch.from_numpy(view.nearest.rows)
        nearest = self.data.values(rows.to(self.rows.device)).cpu()
        arrays = {
            "samples": as_bytes(view.drawn.values.numpy()),
            "ways": as_bytes(view.drawn.ways.numpy()),
            "nearest": as_bytes(nearest.numpy()),
            "nearest_rows": view.nearest.rows.astype(np.int32),
            "nearest_distance": view.nearest.distance.astype(np.float32),
        }
        words = {"usual_distance": json.dumps(self.evaluator.usual)}
        frames.write_points(epoch, view.points, arrays, words, is_last=is_last)

    def find_signs(
        self, row: EpochRow, past: list[EpochRow], baseline: Baseline | None, *, is_last: bool
    ) -> list[Sign]:
        past = [one for one in past if one.get("val_loss") is not None]
        found = diverging(row, past) if row["epoch"] >= 1 else None
        return [found] if found else []

    def finish(self, best: dict[str, torch.Tensor] | None) -> Metrics:
        """Distances to test rows, of many images: of the last epoch's averaged weights, of as many real
        training images, and of autoencoders.
        """
        evaluator, data = self.evaluator, self.data
        test = data.values(data.rows(data.split.test)).cpu() if len(data.split.test) > 1 else None
        real = None if test is None else evaluator.moments_of(test)
        count = min(FINAL, len(evaluator.train))
        if real is None or count < 2:
            return {}
        self.context.say(tr("Drawing {count:,} images for the distance to test rows.").format(count=count))
        drawn = draw(
            self.average,
            self.objective,
            draw_noise(count, self.model.width, self.spec.seed + 1),
            evaluator.draw_labels(count),
            seed=self.spec.seed + 1,
            device=self.choice.name,
        ).values
        found: Metrics = {
            "frechet": evaluator.distance(drawn, real),
            "frechet_images": count,
            "real_frechet": evaluator.floor(count, real, seed=1),
            "test_novelty": evaluator.novelty(evaluator.nearest(drawn)),
            "test_rows": len(data.split.test),
        }
        beside = self._beside(count, real)
        return found | {f"test_{name}": cast("float | None", value) for name, value in beside.items()}
