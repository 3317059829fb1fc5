"""From a spec to a network with its first weights, and to what measures it."""

from __future__ import annotations

from typing import Any, TypedDict, cast

import torch

from selfsup_core.data.dataset import Dataset
from selfsup_core.evaluate.autoencoder import Evaluator
from selfsup_core.evaluate.views import ViewsEvaluator
from selfsup_core.features.batches import Prepared
from selfsup_core.models import MODELS
from selfsup_core.models.modules.autoencoder import CodingNetwork, glorot_init
from selfsup_core.objectives import Objective
from selfsup_core.runs.spec import RunSpec


class EvaluatorSettings(TypedDict):
    """What an `Evaluator` takes beside the data."""

    tiles: int
    samples: int
    labels_per_class: int
    seed: int
    labels_fraction: float
    left_out: int


def build_model(spec: RunSpec, objective: Objective[Any], data: Prepared) -> CodingNetwork:
    """On the CPU, weights from the spec's seed.

    Raises:
        SettingError: network, objective and data do not go together; says which do.
    """
    model = cast("CodingNetwork", MODELS[spec.model.kind].build(spec.model, data.item_shape))
    model.groups = data.groups
    objective.equip(model)
    generator = torch.Generator().manual_seed(spec.seed)
    glorot_init(model, generator)
    for module in model.modules():
        if hasattr(module, "reset"):
            cast("Any", module).reset(generator)
    return model


def build_evaluator(spec: RunSpec, dataset: Dataset, data: Prepared) -> Evaluator:
    """What measures an autoencoder's epochs: the same rows for training, questions and exports."""
    return Evaluator(data, **rows_measured(spec, dataset))


def build_views_evaluator(
    spec: RunSpec, dataset: Dataset, data: Prepared, raw: Prepared | None = None
) -> ViewsEvaluator:
    """What measures an encoder that learns from views, on the rows of an autoencoder's run.

    Args:
        raw: of the same rows, what it is compared with; `data` itself where nothing is given.
    """
    found = ViewsEvaluator(data, **rows_measured(spec, dataset))
    if raw is not None and raw is not data:
        found.beside = ViewsEvaluator(raw, **rows_measured(spec, dataset))
    return found


def rows_measured(spec: RunSpec, dataset: Dataset) -> EvaluatorSettings:
    """Which rows an evaluator holds."""
    return {
        "tiles": spec.frames.tiles,
        "samples": spec.frames.samples,
        "labels_per_class": spec.data.labels_per_class,
        "seed": spec.data.split_seed,
        "labels_fraction": spec.data.labels_fraction,
        "left_out": dataset.classes.index(spec.data.leave_out) if spec.data.leave_out else -1,
    }
