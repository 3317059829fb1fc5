"""Language models of one's own runs: the network at any kept epoch, and as a folder in Hugging Face's layout."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from typing import Any

from selfsup_core.errors import DataError, RunError, StudioError
from selfsup_core.files import read_json
from selfsup_core.models import MODELS
from selfsup_core.runs.folder import RunFolder, list_states, open_run
from selfsup_core.runs.spec import read_spec
from selfsup_core.runs.thinned import list_frames


def list_language_runs(workspace: Path) -> list[dict[str, Any]]:
    """Runs whose network can be looked into, newest first: run, name, status, epochs (kept ones), objective."""
    found = []
    for state in list_states(workspace):
        if state.get("task") != "language":
            continue
        folder = RunFolder(workspace / "runs" / state["run"])
        if epochs := list_frames(folder.weights):
            found.append({
                "run": state["run"], "name": state["name"], "status": state["status"],
                "epochs": epochs, "objective": state["objective"],
            })  # fmt: skip
    return found


def load_run_model(workspace: Path, run: str, epoch: int | None = None) -> tuple[Any, Any, int]:
    """(network in evaluation mode and float32, tokenizer, the epoch it is of).

    The epoch nearest to the one asked for; None asks for the newest. Where a checkpoint of that epoch is there, in full
    precision, it is taken instead of the half precision that is kept of each epoch.

    Raises:
        RunError: no such run, no weights yet, or no language model. DataError: its files are damaged.
    """
    from transformers import AutoTokenizer

    from selfsup_core.runs.continued import load_to_continue
    from selfsup_core.runs.weights import nearest_epoch
    from selfsup_core.train.loop import load_trained

    folder = open_run(workspace, run)
    spec = read_spec(folder.spec)
    network = MODELS[spec.model.kind]
    if network.task != "language":
        raise RunError(f"The run {folder.id} trains no language model.", code="no-language-model")
    used = nearest_epoch(folder.weights, epoch)
    place = folder.path / "model"
    if read_json(place / "config.json") is None:
        raise RunError(
            f"The files of the model of run {folder.id} are not there yet.", code="no-weights"
        )
    tokenizer = AutoTokenizer.from_pretrained(place, local_files_only=True, trust_remote_code=False)
    if spec.model.kind == "pretrained":
        is_masked = spec.objective.kind == "masked-language"
        model, _, _ = load_to_continue(spec.model, workspace, is_masked=is_masked, seed=spec.seed)
    else:
        model = network.build(spec.model, (len(tokenizer),))
        for name in ("bos_token_id", "eos_token_id"):
            setattr(model.config, name, getattr(tokenizer, name))
    weights = epoch_weights(folder, used)
    try:
        load_trained(model, weights)
    except RuntimeError as error:
        raise DataError(f"The weights of epoch {used} do not fit the network: {error}.", code="bad-weights") from error  # fmt: skip
    if hasattr(model, "merge_and_unload"):
        model = model.merge_and_unload()
    return model.eval().requires_grad_(False), tokenizer, used


def epoch_weights(folder: RunFolder, epoch: int) -> dict[str, Any]:
    """Trained weights of a kept epoch: in full precision from a checkpoint of its very end, else in half."""
    from selfsup_core.runs.weights import read_weights
    from selfsup_core.train.checkpoint import list_checkpoints, load_checkpoint

    for target in list_checkpoints(folder.checkpoints, "best-"):
        if target.name == f"best-{epoch:06d}":
            try:
                return load_checkpoint(target, {})["model"]
            except StudioError:
                break
    for target in list_checkpoints(folder.checkpoints):
        try:
            loop = load_checkpoint(target, {})["loop"]
        except StudioError:
            continue
        if loop["position"]["epoch"] == epoch and loop["position"]["index"] == 0:
            # Of several networks beside each other the student is the run's own.
            student = {k.removeprefix("student."): v for k, v in loop["model"].items() if k.startswith("student.")}  # fmt: skip
            return student or loop["model"]
    return read_weights(folder.weights, epoch)


def export_model(workspace: Path, run: str, target: Path, epoch: int | None = None) -> int:
    """Write a run's model as a folder that plain transformers loads; the epoch it is of.

    Raises:
        RunError, DataError: as `load_run_model`, or the folder is there already.
    """
    if target.exists():
        raise DataError(
            f"{target.name} is there already.", code="exists", remedy="Choose another folder."
        )
    model, tokenizer, used = load_run_model(workspace, run, epoch)
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        model.save_pretrained(temporary, safe_serialization=True)
        tokenizer.save_pretrained(temporary)
        temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return used
