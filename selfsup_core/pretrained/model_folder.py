"""A model's folder in Hugging Face's layout: what may be loaded from it, what it is, and how large it is.

Only safetensors, JSON and vocabulary files are read: pickled weights and models that bring code of their own
are refused.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfsup_core.errors import DataError
from selfsup_core.files import MB, JsonObject, parse_json, read_file
from selfsup_core.safetensors_header import read_header
from selfsup_core.translation import tr, tr_later

MOST_CONFIG = 16 * MB  # of a file of settings, or the index of weights
MOST_WORDS = 128 * MB  # of a tokenizer's file; the largest vocabularies take about 40
READ = (
    ".json",
    ".jsonl",
    ".txt",
    ".model",
    ".jinja",
)  # endings of what a tokenizer or a network may read whole
# (what it is, names that architectures give it, the most that is allowed: several times that of any known
# model). A network is made as large as config.json says before its weights are compared with it.
LIMITS = (
    (
        "layers",
        ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "encoder_layers", "decoder_layers"),
        1_000,
    ),
    (
        tr_later("numbers per token"),
        ("hidden_size", "d_model", "dim", "n_embd", "embedding_size", "embed_dim", "head_dim", "d_kv"),
        65_536,
    ),
    ("heads", ("num_attention_heads", "num_heads", "n_head", "n_heads", "num_key_value_heads"), 65_536),
    ("experts", ("num_experts", "num_local_experts", "n_routed_experts"), 65_536),
    (
        tr_later("numbers inside a layer"),
        ("intermediate_size", "hidden_dim", "d_ff", "n_inner", "ffn_dim", "moe_intermediate_size"),
        1_048_576,
    ),
    (tr_later("tokens in the vocabulary"), ("vocab_size", "type_vocab_size"), 4_000_000),
    ("labels", ("num_labels",), 4_000_000),
    ("positions", ("max_position_embeddings", "n_positions", "n_ctx"), 100_000_000),
)
BOUNDS = {name: (what, most) for what, names, most in LIMITS for name in names}
ELSEWHERE = ("transformers_weights",)  # keys of config.json that name other files of weights
AGAIN = tr_later("Download the model again, or save it anew with save_pretrained.")
CODE = ("auto_map", "custom_pipelines")
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model")
CAUSAL = ("ForCausalLM", "LMHeadModel")
MASKED = ("ForMaskedLM", "ForPreTraining")
ENCODER = (tr_later("Model"), tr_later("Encoder"))
SPEECH = ("WhisperForConditionalGeneration",)
KINDS = {
    "causal": tr_later("generates text: predicts each token from those before it"),
    "masked": tr_later("fills gaps: predicts a token from those on both sides"),
    "encoder": tr_later("turns a text into numbers; does not predict tokens"),
    "speech": tr_later("writes down speech: can be the teacher under Scenarios, Speech"),
}


def check_folder(folder: Path) -> JsonObject:
    """A folder's config.json, if a language model can be loaded from there without running code.

    Raises:
        DataError: says what is there and what was expected.
    """
    config = check_contents(folder)
    kind_of(config, folder.name)
    return config


def check_contents(folder: Path) -> JsonObject:
    """A folder's config.json, if it holds a tokenizer and weights that can be read without running code.

    Whatever loads a model from a folder asks here first, whether it is a language model or a sentence
    encoder.

    Raises:
        DataError: says what is there and what was expected.
    """
    config = read_config(folder / "config.json")
    check_no_code(folder)
    if not any(folder.glob("*.safetensors")):
        pickled = sorted(p.name for e in ("*.bin", "*.pt", "*.pth") for p in folder.glob(e))
        there = tr("; found {pickled}, which could run code").format(pickled=pickled[0]) if pickled else ""
        raise DataError(
            tr("{name} holds no .safetensors file{there}.").format(name=folder.name, there=there),
            code="no-safetensors",
            remedy=tr("Save the model with save_pretrained."),
        )
    if not any((folder / name).is_file() for name in TOKENIZERS):
        raise DataError(
            tr("{name} has no tokenizer.").format(name=folder.name),
            code="no-tokenizer",
            remedy=tr("One of {tokenizers} should be there.").format(tokenizers=", ".join(TOKENIZERS)),
        )
    return config


def check_no_code(folder: Path) -> None:
    """Raises DataError when a folder's settings name Python code of its own."""
    for path in (folder / "config.json", folder / "tokenizer_config.json"):
        found = [key for key in CODE if path.is_file() and key in read_config(path)]
        if found:
            raise DataError(
                tr("{name} of {name_2} needs its own code ({found}); such models are not loaded.").format(
                    name=path.name, name_2=folder.name, found=found[0]
                ),
                code="remote-code",
                remedy=tr("Use a model whose architecture transformers knows."),
            )
    check_files(folder)


