"""The classifier of a run: loaded with the weights of an epoch, or written as a folder of its own."""

from __future__ import annotations

import json
import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfsup_core.errors import DataError, RunError
from selfsup_core.export.about import ClassifierAbout, Novelty
from selfsup_core.export.features import fit_features
from selfsup_core.export.novelty import fit_words
from selfsup_core.export.portable_classifier import FORMAT, Classifier, build_head, save_classifier
from selfsup_core.files import read_file
from selfsup_core.models import MODELS
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import torch

    Weights = dict[str, torch.Tensor]


def load_run(workspace: Path, run: str, epoch: int | None = None) -> tuple[Classifier, int]:
    """The classifier of a run, and the epoch that it is of: the one asked for, or the best.

    Raises:
        RunError: no such run, it trains no classifier, or it has no weights yet.
        DataError: its data or its model are gone, or its files are damaged.
    """
    from selfsup_core.runs.folder import open_run
    from selfsup_core.runs.spec import read_spec

    folder = open_run(workspace, run)
    spec = read_spec(folder.spec)
    if MODELS[spec.model.kind].task != "classify":
        raise RunError(tr("The run {id} is not a classifier.").format(id=folder.id), code="no-classifier")
    weights, used = run_weights(folder, epoch)
    build = load_text_run if spec.model.kind == "text-classifier" else load_head_run
    return build(folder, spec, workspace, weights), used


def run_weights(folder: Any, epoch: int | None) -> tuple[Weights, int]:
    """Those of the epoch asked for or the best one, in full precision where a checkpoint has them."""
    from selfsup_core.runs.folder import read_state
    from selfsup_core.runs.weights import epoch_weights, nearest_epoch

    best = read_state(folder)["best"]
    if epoch is None and best:
        try:
            return epoch_weights(folder, best["epoch"]), best["epoch"]
        except RunError:
            epoch = best["epoch"]  # its weights were not kept: the nearest ones
    used = nearest_epoch(folder.weights, epoch)
    return epoch_weights(folder, used), used


def run_classes(folder: Any) -> list[str]:
    from selfsup_core.runs.frames import read_about

    try:
        found: list[str] = json.loads(read_about(folder.frames / "static.safetensors")["classes"])
        return found
    except (FileNotFoundError, KeyError) as error:
        raise RunError(
            tr("The run {id} has not started yet.").format(id=folder.id), code="no-weights"
        ) from error


def put_weights(model: Any, weights: Weights) -> Any:
    from selfsup_core.train.trained import load_trained

    try:
        load_trained(model, weights)
    except RuntimeError as error:
        raise DataError(
            tr("The weights do not fit the network: {error}.").format(error=error), code="bad-weights"
        ) from error
    return model.eval().requires_grad_(False)


def load_head_run(folder: Any, spec: Any, workspace: Path, weights: Weights) -> Classifier:
    from selfsup_core.data.sources import open_source

    features = fit_features(open_source(spec.data.source, workspace), spec.data, workspace)
    classes = run_classes(folder)
    about: ClassifierAbout = {
        "format": FORMAT,
        "classes": classes,
        "network": spec.model.model_dump(mode="json"),
    }
    about["width"] = len(weights["standardize.mean"])
    about["shape"] = features.about.get("item_shape") or [about["width"]]
    if spec.data.code_of:
        from selfsup_core.tasks.parts.code_of import take_encoder

        features.encoder, _ = take_encoder(workspace, folder.path, spec.data, tuple(about["shape"]))
        features.about["encoder_spec"] = read_file(folder.path / "encoder.yaml").decode()
        about["shape"] = [about["width"]]
    return Classifier(put_weights(build_head(about), weights), about, features)


def load_text_run(folder: Any, spec: Any, workspace: Path, weights: Weights) -> Classifier:
    from selfsup_core.tasks.parts.backbone import load_backbone, make_classifier, merge_lora

    classes = run_classes(folder)
    backbone = load_backbone(spec.model, workspace, folder.path)
    model = put_weights(make_classifier(backbone, spec.model, tuple(classes), spec.seed), weights)
    merge_lora(model)
    about: ClassifierAbout = {
        "format": FORMAT,
        "classes": classes,
        "network": spec.model.model_dump(mode="json"),
        "pooling": backbone.pooling,
        "padding": backbone.padding,
        "width": backbone.width,
        "most_tokens": backbone.most_tokens(spec.model.most_tokens),
        "novelty": text_novelty(spec, workspace),
    }
    return Classifier(model.eval().requires_grad_(False), about, None, backbone.tokenizer)


def text_novelty(spec: Any, workspace: Path) -> Novelty:
    """What the training texts of a transformer's run know; {} when they are gone."""
    from selfsup_core.data.sources import open_source
    from selfsup_core.data.splits import split_rows
    from selfsup_core.data.texts import Texts

    try:
        dataset = open_source(spec.data.source, workspace)
    except DataError:
        return {}
    data = spec.data
    split = split_rows(dataset, validation=data.validation, test=data.test, seed=data.split_seed)
    return fit_words(dataset.x, split.train) if isinstance(dataset.x, Texts) else {}


def export_classifier(workspace: Path, run: str, target: Path, epoch: int | None = None) -> int:
    """Write a run's classifier as a folder of its own; the epoch it is of.

    Raises:
        RunError, DataError: as `load_run`, or the folder already exists.
    """
    if target.exists():
        raise DataError(
            tr("{name} already exists.").format(name=target.name),
            code="exists",
            remedy=tr("Choose another folder."),
        )
    found, used = load_run(workspace, run, epoch)
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        temporary.mkdir(parents=True)
        save_classifier(found, temporary)
        temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return used
