"""A run's network as ONNX, checked in onnxruntime against torch before it is handed out.

What reads tokens is in `onnx_tokens.py`; what draws, translates or detects in `onnx_scenarios.py`. Of a
variational autoencoder the file gives the distribution of the code, its mean and log variance, rather than
samples; reconstructions are those of the mean.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from selfsup_core.errors import RunError, StudioError
from selfsup_core.export.onnx_check import Exportable, compare, export_module, of_values
from selfsup_core.export.onnx_scenarios import SCENARIOS
from selfsup_core.export.onnx_tokens import (
    language_of,
    tokenizer_text,
    wrap_text_classifier,
    wrap_text_encoder,
)
from selfsup_core.files import MB, write_bytes
from selfsup_core.runs.folder import RunFolder, read_state
from selfsup_core.runs.spec import RunSpec, read_spec
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class OnnxFile:
    """What was written.

    Attributes:
        inputs, outputs: their names with what they hold.
        difference: the largest one between onnxruntime and torch.
    """

    run: str
    epoch: int
    bytes: int
    inputs: dict[str, str]
    outputs: dict[str, str]
    difference: float

    def say(self) -> str:
        outputs = ", ".join(self.outputs)
        return tr(
            "The network of epoch {epoch} as ONNX, {bytes:.1f} MB, with the outputs "
            "{outputs}. It differs from torch by at most {difference:.1g}."
        ).format(epoch=self.epoch, bytes=self.bytes / MB, outputs=outputs, difference=self.difference)


def require_packages() -> None:
    """Raises StudioError: a package is missing; says how to install it."""
    for name in ("onnx", "onnxruntime"):
        try:
            __import__(name)
        except ImportError as error:
            raise StudioError(
                tr("ONNX files need the package {name}, which is not installed.").format(name=name),
                code="missing-package",
                remedy=tr("Install it with `pip install -r requirements-onnx.txt`."),
            ) from error


def write_onnx(folder: RunFolder, target: Path, epoch: int | None = None) -> OnnxFile:
    """Write the ONNX file.

    Args:
        epoch: the kept one nearest to it; the best, or the newest, unless given.

    Raises:
        StudioError: a package is missing. RunError: the run has no network that can be written, or the file
        computes something else. DataError: the run's data are gone. OSError: the disk is full.
    """
    require_packages()
    spec, task = read_spec(folder.spec), read_state(folder).get("task", "autoencoder")
    if task == "language":
        found, used, about = language_of(folder, spec, epoch)
    elif task in ("classify", "pseudo"):
        found, used, about = classifier_of(folder, epoch)
    elif task in SCENARIOS:
        found, used, about = SCENARIOS[task](folder, spec, epoch)
    else:
        found, used, about = network_of(folder, spec, epoch)
    about |= {"run": folder.id, "epoch": str(used)}
    blob = export_module(found, about)
    difference = compare(blob, found)
    write_bytes(target, blob)
    return OnnxFile(folder.id, used, len(blob), found.inputs, found.outputs, difference)


def network_of(folder: RunFolder, spec: RunSpec, epoch: int | None) -> tuple[Exportable, int, dict[str, str]]:
    """An autoencoder or an encoder of a run."""
    from selfsup_core.data.sources import open_source
    from selfsup_core.export.run_classifier import put_weights, run_weights
    from selfsup_core.features.batches import category_groups
    from selfsup_core.runs.frames import read_about

    try:
        static = read_about(folder.frames / "static.safetensors")
    except OSError as error:
        raise RunError(
            tr("The run {id} has not started yet.").format(id=folder.id), code="no-weights"
        ) from error
    shape = tuple(json.loads(static["item_shape"]))
    groups: Any = ()
    if static.get("kind") == "table":
        groups = category_groups(open_source(spec.data.source, folder.workspace))
    weights, used = run_weights(folder, epoch)
    model = put_weights(build(spec, shape, groups), weights)
    if spec.model.kind == "text-encoder":
        from selfsup_core.pretrained.text_body import load_minilm

        tokens = {"tokenizer": tokenizer_text(load_minilm()[1])}
        return wrap_text_encoder(model.body, int(np.prod(shape))), used, tokens
    about = {"item_shape": static["item_shape"], "columns": static.get("columns", "[]")}
    return wrap_network(model, int(np.prod(shape))), used, about


def build(spec: RunSpec, shape: tuple[int, ...], groups: Any = ()) -> Any:
    """A network as the run's objective equips it."""
    from selfsup_core.models import MODELS
    from selfsup_core.objectives import OBJECTIVES

    model: Any = MODELS[spec.model.kind].build(spec.model, shape)
    model.groups = groups
    OBJECTIVES[spec.objective.kind](spec.objective).equip(model)
    return model


def wrap_network(model: Any, width: int) -> Exportable:
    """What an autoencoder or an encoder computes, as named outputs."""
    from torch import nn

    from selfsup_core.models.modules.gaussian import GaussianHead

    head = getattr(model, "head", None)
    is_variational = isinstance(head, GaussianHead)
    can_decode = bool(model.can_decode)

    class Whole(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
            found: tuple[torch.Tensor, ...]
            if is_variational:
                code, spread = model.head.posterior(model.encoder(x))
                found = (code, spread)
            else:
                code = model.encode(x)
                found = (code,)
            return (*found, model.decode(code)) if can_decode else found

    outputs = {"code": "(batch, K), before a codebook, if there is one"}
    if is_variational:
        outputs = {
            "mean": tr("(batch, K) of each code's normal distribution"),
            "log_variance": tr("(batch, K) of the same"),
        }
    if can_decode:
        outputs["reconstruction"] = tr("(batch, D) in [0, 1], of the mean or the code")
    return of_values(Whole().eval(), width, outputs)


def classifier_of(folder: RunFolder, epoch: int | None) -> tuple[Exportable, int, dict[str, str]]:
    from selfsup_core.export.run_classifier import load_run

    found, used = load_run(folder.workspace, folder.id, epoch)
    about = {"classes": json.dumps(found.classes, ensure_ascii=False)}
    if found.tokenizer is not None:
        about["tokenizer"] = tokenizer_text(found.tokenizer)
        return wrap_text_classifier(found.model, int(found.about["most_tokens"])), used, about
    return wrap_classifier(found.model, int(np.prod(found.about["shape"]))), used, about


def wrap_classifier(model: Any, width: int) -> Exportable:
    from torch import nn

    class Whole(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            logits = model(x)
            return logits, logits.softmax(dim=1)

    outputs = {"logits": "(batch, classes)", "probabilities": tr("(batch, classes), which sum to 1")}
    return of_values(Whole().eval(), width, outputs)
