"""The encoder of another run, of an autoencoder or one that learned from views, as features of a classifier:
what was learned without labels meets the few labels. And the whole autoencoder, for a generator that learns
its code.

Settings and weights are copied into the run that uses them, which so stays whole when the other run is
deleted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError

from selfsup_core.errors import RunError, SettingError
from selfsup_core.features.config import HAVE_CODES, DataConfig
from selfsup_core.files import MOST_WEIGHTS, read_file, write_bytes
from selfsup_core.models import MODELS
from selfsup_core.models.modules.autoencoder import CodingNetwork
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.train.trained import load_trained
from selfsup_core.translation import tr

SETTINGS, WEIGHTS = "encoder.yaml", "encoder.safetensors"
SAME = ("source", "split_seed", "validation", "test", "leave_out")


def build_encoder(spec: Any, item_shape: tuple[int, ...], weights: dict[str, torch.Tensor]) -> CodingNetwork:
    """A network with these weights, in evaluation mode, frozen; its `encode` is what is wanted."""
    model = cast("CodingNetwork", MODELS[spec.model.kind].build(spec.model, item_shape))
    OBJECTIVES[spec.objective.kind](spec.objective).equip(model)
    load_trained(model, weights)
    return model.eval().requires_grad_(False)


def check_same(spec: Any, config: DataConfig, run: str) -> None:
    """Raises SettingError unless both runs have the same data and split: else it may have seen rows that test
    it here.
    """
    for name in SAME:
        mine, theirs = getattr(config, name), getattr(spec.data, name)
        if mine != theirs:
            raise SettingError(
                tr(
                    "Code of a run names {run}, where data.{name} is {theirs!r}; here it is {mine!r}. Its "
                    "encoder may have seen rows that are held out here."
                ).format(run=run, name=name, theirs=theirs, mine=mine),
                remedy=tr("Set data.{name} to {theirs!r}, or choose another run.").format(
                    name=name, theirs=theirs
                ),
            )


def take_encoder(
    workspace: Path, folder: Path, config: DataConfig, item_shape: tuple[int, ...]
) -> tuple[CodingNetwork, str]:
    """The encoder that `config.code_of` names, from the classifier's own folder when it is there, and a note.

    Raises:
        RunError: there is no such run, or it has no weights. SettingError: its network makes no codes, or it
        is of other data.
    """
    spec, encoder = take_network(workspace, folder, config, item_shape)
    return (
        encoder,
        tr("Features are the code of the run {code_of}: {code_size} numbers.").format(
            code_of=config.code_of, code_size=MODELS[spec.model.kind].code_size(spec.model)
        ),
    )


def take_autoencoder(
    workspace: Path, folder: Path, config: DataConfig, item_shape: tuple[int, ...]
) -> tuple[CodingNetwork, str]:
    """The autoencoder that `config.code_of` names, from the generator's own folder when it is there, and a
    note.

    Raises:
        RunError: there is no such run, or it has no weights. SettingError: a code alone gives no image in its
        network, or it is of other data.
    """
    _, model = take_network(workspace, folder, config, item_shape, decodes=True)
    return (
        model,
        tr("It learns the code of the run {code_of}: {code_size} numbers, which that run decodes.").format(
            code_of=config.code_of, code_size=model.code_size
        ),
    )


def take_network(
    workspace: Path,
    folder: Path,
    config: DataConfig,
    item_shape: tuple[int, ...],
    *,
    decodes: bool = False,
) -> tuple[Any, CodingNetwork]:
    """The other run's spec and its network, frozen, from their copies; these are made at first.

    Raises:
        RunError: there is no such run, it has no weights, or the copy is damaged. SettingError: it does not
        fit.
    """
    from selfsup_core.runs.spec import read_spec

    if not (folder / WEIGHTS).is_file():
        copy_encoder(workspace, folder, config, decodes=decodes)
    spec = read_spec(folder / SETTINGS)
    try:
        return spec, build_encoder(spec, item_shape, read_weights_of(folder))
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise RunError(
            tr("The weights of the run {id}, as they were copied into this run, cannot be read.").format(
                id=config.code_of
            ),
            code="no-weights",
            remedy=tr("Repeat this run while {id} is there.").format(id=config.code_of),
        ) from error


def check_decodes(spec: Any, run: str) -> None:
    """Raises SettingError unless it is a run of an autoencoder whose codes become images again."""
    from selfsup_core.runs.spec import task_of

    if task_of(spec) != "autoencoder" or not MODELS[spec.model.kind].can_decode:
        raise SettingError(
            tr("Code of a run (data.code_of) names {id}, whose network makes no image of a code.").format(
                id=run
            ),
            remedy=tr("Choose the run of a dense or convolutional autoencoder."),
        )


def copy_encoder(workspace: Path, folder: Path, config: DataConfig, *, decodes: bool = False) -> None:
    from safetensors.torch import save

    from selfsup_core.runs.folder import open_run, read_state
    from selfsup_core.runs.spec import read_spec, task_of
    from selfsup_core.runs.weights import epoch_weights, nearest_epoch

    other = open_run(workspace, config.code_of)
    spec = read_spec(other.spec)
    if decodes:
        check_decodes(spec, other.id)
    elif task_of(spec) not in HAVE_CODES:
        raise SettingError(
            tr(
                "Code of a run (data.code_of) names {id}, which is not an autoencoder and did not learn "
                "from views."
            ).format(id=other.id),
            remedy=tr("Choose a run whose network makes codes."),
        )
    check_same(spec, config, other.id)
    best = read_state(other)["best"]
    epoch = best["epoch"] if best else nearest_epoch(other.weights, None)
    try:
        weights = epoch_weights(other, epoch)
    except RunError:
        weights = epoch_weights(other, nearest_epoch(other.weights, epoch))
    tensors = {k: v.detach().cpu().contiguous().clone() for k, v in weights.items()}
    write_bytes(folder / SETTINGS, read_file(other.spec))
    write_bytes(folder / WEIGHTS, save(tensors))


def read_weights_of(folder: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load

    return load(read_file(folder / WEIGHTS, MOST_WEIGHTS))
