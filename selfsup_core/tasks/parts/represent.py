"""What stands for a row where a run's learned encoder is compared with what needs no views: its own code, PCA
and an autoencoder's code of the same size, and the raw input.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np
import torch

from selfsup_core.evaluate.benefit import Method
from selfsup_core.features.batches import Prepared
from selfsup_core.models.modules.autoencoder import CodingNetwork
from selfsup_core.models.modules.encoder import Encoder
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.objectives.two_views import TwoViews
from selfsup_core.projection.pca import fit_pca
from selfsup_core.runs.spec import RunSpec, make_spec
from selfsup_core.tasks.parts.network import build_model
from selfsup_core.train.device import DeviceChoice
from selfsup_core.train.loop import Loop
from selfsup_core.train.trained import load_trained

RAW_WIDTH = 4096  # columns of the raw input that a probe can be fitted on in seconds
BATCH = 512
HIDDEN = 256  # units of the autoencoder's hidden layer
BUDGET = {"train.epochs": 10, "train.steps_per_epoch": 100, "train.batch_size": 128}

Encode = Callable[[torch.Tensor], torch.Tensor]
Codes = dict[Method, dict[str, np.ndarray]]


def build_encoder(
    spec: RunSpec, data: Prepared, device: str, weights: dict[str, torch.Tensor] | None = None
) -> Encoder:
    """The network of a run, with first weights from the spec's seed or with those given."""
    own = cast("TwoViews[Any]", OBJECTIVES[spec.objective.kind](spec.objective))
    model = cast("Encoder", build_model(spec, own, data))
    if weights is not None:
        load_trained(model, weights)
    return model.to(device)


def build_autoencoder(
    spec: RunSpec, data: Prepared, choice: DeviceChoice, size: int
) -> tuple[CodingNetwork, Loop]:
    """A small dense one, and the loop that trains it on all training rows of a run."""
    network = {"widths": [HIDDEN, size], "code_activation": "linear"}
    own = make_spec({"data": spec.data.model_dump(), "seed": spec.seed, "model": network}, BUDGET)
    objective = OBJECTIVES[own.objective.kind](own.objective)
    model = build_model(own, objective, data).to(choice.name)
    rows = data.rows(data.split.train)
    return model, Loop(
        model, objective, values=data.values, rows=rows, config=own.train, choice=choice, seed=own.seed
    )


def represent(
    x: Mapping[str, torch.Tensor],
    raw: Mapping[str, torch.Tensor],
    model: Encoder,
    autoencoder: CodingNetwork,
    untrained: Encoder | None,
) -> Codes:
    """Method → {name of the rows: (N, K)}; the raw input is left out where it is too wide.

    Args:
        x: rows by name, as the encoder reads them. raw: the same as raw input; PCA is fitted on those called
            "pool".
        untrained: the encoder before the run, where it had learned from other data.
    """
    maps: dict[Method, tuple[Encode, Mapping[str, torch.Tensor]]] = {
        "probe": (model.eval().encode, x),
        "pca": (fit_pca(raw["pool"], model.code_size).transform, raw),
        "autoencoder": (autoencoder.eval().encode, raw),
    }
    if untrained is not None:
        maps["untrained"] = untrained.eval().encode, x
    if raw["pool"].shape[1] <= RAW_WIDTH:
        maps["raw"] = (lambda part: part), raw
    with torch.inference_mode():
        return {
            method: {
                name: torch.cat([apply(part).float() for part in torch.split(rows, BATCH)])
                .cpu()
                .double()
                .numpy()
                for name, rows in given.items()
            }
            for method, (apply, given) in maps.items()
        }
