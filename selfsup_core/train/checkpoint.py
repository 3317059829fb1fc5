"""Checkpoints: one folder that appears whole, with a digest of every file; the newest valid one is loaded.

A checkpoint holds model, optimizer, generators, position in the data, running sums, and the digests of the
spec and of the data it belongs to. Tensors are stored as safetensors, the rest as JSON: loading cannot run
code.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from selfsup_core.errors import CheckpointError
from selfsup_core.files import MOST_WEIGHTS, read_file, read_json, sha256, write_folder
from selfsup_core.translation import tr

KEPT = 2
FORMAT = 2  # of a manifest; 1 did not say so, and its digest of the spec left out what was a default
Belongs = Mapping[str, str | tuple[str, ...]]  # digests that are accepted, by what they are of
MARK = "$tensor"
FILES = ("tensors.safetensors", "state.json")  # other files that a manifest names are not read


class OtherCheckpoint(CheckpointError):
    """It is whole, but of another spec or other data."""

    code = "other-checkpoint"


def flatten(value: Any, path: str, tensors: dict[str, torch.Tensor]) -> Any:
    """The same structure with each tensor moved to `tensors` and a mark in its place."""
    if isinstance(value, torch.Tensor):
        tensors[path] = value.detach().cpu().contiguous().clone()
        return {MARK: path}
    if isinstance(value, dict):
        # Pairs, because JSON would turn the optimizer's integer keys into strings.
        return {"$items": [[k, flatten(v, f"{path}/{k}", tensors)] for k, v in value.items()]}
    if isinstance(value, list | tuple):
        return [flatten(v, f"{path}/{i}", tensors) for i, v in enumerate(value)]
    return value


def restore(value: Any, tensors: dict[str, torch.Tensor]) -> Any:
    """Inverse of `flatten`."""
    if isinstance(value, dict):
        if MARK in value:
            return tensors[value[MARK]]
        return {k: restore(v, tensors) for k, v in value["$items"]}
    if isinstance(value, list):
        return [restore(v, tensors) for v in value]
    return value


def save_checkpoint(folder: Path, name: str, state: Mapping[str, object], belongs: dict[str, str]) -> Path:
    """Write `folder/name`; when it is there already (same step, so same content) nothing is done.

    Args:
        belongs: digests of spec and data, compared when it is loaded.

    Raises:
        OSError: the disk is full or read-only; earlier checkpoints are untouched.
    """
    target = folder / name
    if target.exists():
        return target
    tensors: dict[str, torch.Tensor] = {}
    plain = flatten(state, "state", tensors)
    files = {"tensors.safetensors": save_tensors(tensors), "state.json": json.dumps(plain).encode()}
    digests = {file: sha256(data) for file, data in files.items()}
    files["manifest.json"] = json.dumps({"format": FORMAT, "files": digests, "belongs": belongs}).encode()
    write_folder(target, files, with_parents=False)
    return target


def load_checkpoint(target: Path, belongs: Belongs) -> Any:
    """Read one checkpoint.

    Returns: what `save_checkpoint` was given, a `StepState` or `BestState`: its digests say that nobody has
    changed it since.

    Raises:
        CheckpointError: a file is missing, differs from its digest, or another spec or data made it.
    """
    try:
        contents = read_verified(target, belongs)
        tensors = load_tensors(contents["tensors.safetensors"])
        return restore(json.loads(contents["state.json"]), tensors)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError, SafetensorError) as error:
        # A manifest of another shape, or files that were changed and signed again.
        raise CheckpointError(
            tr("Checkpoint {name} has changed since it was written.").format(name=target.name)
        ) from error


def read_verified(target: Path, belongs: Belongs) -> dict[str, bytes]:
    """Contents of a checkpoint's files, compared with their digests."""
    manifest = read_json(target / "manifest.json")
    if not isinstance(manifest, dict):
        raise CheckpointError(tr("Checkpoint {name} has no readable manifest.").format(name=target.name))
    for key, known in belongs.items():
        if manifest["belongs"].get(key) not in ((known,) if isinstance(known, str) else known):
            raise OtherCheckpoint(
                tr("Checkpoint {name} was written with another {key}.").format(name=target.name, key=key)
            )
    contents = {}
    for file in FILES:
        digest = manifest["files"][file]
        try:
            contents[file] = read_file(target / file, MOST_WEIGHTS)
        except OSError as error:
            raise CheckpointError(
                tr("Checkpoint {name} lacks {file}.").format(name=target.name, file=file)
            ) from error
        if sha256(contents[file]) != digest:
            raise CheckpointError(
                tr("{file} of checkpoint {name} differs from its digest.").format(file=file, name=target.name)
            )
    return contents


def list_checkpoints(folder: Path, prefix: str = "step-") -> list[Path]:
    """Newest first."""
    if not folder.is_dir():
        return []
    return sorted((p for p in folder.iterdir() if p.name.startswith(prefix)), reverse=True)


def prune(folder: Path, prefix: str = "step-", keep: int = KEPT) -> None:
    """Delete all but the newest, and what killed writers left behind."""
    for old in list_checkpoints(folder, prefix)[keep:]:
        shutil.rmtree(old, ignore_errors=True)
    for scrap in folder.glob(".*.tmp"):
        shutil.rmtree(scrap, ignore_errors=True)


def set_aside(folder: Path, name: str, prefix: str = "step-") -> list[str]:
    """Move checkpoints after `name`, which were found damaged, out of the way of new ones; their names by
    now.
    """
    kept = []
    for target in list_checkpoints(folder, prefix):
        if target.name > name:
            aside = folder / f"damaged-{target.name}-{uuid.uuid4().hex[:6]}"
            os.rename(target, aside)
            kept.append(aside.name)
    return kept


def discard_newer(folder: Path, name: str, prefix: str = "step-") -> None:
    """Delete checkpoints after `name`: training comes to them again, and a save of that name would leave them
    there.
    """
    for target in list_checkpoints(folder, prefix):
        if target.name > name:
            shutil.rmtree(target, ignore_errors=True)


def refuse_others(folder: Path, belongs: Belongs) -> None:
    """Raises CheckpointError when a checkpoint is of another spec or other data: nothing of it may be lost to
    a new start.
    """
    for target in list_checkpoints(folder):
        try:
            load_checkpoint(target, belongs)
            return
        except OtherCheckpoint as error:
            raise CheckpointError(
                tr("{message} Nothing was changed.").format(message=error.message),
                code="other-checkpoint",
                remedy=tr(
                    "Resume it with the version, spec and data that it was started with, or start a new "
                    "run with this spec."
                ),
            ) from error
        except CheckpointError:
            continue


def load_newest(folder: Path, belongs: Belongs) -> tuple[Any, list[str]]:
    """The newest valid checkpoint's state (None when there is none), and what was wrong with newer ones."""
    problems: list[str] = []
    for target in list_checkpoints(folder):
        try:
            return load_checkpoint(target, belongs), problems
        except CheckpointError as error:
            problems.append(error.message)
    return None, problems
