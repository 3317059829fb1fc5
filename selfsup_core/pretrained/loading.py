"""Language models of a folder in Hugging Face's layout, in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selfsup_core.errors import DataError
from selfsup_core.pretrained.model_folder import CAUSAL, architecture_of, check_folder, kind_of, read_config
from selfsup_core.pretrained.trial import SAFE, require_tried
from selfsup_core.translation import tr


@contextmanager
def load_errors(folder: Path) -> Iterator[None]:
    """Call whatever goes wrong while transformers loads a folder a DataError that names it."""
    try:
        yield
    except Exception as error:  # transformers raises many kinds
        reason = str(error).strip().splitlines()
        raise DataError(
            tr("{name} could not be loaded: {reason}").format(
                name=folder.name, reason=reason[0][:300] if reason else type(error).__name__
            ),
            code="bad-model",
        ) from error


def load_model(folder: Path, say: Callable[[str], None] = lambda text: None) -> tuple[Any, Any]:
    """(model in evaluation mode and float32, tokenizer) of a folder in Hugging Face's layout.

    Args:
        say: as in `require_tried`.

    Raises:
        DataError: a file is damaged or missing, weights of the model are, or the trial failed.
    """
    import torch
    from transformers import AutoModel, AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer

    kind = kind_of(check_folder(folder), folder.name)
    if kind == "speech":
        raise DataError(
            tr("{name} writes down speech; it reads no text.").format(name=folder.name),
            code="not-text",
            remedy=tr("Use it as the teacher under Scenarios, Speech (objective.teacher)."),
        )
    require_tried(folder, say)
    loader = {"causal": AutoModelForCausalLM, "masked": AutoModelForMaskedLM, "encoder": AutoModel}
    with load_errors(folder):
        tokenizer = AutoTokenizer.from_pretrained(folder, **SAFE)
        model, about = loader[kind].from_pretrained(
            folder, use_safetensors=True, dtype=torch.float32, output_loading_info=True, **SAFE
        )
    # What is missing is filled with random numbers; an encoder's pooler is not used here.
    if missing := sorted(key for key in about["missing_keys"] if "pooler" not in key):
        raise DataError(
            tr("{name} lacks weights of a {architecture_of}: {missing}{value}.").format(
                name=folder.name,
                architecture_of=architecture_of(read_config(folder / "config.json")),
                missing=missing[0],
                value=tr(" and {count} more").format(count=len(missing) - 1) if len(missing) > 1 else "",
            ),
            code="bad-model",
        )
    return model.eval().requires_grad_(False), tokenizer


def load_causal(folder: Path) -> tuple[Any, Any]:
    """(model, tokenizer) of a folder that holds a causal language model. Raises DataError as `load_model`."""
    config = check_folder(folder)
    if kind_of(config, folder.name) != "causal":
        raise DataError(
            tr("{name} is a {architecture_of}, not a causal language model.").format(
                name=folder.name, architecture_of=architecture_of(config)
            ),
            code="not-causal",
            remedy=tr("Its config.json should name an architecture that ends with {causal}.").format(
                causal=tr(" or ").join(CAUSAL)
            ),
        )
    return load_model(folder)
