"""Generators of runs in memory, to draw with at any kept epoch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from selfsup_core.data.sources import open_source
from selfsup_core.errors import RunError, SettingError
from selfsup_core.evaluate.generation import GenerationEvaluator
from selfsup_core.evaluate.judge import open_judge
from selfsup_core.features.batches import Prepared
from selfsup_core.inspection.kept import KeptOfRuns
from selfsup_core.models.modules.generator import Generator
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.objectives.generation import Generative
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.spec import RunSpec, read_spec, task_of
from selfsup_core.runs.weights import nearest_epoch, read_weights, set_weights
from selfsup_core.tasks.generate import build_generator, choose_told, count_classes, prepare_images
from selfsup_core.translation import tr


@dataclass
class GeneratorAt:
    """The averaged weights of a run at an epoch, on the CPU, with its data."""

    run: str
    epoch: int
    spec: RunSpec
    workspace: Path
    data: Prepared
    model: Generator
    objective: Generative[Any]

    @cached_property
    def evaluator(self) -> GenerationEvaluator:
        """What measures its images, with the classifier of these data."""
        classes = count_classes(self.data)
        return GenerationEvaluator(
            self.data,
            open_judge(self.data, self.workspace, lambda text: None),
            labels=choose_told(self.data, self.spec.data, classes),
            classes=classes,
            tiles=self.spec.frames.tiles,
            width=self.model.width,
            seed=self.spec.seed,
            device="cpu",
            is_guided=self.objective.config.guided,
        )

    def labels(self, name: str, count: int) -> torch.Tensor:
        """(count,) numbers of a class; without a name of all classes in turn.

        Raises:
            SettingError: there is no such class, or the run was not told classes.
        """
        classes, config = self.data.dataset.classes, self.objective.config
        if not name:
            known = self.evaluator.known
            return torch.from_numpy(np.resize(known, count).astype(np.int64))
        if not config.guided or len(classes) == 0:
            raise SettingError(
                tr("This run was not told classes, so none can be asked for."),
                remedy=tr("Leave the class out, or train with Class guidance (objective.guided)."),
            )
        if name not in classes:
            raise SettingError(
                tr("There is no class {name!r}. Classes: {classes}.").format(
                    name=name, classes=", ".join(classes[:40])
                )
            )
        return torch.full((count,), classes.index(name))


class Generators(KeptOfRuns[GeneratorAt]):
    def load(self, folder: RunFolder, epoch: int | None) -> GeneratorAt:
        """Raises RunError: the run is no generator, or has no weights yet. DataError: its data are gone."""
        spec = read_spec(folder.spec)
        if task_of(spec) != "generate":
            raise RunError(
                tr("{run} is not a generator, so it draws no images.").format(run=folder.id),
                code="no-generator",
                remedy=tr("Choose a run of the page Scenarios, mode Generate."),
            )
        dataset = open_source(spec.data.source, folder.workspace)
        data = prepare_images(dataset, spec.data, "cpu")
        near = nearest_epoch(folder.weights, epoch)
        model, _ = build_generator(spec, data, folder.workspace, folder.path)
        set_weights(model, read_weights(folder.weights, near), near)
        objective = cast("Generative[Any]", OBJECTIVES[spec.objective.kind](spec.objective))
        model.eval().requires_grad_(False)
        return GeneratorAt(folder.id, near, spec, self.workspace, data, model, objective)
