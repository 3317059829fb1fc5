"""What the files of an encoder's folder say of it: whether it may be loaded, its pooling, width and size.

Folders are in Hugging Face's layout, with the files of sentence-transformers beside it or without them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from selfsup_core.errors import DataError
from selfsup_core.files import JsonObject
from selfsup_core.pretrained.model_folder import check_contents, read_config, read_settings
from selfsup_core.safetensors_header import read_header
from selfsup_core.translation import tr, tr_later

WIDTHS = ("hidden_size", "d_model", "dim", "n_embd")  # names that architectures give their width
# What may follow the network in sentence-transformers' list of modules; anything else would be left out
# silently.
MODULES = (tr_later("Transformer"), tr_later("Pooling"), tr_later("Normalize"))


def check_folder(folder: Path) -> JsonObject:
    """A folder's config.json, if an encoder can be loaded from there without running code.

    Raises:
        DataError: says what is there and what was expected.
    """
    config = check_contents(folder)
    if config.get("is_encoder_decoder"):
        raise DataError(
            tr("{name} is an encoder-decoder model, which cannot be used for embeddings here.").format(
                name=folder.name
            ),
            code="not-encoder",
            remedy=tr("Use an encoder such as BERT."),
        )
    return config


def pooling_of(folder: Path) -> str:
    """What sentence-transformers' files say: mean, cls or last; mean without them, "" for what is not done
    here.
    """
    modules = folder / "modules.json"
    if modules.is_file():
        kinds = [str(m.get("type", "")).rsplit(".", 1)[-1] for m in read_json_list(modules)]
        if any(kind not in MODULES for kind in kinds):
            return ""
    values = read_optional(folder / "1_Pooling" / "config.json")
    if isinstance(mode := values.get("pooling_mode"), str):
        chosen = [mode]
    else:
        chosen = [
            k.removeprefix("pooling_mode_")
            for k, v in values.items()
            if k.startswith("pooling_mode_") and v is True
        ]
    names = {
        "mean": "mean",
        "mean_tokens": "mean",
        "cls": "cls",
        "cls_token": "cls",
        "lasttoken": "last",
        "last": "last",
    }
    if not chosen:
        return "mean"
    return names.get(chosen[0], "") if len(chosen) == 1 else ""


def width_of(config: JsonObject, folder: Path) -> int:
    for name in WIDTHS:
        if isinstance(width := config.get(name), int) and width > 0:
            return width
    raise DataError(
        tr("config.json of {name} does not give hidden_size.").format(name=folder.name), code="bad-model"
    )


def count_parameters(weights: list[Path]) -> int:
    """From the headers of the safetensors files; 0 where one is damaged."""
    total = 0
    for path in weights:
        try:
            header = read_header(path)
            entries = [v["shape"] for k, v in header.items() if k != "__metadata__"]
            total += sum(int(np.prod(shape)) for shape in entries)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return 0
    return total


def read_optional(path: Path) -> JsonObject:
    return read_config(path) if path.is_file() else {}


def read_json_list(path: Path) -> list[JsonObject]:
    try:
        values = read_settings(path)
    except (OSError, ValueError):
        return []
    return [v for v in values if isinstance(v, dict)] if isinstance(values, list) else []
