"""A model's folder in Hugging Face's layout: what may be loaded from it, what it is, how large it is, and loading it.

Only safetensors, JSON and vocabulary files are read: pickled weights and models that bring code of their own are refused.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfsup_core.errors import DataError
from selfsup_core.files import parse_json
from selfsup_core.safetensors_header import read_header

MOST_LAYERS = 1000
CODE = ("auto_map", "custom_pipelines")
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model")
CAUSAL = ("ForCausalLM", "LMHeadModel")
MASKED = ("ForMaskedLM", "ForPreTraining")
ENCODER = ("Model", "Encoder")
KINDS = {
    "causal": "generates text: predicts each token from those before it",
    "masked": "fills gaps: predicts a token from those on both sides",
    "encoder": "turns a text into numbers; does not predict tokens",
}


def check_folder(folder: Path) -> dict[str, Any]:
    """A folder's config.json, if a language model can be loaded from there without running code.

    Raises:
        DataError: says what is there and what was expected.
    """
    config = read_config(folder / "config.json")
    check_no_code(folder)
    if not any(folder.glob("*.safetensors")):
        pickled = sorted(p.name for e in ("*.bin", "*.pt", "*.pth") for p in folder.glob(e))
        there = f"; found {pickled[0]}, which could run code" if pickled else ""
        raise DataError(
            f"{folder.name} holds no .safetensors file{there}.",
            code="no-safetensors",
            remedy="Save the model with save_pretrained.",
        )
    if not any((folder / name).is_file() for name in TOKENIZERS):
        raise DataError(
            f"{folder.name} has no tokenizer.",
            code="no-tokenizer",
            remedy=f"One of {', '.join(TOKENIZERS)} should be there.",
        )
    kind_of(config, folder.name)
    return config


def check_no_code(folder: Path) -> None:
    """Raises DataError when a folder's settings name Python code of its own."""
    for path in (folder / "config.json", folder / "tokenizer_config.json"):
        found = [key for key in CODE if path.is_file() and key in read_config(path)]
        if found:
            raise DataError(
                f"{path.name} of {folder.name} needs its own code ({found[0]}); such models are not loaded.",
                code="remote-code",
                remedy="Use a model whose architecture transformers knows.",
            )
    check_files(folder)


def check_files(folder: Path) -> None:
    """Raises DataError when a folder leads elsewhere: an index of weights in other files, a pipe, or a network beyond reason."""
    for path in folder.iterdir():
        if path.suffix in (".safetensors", ".json") and not path.is_file():
            raise DataError(f"{path.name} of {folder.name} is not a regular file.", code="bad-model")
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        named = read_config(index).get("weight_map")
        files = set(named.values()) if isinstance(named, dict) else {None}
        for file in files:
            name = file if isinstance(file, str) else ""
            if not name.endswith(".safetensors") or Path(name).name != name or not (folder / name).is_file():
                raise DataError(
                    f"{index.name} of {folder.name} names {str(file)[:60]!r} as a file of weights.",
                    code="bad-model",
                    remedy="Only .safetensors files in the same folder are allowed.",
                )
    config = read_config(folder / "config.json")
    for name in ("num_hidden_layers", "n_layer", "num_layers"):
        if isinstance(config.get(name), int) and config[name] > MOST_LAYERS:
            raise DataError(
                f"config.json of {folder.name} asks for {config[name]:,} layers; at most {MOST_LAYERS:,}.",
                code="bad-model",
            )


def read_config(path: Path) -> dict[str, Any]:
    try:
        if not path.is_file():  # a pipe would be waited for without end
            raise FileNotFoundError(path)
        values = parse_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path.name} of {path.parent.name} is missing or not valid JSON.", code="bad-model"
        ) from error
    if not isinstance(values, dict):
        raise DataError(f"{path.name} of {path.parent.name} is not a JSON object.", code="bad-model")
    return values


def architecture_of(config: dict[str, Any]) -> str:
    found = config.get("architectures")
    return str(found[0]) if isinstance(found, list) and found else "unknown"


def kind_of(config: dict[str, Any], name: str) -> str:
    """ "causal", "masked" or "encoder", by the architecture that config.json names.

    Raises:
        DataError: it is something else.
    """
    architecture = architecture_of(config)
    for kind, endings in (("causal", CAUSAL), ("masked", MASKED), ("encoder", ENCODER)):
        if architecture.endswith(endings):
            return kind
    raise DataError(
        f"{name} is a {architecture}: neither a causal nor a masked language model, nor an encoder.",
        code="no-language-model",
        remedy=f"Its config.json should name an architecture that ends with {', '.join((*CAUSAL, *MASKED[:1], *ENCODER[:1]))}.",
    )


@dataclass(frozen=True)
class Size:
    """Weights of a folder: how many, and the bytes of their files."""

    parameters: int
    file_bytes: int

    @property
    def memory_bytes(self) -> int:
        """In single precision, as models are loaded here."""
        return 4 * self.parameters


def measure_folder(folder: Path) -> Size:
    """Counted from the headers of the safetensors files; nothing is loaded.

    Raises:
        DataError: a file is damaged.
    """
    parameters = total = 0
    for path in sorted(folder.glob("*.safetensors")):
        try:
            total += path.stat().st_size
            header = read_header(path)
            header.pop("__metadata__", None)
            # Whole numbers are tables of places, no weights.
            weights = [entry for entry in header.values() if "F" in entry["dtype"]]
            parameters += sum(math.prod(entry["shape"]) for entry in weights)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(f"{path.name} of {folder.name} is damaged.", code="bad-model") from error
    return Size(parameters, total)


def load_model(folder: Path) -> tuple[Any, Any]:
    """(model in evaluation mode and float32, tokenizer) of a folder in Hugging Face's layout.

    Raises:
        DataError: a file is damaged or missing, or weights of the model are.
    """
    import torch
    from transformers import AutoModel, AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer

    kind = kind_of(check_folder(folder), folder.name)
    loader = {"causal": AutoModelForCausalLM, "masked": AutoModelForMaskedLM, "encoder": AutoModel}
    safe = {"local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, **safe)
        model, about = loader[kind].from_pretrained(
            folder, use_safetensors=True, dtype=torch.float32, output_loading_info=True, **safe
        )
    except Exception as error:  # transformers raises many kinds
        reason = str(error).strip().splitlines()
        raise DataError(
            f"{folder.name} could not be loaded: {reason[0][:300] if reason else type(error).__name__}",
            code="bad-model",
        ) from error
    # What is missing is filled with random numbers; an encoder's pooler is not used here.
    if missing := sorted(key for key in about["missing_keys"] if "pooler" not in key):
        raise DataError(
            f"{folder.name} lacks weights of a {architecture_of(read_config(folder / 'config.json'))}: {missing[0]}"
            f"{f' and {len(missing) - 1} more' if len(missing) > 1 else ''}.",
            code="bad-model",
        )
    return model.eval().requires_grad_(False), tokenizer


def load_causal(folder: Path) -> tuple[Any, Any]:
    """(model, tokenizer) of a folder that holds a causal language model. Raises DataError as `load_model`."""
    config = check_folder(folder)
    if kind_of(config, folder.name) != "causal":
        raise DataError(
            f"{folder.name} is a {architecture_of(config)}, not a causal language model.",
            code="not-causal",
            remedy=f"Its config.json should name an architecture that ends with {' or '.join(CAUSAL)}.",
        )
    return load_model(folder)
