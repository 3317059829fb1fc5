"""Facts about a run that follow from its settings alone, for lists and views; imports no torch."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from selfsup_core.data.sources import find_source
from selfsup_core.features.vectorize import input_shape
from selfsup_core.models import MODELS
from selfsup_core.models.code_generator import CodeGeneratorConfig, count_own
from selfsup_core.models.gpt import TransformerConfig, vocabulary_guess
from selfsup_core.runs.folder import open_run, read_state
from selfsup_core.runs.spec import RunSpec, task_of
from selfsup_core.runs.state import SpecAbout
from selfsup_core.translation import tr


def describe_spec(spec: RunSpec, workspace: Path) -> SpecAbout:
    """task, objective, loss, network, code_size, can_decode, map and parameters (as far as they are
    known).
    """
    network, task = MODELS[spec.model.kind], task_of(spec)
    code = network.code_size(spec.model)
    about: SpecAbout = {
        "task": task,
        "objective": spec.objective.kind,
        "loss": getattr(spec.objective, "loss", ""),
        "network": spec.model.kind,
        "code_size": code,
        "can_decode": network.can_decode,
        "parameters": network.parameters(spec.model, network_input(spec, workspace)),
        "map": tr("the code itself") if code <= 3 else tr("PCA of {code} numbers").format(code=code),
    }
    if task == "language":
        about["map"] = (
            tr("PCA of the tokens' {code} numbers").format(code=code) if code else tr("PCA of the tokens")
        )
    if task == "generate":
        about["map"] = tr("PCA of a classifier's features")
        if spec.data.code_of:
            about["parameters"] = count_with_autoencoder(spec, workspace)
    if task in ("classify", "pseudo"):
        classes = find_source(spec.data.source, workspace).classes
        about["map"] = tr("{value}the class scores").format(value=tr("PCA of ") if classes > 3 else "")
    return about


def count_with_autoencoder(spec: RunSpec, workspace: Path) -> int:
    """Weights of a generator and of the autoencoder whose code it learns.

    Raises:
        RunError: that run is not there.
    """
    other = read_state(open_run(workspace, spec.data.code_of))
    classes = network_input(spec, workspace)[-1]
    return other["parameters"] + count_own(
        cast("CodeGeneratorConfig", spec.model), other["code_size"], classes
    )


def network_input(spec: RunSpec, workspace: Path) -> tuple[int, ...]:
    """Shape of what the network is given of one sample; of a classifier and a generator with the number of
    classes behind it, of a language model (tokens in its vocabulary,).
    """
    task = MODELS[spec.model.kind].task
    if task == "language":
        return (
            vocabulary_guess(cast("TransformerConfig", spec.model))
            if hasattr(spec.model, "tokenizer")
            else 0,
        )
    source = find_source(spec.data.source, workspace)
    shape = input_shape(source.shape, source.kind, spec.data)
    return (*shape, source.classes) if task in ("classify", "generate") else shape
