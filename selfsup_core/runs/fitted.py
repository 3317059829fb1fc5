"""Settings that a recipe fits to a small data set, with the reason: few rows give few steps per epoch, and a
recipe's number of epochs would then end before the network has learned anything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from selfsup_core.data.dataset import Kind
from selfsup_core.data.sources import find_source, open_source
from selfsup_core.data.splits import split_rows
from selfsup_core.errors import StudioError
from selfsup_core.runs.spec import RunSpec, task_of, value_at
from selfsup_core.wording import counted

STEPS = 400  # fewer leave 60 photos blurred; these take less than a minute on two cores
STEPS_PER_EPOCH = 3  # batches become smaller where an epoch would have fewer
SMALLEST_BATCH = 16
TASKS = ("autoencoder", "views")
NOUNS: dict[Kind, str] = {"image": "image", "sound": "sound", "table": "row", "text": "text"}


@dataclass(frozen=True)
class Fitted:
    """values: path → value. reason: why, as a sentence."""

    values: dict[str, object]
    reason: str

    def holds_for(self, spec: RunSpec) -> bool:
        """Whether a spec has these values, so that the reason is true of it."""
        return all(value_at(spec, path) == value for path, value in self.values.items())


def fit_length(workspace: Path, spec: RunSpec) -> Fitted | None:
    """As many epochs as give `STEPS` steps; None where the recipe's own number does, or nothing is known.

    Args:
        spec: a recipe's, on the data that it is to be trained on. Contrastive objectives compare the rows of
        a batch, so only autoencoders get smaller ones.
    """
    config, data = spec.train, spec.data
    if task_of(spec) not in TASKS or config.steps_per_epoch:
        return None
    try:
        source = find_source(data.source, workspace)
        if config.epochs * math.ceil(source.samples / config.batch_size) >= 2 * STEPS:
            return None  # enough, however the rows are split; the arrays need not be opened
        dataset = open_source(data.source, workspace)
        split = split_rows(dataset, validation=data.validation, test=data.test, seed=data.split_seed)
    except StudioError:
        return None  # said where the run is checked
    rows = len(split.train)
    batch = fit_batch(rows, config.batch_size) if task_of(spec) == "autoencoder" else config.batch_size
    steps = math.ceil(rows / batch)
    epochs = math.ceil(STEPS / steps / 10) * 10
    if epochs <= config.epochs:
        return None
    values: dict[str, object] = {"train.epochs": epochs}
    if batch != config.batch_size:
        values["train.batch_size"] = batch
    reason = (
        f"{counted(rows, f'training {NOUNS[dataset.kind]}')} in batches of {batch} give "
        f"{counted(steps, 'step')} per epoch, so {epochs:,} epochs are suggested."
    )
    return Fitted(values, reason)


def fit_batch(rows: int, batch: int) -> int:
    """The batch size halved until an epoch has some steps, or the batch is small."""
    while batch >= 2 * SMALLEST_BATCH and math.ceil(rows / batch) < STEPS_PER_EPOCH:
        batch //= 2
    return batch
