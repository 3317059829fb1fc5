"""Classifiers: a head on fixed features of any kind of data, or a transformer that is fine-tuned on texts.

Labels beyond the budget reach neither training nor the choice of an epoch; test rows are looked at once, in
`finish`.

Long, because a task answers all that the loop asks; what needs no state of the run is in `tasks/parts/`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import cast

import numpy as np
import torch

from selfsup_core.data.sources import open_source
from selfsup_core.data.splits import choose_stratified
from selfsup_core.data.texts import Texts
from selfsup_core.evaluate.classification import class_sums
from selfsup_core.evaluate.classifier_epochs import (
    LOGISTIC_WORK,
    ClassifierEvaluator,
    ClassifierView,
    logistic_regression,
    simple_means,
)
from selfsup_core.evaluate.glance import LEAST_POINTS, LEAST_TEXTS, choose_points
from selfsup_core.evaluate.rows import Baseline, EpochRow, Metrics, Sign
from selfsup_core.evaluate.tested import TEST
from selfsup_core.evaluate.words.classification_trouble import find_classification_signs
from selfsup_core.features.labeled import choose_rows, choose_shown
from selfsup_core.files import write_json
from selfsup_core.models import MODELS
from selfsup_core.models.classifier_head import ClassifierHeadConfig
from selfsup_core.models.modules.autoencoder import glorot_init
from selfsup_core.models.modules.conv_classifier import ConvClassifier
from selfsup_core.models.modules.heads import Head
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.objectives.cross_entropy import CrossEntropy, Labeled
from selfsup_core.pretrained.models.text_classifier import TextClassifierConfig
from selfsup_core.runs.frames import MOST_LETTERS, FrameStore, as_bytes
from selfsup_core.tasks import TASKS, Look, Task, TaskContext
from selfsup_core.tasks.parts.aside import MOST_ASIDE, Aside, last_epoch, set_aside
from selfsup_core.tasks.parts.backbone import FILE as BASE
from selfsup_core.tasks.parts.backbone import Backbone, load_backbone, make_classifier
from selfsup_core.tasks.parts.classify_inputs import FeatureInputs, Inputs, TextInputs
from selfsup_core.tasks.parts.exact_head import ExactHead
from selfsup_core.tasks.parts.outcome import describe_tested
from selfsup_core.train.trained import load_trained, trained_state
from selfsup_core.translation import tr, tr_later

MOST_VALIDATION = 1000  # rows measured each epoch
LEAST_VALIDATION = 100  # of texts through a transformer
MOST_TEST = 2000  # texts through a transformer without a GPU
MOST_CONFUSION = 200  # classes; beyond, the matrix of each frame would be megabytes
SMALL = 0.01  # of a usual first output layer: no class is preferred, and the map is not a single point


@TASKS.register("classify")
class ClassifyTask(Task):
    """Features or tokens → class, looked at by validation rows, a confusion matrix and a map of the class
    scores.

    Attributes:
        aside: which of the given labels choose the best epoch.
        labels: (N,) class of each row that training may see, on the device; -1 for all others.
        weights: (N,) of the rows, all 1 unless someone lowers them.
    """

    objective: CrossEntropy
    baseline_message = tr_later("Fitting logistic regression as a baseline.")

    def __init__(self, context: TaskContext) -> None:
        spec = context.spec
        self.spec, self.choice, self.context = spec, context.choice, context
        self.dataset = context.persist(lambda: open_source(spec.data.source, context.workspace, verify=True))
        self.objective = cast("CrossEntropy", OBJECTIVES[spec.objective.kind](spec.objective))
        self.digest = self.dataset.digest
        self.backbone: Backbone | None = None
        self.inputs: Inputs = self._load_inputs()
        split, y = self.inputs.split, self.inputs.y
        self.chosen = choose_rows(y, self.dataset.classes, split, spec.data)
        self.classes = self.chosen.classes
        self.aside = self.choose_aside()
        self.chosen_by = self.aside.chosen_by
        self.chosen = replace(self.chosen, train=self.aside.train)
        context.say(tr("Building the network."))
        self.model = self._build().to(self.choice.name)
        notes = [*self._notes_of_model(), *self.inputs.notes, *self.chosen.notes, self.aside.note]
        self.notes = [note for note in notes if note]
        self.given = self.choose_labels()
        if self.is_exact:
            self.exact.center(cast("Head", self.model), self.given)
        seen = np.flatnonzero(self.given >= 0)
        if len(seen) > len(self.chosen.train):
            self.chosen = replace(self.chosen, train=seen)
        labels = torch.from_numpy(self.given)
        self.objective.count_classes(torch.bincount(labels[seen], minlength=len(self.classes)))
        self.labels = labels.to(self.choice.name)
        self.weights = torch.ones(len(self.dataset), device=self.choice.name)
        self.rows = torch.from_numpy(self.chosen.train.astype(np.int64)).to(self.choice.name)
        self.evaluator = self._make_evaluator()
        self.inputs.add(np.concatenate([self.chosen.train, self.aside.aside, self.evaluator.rows]))

    @property
    def y(self) -> np.ndarray:
        """(N,) true classes, -1 where there is none; data without any are refused by `choose_rows`."""
        assert self.inputs.y is not None
        return self.inputs.y

    @property
    def is_exact(self) -> bool:
        """Whether the head is set to its optimum instead of trained by steps."""
        model = self.spec.model
        return isinstance(model, ClassifierHeadConfig) and model.is_exact

    def choose_aside(self) -> Aside:
        """Which of the given labels choose the best epoch; an exact solver reaches the same weights at
        each.
        """
        train, patience = self.chosen.train, self.spec.train.patience
        if self.is_exact:
            return last_epoch(train, patience)
        is_slow = self.inputs.cost and self.choice.name == "cpu"
        most = LEAST_VALIDATION if is_slow else MOST_ASIDE
        groups = self.dataset.groups
        return set_aside(
            train,
            self.y,
            self.spec.data,
            groups=None if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1],
            most=most,
            patience=patience,
        )

    def choose_labels(self) -> np.ndarray:
        """(N,) class of each row that training may see, -1 for all others."""
        given = np.full(len(self.dataset), -1, np.int64)
        given[self.chosen.train] = self.y[self.chosen.train]
        return given

    def _load_inputs(self) -> Inputs:
        spec, context, device = self.spec, self.context, self.choice.name
        if spec.model.kind != "text-classifier":
            return FeatureInputs(
                self.dataset, spec.data, device, context.workspace, context.say, folder=context.folder
            )
        context.say(tr("Loading the model."))
        model = cast("TextClassifierConfig", spec.model)
        self.backbone = backbone = load_backbone(model, context.workspace, context.folder, context.say)
        context.persist(lambda: write_json(context.folder / BASE, backbone.about))
        return TextInputs(
            self.dataset,
            spec.data,
            device,
            tokenizer=backbone.tokenizer,
            most=backbone.most_tokens(model.most_tokens),
            padding=backbone.padding,
        )

    def _build(self) -> torch.nn.Module:
        """The network with its first weights, from the spec's seed."""
        spec = self.spec
        if self.backbone is not None:
            return make_classifier(
                self.backbone, cast("TextClassifierConfig", spec.model), self.classes, spec.seed
            )
        shape = (*self.inputs.item_shape, len(self.classes))
        model = cast("Head | ConvClassifier", MODELS[spec.model.kind].build(spec.model, shape))
        glorot_init(model, torch.Generator().manual_seed(spec.seed))
        with torch.no_grad():
            model.output.weight.mul_(SMALL)
        cast("FeatureInputs", self.inputs).fit(model.standardize, getattr(spec.model, "scaling", "whole"))
        return model

    def _notes_of_model(self) -> list[str]:
        if self.backbone is None:
            return []
        wanted, most = cast("TextClassifierConfig", self.spec.model).most_tokens, self.inputs.cost
        cut = (
            tr("The model reads at most {most} tokens of a text.").format(most=most) if most < wanted else ""
        )
        return [*self.backbone.notes, *([cut] if cut else [])]

    def _make_evaluator(self) -> ClassifierEvaluator:
        """Of all that is measured each epoch; a transformer on a CPU measures no more than it trains."""
        config, measured = self.spec.train, MOST_VALIDATION
        samples = train = self.spec.frames.samples
        if self.inputs.cost and self.choice.name == "cpu":
            epoch = config.steps_per_epoch * config.batch_size or len(self.rows)
            measured = min(MOST_VALIDATION, max(LEAST_VALIDATION, epoch))
            train = measured // 2
        validation, shown, self.is_validation = choose_shown(
            self.chosen,
            self.inputs.split,
            self.y,
            validation=measured,
            samples=samples,
            train=train,
            seed=self.spec.data.split_seed,
        )
        there = len(self.chosen.validation)
        if len(validation) < there:
            why = (
                tr("so that measuring does not take longer than training")
                if measured < MOST_VALIDATION
                else tr("which is exact enough")
            )
            self.notes.append(
                tr(
                    "Each epoch is measured on {count:,} of the {there:,} labeled validation rows, {why}."
                ).format(count=len(validation), there=there, why=why)
            )
        return ClassifierEvaluator(
            self.inputs,
            self.objective,
            classes=len(self.classes),
            validation=validation,
            samples=shown,
            device=self.choice.name,
            say=self.context.say,
        )

    def values(self, rows: torch.Tensor) -> Labeled:
        """(B,) row numbers on the device → what the network is given, labels and weights."""
        return Labeled(self.inputs.x(rows), self.labels[rows], self.weights[rows])

    def solver(self) -> Callable[[], dict[str, torch.Tensor]] | None:
        return self.solve if self.is_exact else None

    def solve(self) -> dict[str, torch.Tensor]:
        """The head at the minimum of its loss over the training rows."""
        return self.solve_head(
            cast("Head", self.model), self.labels.cpu().numpy(), self.weights.cpu().numpy()
        )

    def solve_head(
        self, head: torch.nn.Module, labels: np.ndarray, weights: np.ndarray
    ) -> dict[str, torch.Tensor]:
        """Set a linear head to its optimum; labels, weights: (N,) of all rows, those with -1 or 0 do not
        count.
        """
        return self.exact.solve(cast("Head", head), labels, weights)

    @cached_property
    def exact(self) -> ExactHead:
        return ExactHead(
            self.inputs,
            cast("ClassifierHeadConfig", self.spec.model),
            self.objective,
            len(self.classes),
            self.inputs.split.train,
            self.choice.name,
        )

    @property
    def shown_shape(self) -> tuple[int, ...]:
        """Of a sample as a person sees it: of an image its pixels, though the network may be given a code."""
        return (
            self.inputs.data.item_shape if isinstance(self.inputs, FeatureInputs) else self.inputs.item_shape
        )

    def shown_values(self, rows: np.ndarray) -> np.ndarray:
        """(R, D) values of rows as a person sees them, in [0, 1]."""
        index = torch.from_numpy(rows.astype(np.int64)).to(self.choice.name)
        return cast("FeatureInputs", self.inputs).data.values(index).cpu().numpy()

    def write_static(self, frames: FrameStore) -> None:
        dataset, shown = self.dataset, self.evaluator.samples
        about = {
            "kind": dataset.kind,
            "item_shape": json.dumps(self.shown_shape),
            "scale": json.dumps(1 / 255),
            "classes": json.dumps(self.classes),
            "columns": json.dumps(self.inputs.columns),
        }
        if isinstance(dataset.x, Texts):
            texts = [dataset.x[int(row)][:MOST_LETTERS] for row in shown]
            about["texts"] = json.dumps(texts, ensure_ascii=False)
        else:
            frames.write_thumbnails(as_bytes(self.shown_values(shown)))
        arrays = {
            "labels": self.y[shown].astype(np.int32),
            "splits": self.is_validation.astype(np.uint8),
            "labeled": np.isin(shown, self._labeled_rows()).astype(np.uint8),
            "rows": shown.astype(np.int32),
        }
        frames.write_shared(arrays, about)

    def baseline(self) -> Baseline:
        """Always the most frequent class; for features also logistic regression, as far as that is quick."""
        train, validation, classes = self._labeled_rows(), self.evaluator.validation, len(self.classes)
        y = self.y.copy()
        y[self.chosen.train] = self.given[self.chosen.train]
        found = simple_means(y[train], y[validation], classes)
        if not isinstance(self.inputs, FeatureInputs):
            return found
        most = max(2 * classes, LOGISTIC_WORK // (self.inputs.width * classes))
        fitted = choose_stratified(train, y, most, self.spec.data.split_seed)
        if len(np.unique(y[fitted])) < 2:  # so many classes that a stratum has no place
            return found
        sides = (self._standardized(rows) for rows in (fitted, validation))
        return found | logistic_regression(next(sides), y[fitted], next(sides), y[validation], classes)

    def _labeled_rows(self) -> np.ndarray:
        """(L,) rows whose label is given: those of the network, and those that choose its epoch."""
        return np.sort(np.concatenate([self.chosen.train, self.aside.aside]))

    def _standardized(self, rows: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            x = self.inputs.x(torch.from_numpy(rows.astype(np.int64)).to(self.choice.name))
            z: torch.Tensor = cast("Head | ConvClassifier", self.kept_model).standardize(x)
            return z.cpu().numpy()

    def look(self, terms: dict[str, float]) -> Look:
        view = self.evaluator.look(self.model)
        return Look(view.metrics | self._measure_aside(), view)

    def _measure_aside(self) -> Metrics:
        """Loss and accuracy of the labels that were set aside, by which the best epoch is chosen."""
        if len(self.aside.aside) == 0:
            return {}
        found, _ = self.evaluator.measure(self.model, self.aside.aside, tr("labels set aside"))
        return {f"choice_{name}": found[name] for name in ("loss", "accuracy")}

    def write_frame(self, frames: FrameStore, epoch: int, look: Look, *, is_last: bool) -> None:
        frames.write_points(epoch, look.view.scores, self.arrays_of(look.view), {}, is_last=is_last)

    def arrays_of(self, view: ClassifierView) -> dict[str, np.ndarray]:
        """What a frame keeps of the network beside its map."""
        arrays = {
            "predicted": view.predicted,
            "confidence": view.confidence,
            "sample_loss": view.sample_loss,
            "label_counts": view.label_counts,
        }
        if len(self.classes) <= MOST_CONFUSION:
            arrays["confusion"] = view.confusion
        else:
            arrays["confusion_sums"] = class_sums(view.confusion)
        return arrays

    @cached_property
    def early(self) -> np.ndarray:
        """Samples of the map that a look in the middle of an epoch shows."""
        config = self.spec.train
        least = LEAST_TEXTS if self.inputs.cost else LEAST_POINTS
        rows = config.steps_per_epoch * config.batch_size or len(self.rows)
        return choose_points(self.is_validation, rows, least=least)

    @property
    def glance_rows(self) -> int:
        has_validation = bool(self.is_validation[self.early].any())
        return len(self.early) if has_validation and not self.is_exact else 0

    def write_early(self, frames: FrameStore, step: int, terms: dict[str, float]) -> None:
        view = self.evaluator.glance(self.kept_model, self.early, self.is_validation)
        frames.write_early_points(step, view.scores, self.arrays_of(view), {}, terms | view.metrics)

    def find_signs(
        self, row: EpochRow, past: list[EpochRow], baseline: Baseline | None, *, is_last: bool
    ) -> list[Sign]:
        return find_classification_signs(row, past, baseline, is_last=is_last, chosen_by=self.chosen_by)

    def finish(self, best: dict[str, torch.Tensor] | None) -> Metrics:
        """The test rows, with the best epoch's weights; of each class in `test.json`."""
        rows = self.chosen.test
        if len(rows) == 0:
            return {}
        if self.inputs.cost and self.choice.name == "cpu":
            rows = np.sort(choose_stratified(rows, self.y, MOST_TEST, self.spec.data.split_seed))
        last = {k: v.clone() for k, v in trained_state(self.model).items()} if best else None
        if best:
            load_trained(self.model, best)
        try:
            self.inputs.add(rows)
            found, confusion = self.evaluator.measure(self.model, rows, tr("test rows"))
        finally:
            if last:
                load_trained(self.model, last)
        about = describe_tested(found, confusion, self.classes, len(rows))
        self.context.persist(lambda: write_json(self.context.folder / TEST, about))
        return {f"test_{name}": value for name, value in found.items()} | {"test_rows": len(rows)}
