"""What autoencoders of the same data draw, beside a generator: of a VAE from its prior, of a vector-quantized
one from how often each codebook vector is used at each place.

    VAE: h ~ N(0, I), x̂ = g(h);  VQ: each part of the code is drawn by itself, since it has no prior
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch

from selfsup_core.errors import StudioError
from selfsup_core.features.batches import Prepared
from selfsup_core.features.config import DataConfig
from selfsup_core.models.modules.autoencoder import Autoencoder
from selfsup_core.models.modules.quantizer import Quantizer
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.runs.folder import RunFolder, list_states
from selfsup_core.runs.spec import RunSpec, read_spec
from selfsup_core.runs.weights import epoch_weights, nearest_epoch
from selfsup_core.tasks.parts.code_of import SAME
from selfsup_core.tasks.parts.network import build_model
from selfsup_core.train.trained import load_trained

KINDS = {"variational": "vae", "vector-quantized": "vq"}
MOST_CODED = 5000  # training rows whose codes tell how often a codebook vector is used


@dataclass(frozen=True)
class Autoencoding:
    """A run to draw from. kind: "vae" or "vq"."""

    kind: str
    folder: RunFolder
    spec: RunSpec
    name: str


def find_autoencoders(workspace: Path, data: DataConfig) -> list[Autoencoding]:
    """The newest finished run of each kind that has these data and this split."""
    found: dict[str, Autoencoding] = {}
    for state in list_states(workspace):  # the newest first
        kind = KINDS.get(state.get("objective", ""))
        if kind is None or kind in found or state["status"] != "finished":
            continue
        folder = RunFolder(workspace / "runs" / state["run"])
        try:
            spec = read_spec(folder.spec)
        except StudioError:
            continue
        if all(getattr(spec.data, name) == getattr(data, name) for name in SAME):
            found[kind] = Autoencoding(kind, folder, spec, state["name"] or state["run"])
    return [found[kind] for kind in KINDS.values() if kind in found]


def draw_from(one: Autoencoding, data: Prepared, count: int, seed: int) -> torch.Tensor:
    """(count, D) values in [0, 1] on the CPU, by the weights of its best epoch.

    Raises:
        StudioError: its weights are gone, or of another network.
    """
    from selfsup_core.runs.folder import read_state

    objective = OBJECTIVES[one.spec.objective.kind](one.spec.objective)
    model = cast("Autoencoder", build_model(one.spec, objective, data))
    best = read_state(one.folder)["best"]
    epoch = best["epoch"] if best else nearest_epoch(one.folder.weights, None)
    load_trained(model, epoch_weights(one.folder, epoch))
    model.eval().requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    with torch.inference_mode():
        if one.kind == "vae":
            h = torch.randn(count, model.code_size, generator=generator)
        else:
            h = draw_codes(model, data, count, generator)
        return model.decode(h).cpu()


def draw_codes(model: Autoencoder, data: Prepared, count: int, generator: torch.Generator) -> torch.Tensor:
    """(count, K) codes of codebook vectors; at each place as frequent as among the training rows."""
    quantizer = cast("Quantizer", model.quantizer)
    rows = np.asarray(data.split.train)[:MOST_CODED]
    codes = model.encode(data.values(data.rows(rows)).cpu())
    used = quantizer.assign(codes)  # (R, places)
    picks = torch.randint(len(used), (count, used.shape[1]), generator=generator)
    return quantizer.codebook[used.gather(0, picks)].reshape(count, -1)
