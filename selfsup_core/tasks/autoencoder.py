"""Autoencoders: rows of images, sounds, tables and texts as vectors."""

from __future__ import annotations

import torch

from selfsup_core.data.sources import open_source
from selfsup_core.evaluate.glance import choose_points
from selfsup_core.evaluate.rows import Baseline, EpochRow, Metrics, RunAbout, Sign
from selfsup_core.evaluate.words.trouble import find_signs
from selfsup_core.features.batches import prepare
from selfsup_core.models.modules.autoencoder import CodingNetwork
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.projection.pca import fit_pca
from selfsup_core.runs.frames import FrameStore
from selfsup_core.tasks import TASKS, Look, Task, TaskContext
from selfsup_core.tasks.parts.network import build_evaluator, build_model
from selfsup_core.translation import tr_later


@TASKS.register("autoencoder")
class AutoencoderTask(Task):
    """x → h = f(x) → x̂ = g(h), looked at by reconstructions, codes and a map."""

    model: CodingNetwork
    baseline_message = tr_later("Measuring the PCA baseline, with as many dimensions as the code.")

    def __init__(self, context: TaskContext) -> None:
        spec = context.spec
        self.spec, self.choice = spec, context.choice
        dataset = context.persist(lambda: open_source(spec.data.source, context.workspace, verify=True))
        self.data = prepare(
            dataset, spec.data, self.choice.name, workspace=context.workspace, progress=context.say
        )
        self.objective = OBJECTIVES[spec.objective.kind](spec.objective)
        self.model = build_model(spec, self.objective, self.data).to(self.choice.name)
        self.evaluator = build_evaluator(spec, dataset, self.data)
        self.rows = self.data.rows(self.data.split.train)
        config = spec.train
        self.early = choose_points(
            self.evaluator.is_validation,
            config.steps_per_epoch * config.batch_size or len(self.rows),
            beside=self.evaluator.glance_beside,
        )
        self.digest = dataset.digest
        self.notes = [self.data.note] if self.data.note else []

    def values(self, rows: torch.Tensor) -> torch.Tensor:
        return self.data.values(rows)

    def write_static(self, frames: FrameStore) -> None:
        frames.write_static(self.data, self.evaluator)

    def baseline(self) -> Baseline:
        return self.evaluator.baseline(
            self.model.code_size, fit_pca, has_reconstruction=self.objective.has_reconstruction
        )

    def look(self, terms: dict[str, float]) -> Look:
        generator = torch.Generator(self.choice.name).manual_seed(self.spec.seed)
        view = self.evaluator.evaluate(self.model, self.objective, generator)
        return Look(view.metrics, view)

    def write_frame(self, frames: FrameStore, epoch: int, look: Look, *, is_last: bool) -> None:
        frames.write_view(epoch, look.view, is_last=is_last)

    @property
    def glance_rows(self) -> int:
        return len(self.early) + self.evaluator.glance_beside

    def write_early(self, frames: FrameStore, step: int, terms: dict[str, float]) -> None:
        generator = torch.Generator(self.choice.name).manual_seed(self.spec.seed)
        view = self.evaluator.glance(self.model, self.objective, generator, self.early)
        frames.write_early(step, view, terms | view.metrics)

    def find_signs(
        self, row: EpochRow, past: list[EpochRow], baseline: Baseline | None, *, is_last: bool
    ) -> list[Sign]:
        model, objective = self.spec.model, self.spec.objective
        about: RunAbout = {
            "objective": objective.kind,
            "objective_settings": objective.model_dump(),
            "code_size": self.model.code_size,
            "code_activation": getattr(model, "code_activation", "linear"),
            "is_last": is_last,
            "epochs": self.spec.train.epochs,
        }
        return find_signs(row, past, baseline, about)

    def finish(self, best: dict[str, torch.Tensor] | None) -> Metrics:
        return {}
