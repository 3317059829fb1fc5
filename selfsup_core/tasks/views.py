"""Learning from two views of each row: SimCLR and its relatives. Labels are only measured with, never
learned from.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, cast

import numpy as np
import torch

from selfsup_core.data.sources import open_source
from selfsup_core.evaluate.rows import Baseline, EpochRow, Metrics, Sign
from selfsup_core.evaluate.views import ViewsSeen
from selfsup_core.evaluate.words.views_trouble import ViewsAbout, find_views_signs, judge_views
from selfsup_core.models.modules.encoder import Encoder
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.objectives.two_views import COLLAPSING, TwoViews
from selfsup_core.projection.pca import fit_pca
from selfsup_core.runs.frames import FrameStore, as_bytes
from selfsup_core.tasks import TASKS, Look, Task, TaskContext
from selfsup_core.tasks.parts.aside import no_early_stop
from selfsup_core.tasks.parts.make_views import views_maker
from selfsup_core.tasks.parts.network import build_model, build_views_evaluator
from selfsup_core.tasks.parts.twin import TwinState, make_twin
from selfsup_core.tasks.parts.views_data import prepare_views
from selfsup_core.translation import tr, tr_later


@TASKS.register("views")
class ViewsTask(Task):
    """x → two views → z, z′; looked at by a probe, gauges, a map and the pairs of some views."""

    model: Encoder
    objective: TwoViews[Any]
    chosen_by = None  # a lower loss is no better representation: the last epoch is kept
    baseline_message = tr_later("Measuring raw input, PCA and the untrained network on the same rows.")

    def __init__(self, context: TaskContext) -> None:
        spec = context.spec
        self.spec, self.choice = spec, context.choice
        dataset = context.persist(lambda: open_source(spec.data.source, context.workspace, verify=True))
        self.data, raw = prepare_views(spec, dataset, self.choice.name, context.workspace, context.say)
        self.objective = cast("TwoViews[Any]", OBJECTIVES[spec.objective.kind](spec.objective))
        self.objective.make_views = views_maker(
            self.data, self.objective.config.augment, getattr(spec.model, "dropout", 0.0)
        )
        self.model = cast("Encoder", build_model(spec, self.objective, self.data)).to(self.choice.name)
        self.objective.begin(self.model)
        self.evaluator = build_views_evaluator(spec, dataset, self.data, raw)
        self.rows = self.data.rows(self.data.split.train)
        rows = spec.train.steps_per_epoch * spec.train.batch_size or len(self.rows)
        self.twin = make_twin(spec, self.evaluator, self.objective, self.choice.name, rows)
        self.digest = dataset.digest
        self.notes = [self.data.note] if self.data.note else []
        if not self.evaluator.has_classes:
            self.notes.append(
                tr(
                    "There are no labels of two or more classes to measure with: the verdict "
                    "will rest on the "
                    "effective rank of the code."
                )
            )
        if note := no_early_stop(spec.train.patience).strip():
            self.notes.append(note)
        self.seen: ViewsSeen | None = None
        self.found: Baseline | None = None

    def values(self, rows: torch.Tensor) -> torch.Tensor:
        return self.data.values(rows)

    def state(self) -> dict[str, object]:
        """The teacher, and whatever else the objective keeps beside the network; the supervised twin."""
        return {"objective": self.objective.state()} | ({"twin": self.twin.state()} if self.twin else {})

    def load(self, state: Mapping[str, object]) -> None:
        self.objective.load(cast("dict[str, Any]", state.get("objective", {})))
        if self.twin and "twin" in state:
            self.twin.load(cast("TwinState", state["twin"]))
        elif self.twin:  # an earlier version began the run, and a twin would be behind it
            self.twin = None
            self.notes.append(tr("This run began without a supervised twin, and goes on without one."))

    def write_static(self, frames: FrameStore) -> None:
        """As of an autoencoder, and two views of each tile; every epoch compares the same ones."""
        one, two = self.evaluator.pair_values(self.objective, self.spec.seed)
        pairs = {"view_one": as_bytes(one.cpu().numpy()), "view_two": as_bytes(two.cpu().numpy())}
        frames.write_static(self.data, self.evaluator, pairs)

    def baseline(self) -> Baseline:
        own = cast("TwoViews[Any]", OBJECTIVES[self.spec.objective.kind](self.spec.objective))
        untrained = cast("Encoder", build_model(self.spec, own, self.data)).to(self.choice.name)
        self.found = self.evaluator.compare(untrained, fit_pca)
        return self.found

    def look(self, terms: dict[str, float]) -> Look:
        self.seen = self._look()
        if self.twin:
            self.twin.follow(round(self.objective.progress))
        return Look(self.seen.metrics | self._twin_metrics(), self.seen)

    def _twin_metrics(self) -> Metrics:
        return self.twin.metrics() if self.twin else {}

    def _look(self) -> ViewsSeen:
        return self.evaluator.look(
            self.model, self.objective, seed=self.spec.seed, batch_size=self.spec.train.batch_size
        )

    def write_frame(self, frames: FrameStore, epoch: int, look: Look, *, is_last: bool) -> None:
        """With the arrays of `ViewsSeen`; `map_beside` (2 · T, 2) has the two views of each tile in turn."""
        seen: ViewsSeen = look.view
        frames.write_points(
            epoch, seen.codes, seen.arrays(), {}, is_last=is_last, beside=np.concatenate(list(seen.pairs))
        )

    @cached_property
    def about(self) -> ViewsAbout:
        """What signs of trouble must know of the run."""
        objective = self.objective
        width = objective.config.projector[-1] if objective.has_projector else self.model.code_size
        taken = [one for one in objective.breaks.values() if objective.is_broken(one)]
        return ViewsAbout(
            most_rank=min(len(self.evaluator.samples) - 1, width, self.data.width),
            remedies=dict(objective.remedies()),
            sees_scale=objective.sees_scale,
            missing=tuple((one.title, one.theory) for one in taken if one.expected not in COLLAPSING),
        )

    def find_signs(
        self, row: EpochRow, past: list[EpochRow], baseline: Baseline | None, *, is_last: bool
    ) -> list[Sign]:
        return find_views_signs(row, baseline, self.about, is_last=is_last)

    def finish(self, best: dict[str, torch.Tensor] | None) -> Metrics:
        """The verdict, and what it compares; a resumed run may have to measure again."""
        seen = self.seen or self._look()
        found = self.found or self.baseline()
        metrics = seen.metrics | self._twin_metrics()
        row = cast("EpochRow", {"epoch": self.spec.train.epochs, **metrics})
        signs = find_views_signs(row, found, self.about, is_last=True)
        self.verdict = judge_views(metrics, found, signs, self.model.code_size)
        kept = ("raw", "pca", "untrained")
        return {
            name: cast("float | None", value)
            for name, value in found.items()
            if name.startswith(kept) and name.endswith("accuracy")
        }