def check_files(folder: Path) -> None:
    """Raises DataError when a folder leads elsewhere, or its network or a file of its words is beyond reason.

    An index may name pickled weights, which transformers would unpickle whatever it is asked, or files in
    other folders; so may an adapter. A pipe would be waited for without end.
    """
    for path in folder.iterdir():
        if not path.is_file() and (not path.is_dir() or path.suffix in (".safetensors", *READ)):
            raise DataError(
                tr("{name} of {name_2} is not a regular file.").format(name=path.name, name_2=folder.name),
                code="bad-model",
            )
        if path.suffix in READ and (size := path.stat().st_size) > MOST_WORDS:
            raise DataError(
                tr("{name} of {name_2} has {size:,} bytes; at most {most_words} MB are read.").format(
                    name=path.name, name_2=folder.name, size=size, most_words=MOST_WORDS // MB
                ),
                code="bad-model",
            )
        if path.name.endswith(".safetensors.index.json"):
            check_index(path)
    if (folder / "adapter_config.json").is_file():
        raise DataError(
            tr("{name} holds an adapter (adapter_config.json), which names another model.").format(
                name=folder.name
            ),
            code="bad-model",
            remedy=tr(
                "Merge the adapter into its model with merge_and_unload, and save that with save_pretrained."
            ),
        )
    config = read_config(folder / "config.json")
    check_size(config, folder.name)
    for key in ELSEWHERE:
        if config.get(key) is not None:
            raise DataError(
                tr("config.json of {name} names {config!r} as its weights ({key}).").format(
                    name=folder.name, config=str(config[key])[:60], key=key
                ),
                code="bad-model",
                remedy=tr("Save the model with save_pretrained."),
            )


def check_index(index: Path) -> None:
    """Raises DataError when an index of weights names anything but .safetensors files beside it."""
    folder = index.parent
    named = read_config(index).get("weight_map")
    for file in named.values() if isinstance(named, dict) else [None]:
        name = file if isinstance(file, str) else ""
        if not name.endswith(".safetensors") or Path(name).name != name or not (folder / name).is_file():
            raise DataError(
                tr("{name} of {name_2} names {file!r} as a file of weights.").format(
                    name=index.name, name_2=folder.name, file=str(file)[:60]
                ),
                code="bad-model",
                remedy=tr("Only .safetensors files in the same folder are allowed."),
            )


def check_size(config: JsonObject, name: str) -> None:
    """Raises DataError when config.json, or a configuration within it, asks for a network beyond reason."""
    level: list[Any] = [config]
    while level:
        values = level.pop()
        if isinstance(values, list):
            level += values
        elif isinstance(values, dict):
            level += values.values()
            for key, (what, most) in BOUNDS.items():
                if isinstance(asked := values.get(key), int | float) and asked > most:
                    raise DataError(
                        tr("config.json of {name} asks for {format} {what}; at most {most:,}.").format(
                            name=name, format=format(asked, ",")[:40], what=what, most=most
                        ),
                        code="bad-model",
                        remedy=tr("Check {key}.").format(key=key),
                    )


def read_config(path: Path) -> JsonObject:
    """A JSON object of a model's folder. Raises DataError when it is none, too large, or no regular file."""
    try:
        values = read_settings(path)
    except (OSError, ValueError) as error:
        raise DataError(
            tr("{name} of {name_2} is missing, too large or not valid JSON.").format(
                name=path.name, name_2=path.parent.name
            ),
            code="bad-model",
        ) from error
    if not isinstance(values, dict):
        raise DataError(
            tr("{name} of {name_2} is not a JSON object.").format(name=path.name, name_2=path.parent.name),
            code="bad-model",
        )
    return values


def read_settings(path: Path) -> Any:
    """The value of a small JSON file, whether it lies there or, as in the Hub's cache, is a link to one.

    Raises:
        OSError: there is no plain file at the end, or it is too large. ValueError: it is not JSON.
    """
    return parse_json(read_file(Path(os.path.realpath(path)), MOST_CONFIG))


def architecture_of(config: JsonObject) -> str:
    found = config.get("architectures")
    return str(found[0]) if isinstance(found, list) and found else "unknown"


def is_speech(architecture: str) -> bool:
    return architecture in SPEECH


def kind_of(config: JsonObject, name: str) -> str:
    """ "causal", "masked", "encoder" or "speech", by the architecture that config.json names.

    Raises:
        DataError: it is something else.
    """
    architecture = architecture_of(config)
    if is_speech(architecture):
        return "speech"
    for kind, endings in (("causal", CAUSAL), ("masked", MASKED), ("encoder", ENCODER)):
        if architecture.endswith(endings):
            return kind
    raise DataError(
        tr(
            "{name} is a {architecture}: neither a causal nor a masked language model, nor an encoder."
        ).format(name=name, architecture=architecture),
        code="no-language-model",
        remedy=tr("Its config.json should name an architecture that ends with {value}.").format(
            value=", ".join((*CAUSAL, *MASKED[:1], *ENCODER[:1]))
        ),
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
            raise DataError(
                tr("{name} of {name_2} is damaged.").format(name=path.name, name_2=folder.name),
                code="bad-model",
            ) from error
    return Size(parameters, total)


def unreadable(folder: Path, what: str, error: BaseException) -> DataError:
    """What to say of a part of a folder that a library refuses; its own path is no one's business."""
    reason = str(error).strip().splitlines()
    said = reason[0][:300] if reason else type(error).__name__
    return DataError(
        tr("The {what} of {name} could not be loaded: {replace}").format(
            what=what, name=folder.name, replace=said.replace(str(folder), folder.name)
        ),
        code="bad-model",
        remedy=AGAIN,
    )
