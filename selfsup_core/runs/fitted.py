"""Settings that a recipe fits to a small data set, with the reason: few rows give few steps per epoch, and a
recipe's number of epochs would then end before the network has learned anything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from selfsup_core.data.dataset import Dataset, Kind
from selfsup_core.data.sources import find_source, open_source
from selfsup_core.data.splits import choose_labeled, split_rows
from selfsup_core.errors import StudioError
from selfsup_core.features.config import DataConfig
from selfsup_core.models.classifier_head import ClassifierHeadConfig
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.spec import RunSpec, task_of, value_at
from selfsup_core.translation import tr
from selfsup_core.wording import counted, noun_later

STEPS = 400  # fewer leave 60 photos blurred; these take less than a minute on two cores
ENOUGH = 0.8  # of the steps that are aimed at: the recipe's own number stays
STEPS_PER_EPOCH = 3  # batches become smaller where an epoch would have fewer
SMALLEST_BATCH = 16
TRAINING: dict[Kind, str] = {
    "image": noun_later("training image"),
    "sound": noun_later("training sound"),
    "table": noun_later("training row"),
    "text": noun_later("training text"),
}
LABELED: dict[Kind, str] = {
    "image": noun_later("labeled image"),
    "sound": noun_later("labeled sound"),
    "table": noun_later("labeled row"),
    "text": noun_later("labeled text"),
}


@dataclass(frozen=True)
class Fitted:
    """values: path → value. reason: why, as a sentence."""

    values: dict[str, object]
    reason: str

    def holds_for(self, spec: RunSpec) -> bool:
        """Whether a spec has these values, so that the reason is true of it."""
        return all(value_at(spec, path) == value for path, value in self.values.items())


def is_fitted(spec: RunSpec) -> bool:
    """Whether few rows leave a recipe too few steps.

    Of classifiers only those with hidden layers: 50 labeled digits give a validation accuracy of 67% after
    20 steps and of 84% after 140. Linear ones have settled by then (4 texts per class: 59% after 20, 100 and
    400 steps), and a transformer stops early. With pseudo-labels a round has a least number of steps, or is
    solved exactly.
    """
    task, model = task_of(spec), spec.model
    if spec.train.steps_per_epoch:
        return False
    if task == "classify":
        return isinstance(model, ClassifierHeadConfig) and bool(model.widths)
    return task in ("autoencoder", "views")


def fit_length(workspace: Path, spec: RunSpec, preset: str) -> Fitted | None:
    """As many epochs as give the steps that the recipe has on its own data, at most `STEPS`; None where the
    recipe's own number does, or nothing is known.

    Args:
        spec: the recipe's, on the data that it is to be trained on. Objectives on views compare the rows of a
        batch, so their batches stay as large.
    """
    if not is_fitted(spec):
        return None
    config, data, is_labeled = spec.train, spec.data, task_of(spec) == "classify"
    try:
        goal = min(STEPS, own_steps(workspace, preset))
        source = find_source(data.source, workspace)
        if not is_labeled and config.epochs * math.ceil(source.samples / config.batch_size) >= 2 * goal:
            return None  # enough, however the rows are split; the arrays need not be opened
        dataset = open_source(data.source, workspace)
        rows = count_rows(dataset, data, is_labeled=is_labeled)
    except StudioError:
        return None  # said where the run is checked
    if rows == 0 or config.epochs * math.ceil(rows / config.batch_size) >= ENOUGH * goal:
        return None
    batch = config.batch_size if task_of(spec) == "views" else fit_batch(rows, config.batch_size)
    steps = math.ceil(rows / batch)
    epochs = math.ceil(goal / steps / 10) * 10
    if epochs <= config.epochs:
        return None
    values: dict[str, object] = {"train.epochs": epochs}
    if batch != config.batch_size:
        values["train.batch_size"] = batch
    noun = (LABELED if is_labeled else TRAINING)[dataset.kind]
    reason = tr(
        "{rows} in batches of {batch} give {steps} per epoch, so {epochs:,} epochs are suggested."
    ).format(rows=counted(rows, noun), batch=batch, steps=counted(steps, "step"), epochs=epochs)
    return Fitted(values, reason)


def own_steps(workspace: Path, preset: str) -> int:
    """Steps of a recipe on its own data, by their size alone: they may not be on this machine."""
    spec = preset_spec(preset)
    data, source = spec.data, find_source(spec.data.source, workspace)
    rows = round(source.samples * (1 - data.validation - data.test))
    if task_of(spec) == "classify" and data.labels_per_class:
        rows = min(rows, data.labels_per_class * source.classes)
    return spec.train.epochs * math.ceil(rows / spec.train.batch_size)


def count_rows(dataset: Dataset, data: DataConfig, *, is_labeled: bool) -> int:
    """Rows that are learned from: of the training rows, or of those whose label may be seen.

    Raises:
        DataError: the rows cannot be split so.
    """
    split = split_rows(dataset, validation=data.validation, test=data.test, seed=data.split_seed)
    if not is_labeled:
        return len(split.train)
    if dataset.y is None:
        return 0
    return len(
        choose_labeled(
            split.train, np.asarray(dataset.y), data.labels_per_class, data.split_seed, data.labels_fraction
        )
    )


def fit_batch(rows: int, batch: int) -> int:
    """The batch size halved until an epoch has some steps, or the batch is small."""
    while batch >= 2 * SMALLEST_BATCH and math.ceil(rows / batch) < STEPS_PER_EPOCH:
        batch //= 2
    return batch
