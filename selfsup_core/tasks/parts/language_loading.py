"""The one loader of language models to train on: from a folder, or from an earlier run at one of its
epochs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import torch

from selfsup_core.errors import DataError, RunError, SettingError
from selfsup_core.files import read_json
from selfsup_core.models import MODELS
from selfsup_core.pretrained.language_models import check_folder, prepare
from selfsup_core.pretrained.loading import load_errors
from selfsup_core.pretrained.lora import add_lora
from selfsup_core.pretrained.models.pretrained_language import PretrainedConfig
from selfsup_core.pretrained.trial import SAFE, require_tried
from selfsup_core.runs.folder import open_run
from selfsup_core.runs.spec import read_spec
from selfsup_core.runs.weights import epoch_weights, nearest_epoch, set_weights
from selfsup_core.translation import tr

RUN = "run:"
CAUSAL = ("ForCausalLM", "LMHeadModel")


def load_to_continue(
    config: PretrainedConfig, workspace: Path, *, is_masked: bool, seed: int
) -> tuple[Any, Any, list[str]]:
    """(model in float32 with what is trained requiring gradients, tokenizer, notes).

    Raises:
        DataError: it is not there, or may not be loaded. SettingError: it is of the other kind than the
        objective.
    """
    if config.source.startswith(RUN):
        run, _, epoch = config.source.removeprefix(RUN).partition("@")
        model, tokenizer, used = load_run_model(workspace, run, int(epoch) if epoch else None)
        notes = [tr("It continues from epoch {used} of run {run}.").format(used=used, run=run)]
        check_kind(type(model).__name__, is_masked=is_masked)
    else:
        model, tokenizer, notes = load_folder(prepare(config.source, workspace), is_masked, seed)
    if is_masked and tokenizer.mask_token_id is None:
        raise DataError(tr("{source} has no mask token.").format(source=config.source), code="no-mask-token")
    total = sum(p.numel() for p in model.parameters())
    model.requires_grad_(True)
    if config.lora_rank:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = add_lora(model, config.lora_rank)
        trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
        notes.append(
            tr("LoRA trains {trained:,} weights beside the {total:,} of the model, which are frozen.").format(
                trained=trained, total=total
            )
        )
    return model, tokenizer, notes


def check_kind(architecture: str, *, is_masked: bool) -> None:
    """Raises SettingError when a causal objective meets a model that is none, or the other way round."""
    if architecture.endswith(CAUSAL) == is_masked:
        fits = "masked-language" if not architecture.endswith(CAUSAL) else "causal-language"
        raise SettingError(
            tr("The objective does not fit the model, which is a {architecture}.").format(
                architecture=architecture
            ),
            remedy=tr("Choose the objective {fits} (objective.kind).").format(fits=fits),
        )


def load_folder(folder: Path, is_masked: bool, seed: int) -> tuple[Any, Any, list[str]]:
    """(model in float32, tokenizer, notes) of a folder in Hugging Face's layout."""
    from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer

    config = check_folder(folder)
    architecture = str((config.get("architectures") or ["unknown"])[0])
    check_kind(architecture, is_masked=is_masked)
    require_tried(folder)
    kind = AutoModelForMaskedLM if is_masked else AutoModelForCausalLM
    notes = []
    if is_masked and not architecture.endswith("ForMaskedLM"):
        notes.append(
            tr("The {architecture} has no output layer for tokens; a new, untrained one is added.").format(
                architecture=architecture
            )
        )
    with load_errors(folder):
        tokenizer = AutoTokenizer.from_pretrained(folder, **SAFE)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = kind.from_pretrained(folder, use_safetensors=True, dtype=torch.float32, **SAFE)
    return model, tokenizer, notes


def load_run_model(workspace: Path, run: str, epoch: int | None = None) -> tuple[Any, Any, int]:
    """(network in evaluation mode and float32, tokenizer, the epoch it is of).

    The epoch nearest to the one asked for; None asks for the newest. Where a checkpoint of that epoch is
    there, in full precision, it is taken instead of the half precision that is kept of each epoch.

    Raises:
        RunError: no such run, no weights yet, or no language model. DataError: its files are damaged.
    """
    from transformers import AutoTokenizer

    folder = open_run(workspace, run)
    spec = read_spec(folder.spec)
    network = MODELS[spec.model.kind]
    if network.task != "language":
        raise RunError(
            tr("The run {id} is not a language model.").format(id=folder.id), code="no-language-model"
        )
    used = nearest_epoch(folder.weights, epoch)
    place = folder.path / "model"
    if read_json(place / "config.json") is None:
        raise RunError(
            tr("The files of the model of run {id} do not exist yet.").format(id=folder.id), code="no-weights"
        )
    require_tried(place)  # the run may be a stranger's
    tokenizer = AutoTokenizer.from_pretrained(place, local_files_only=True, trust_remote_code=False)
    if spec.model.kind == "pretrained":
        is_masked = spec.objective.kind == "masked-language"
        model, _, _ = load_to_continue(
            cast("PretrainedConfig", spec.model), workspace, is_masked=is_masked, seed=spec.seed
        )
    else:
        model = network.build(spec.model, (len(tokenizer),))
        for name in ("bos_token_id", "eos_token_id"):
            setattr(model.config, name, getattr(tokenizer, name))
    set_weights(model, epoch_weights(folder, used), used)
    if hasattr(model, "merge_and_unload"):
        model = model.merge_and_unload()
    return model.eval().requires_grad_(False), tokenizer, used
