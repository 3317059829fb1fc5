"""Every kind of run, small: all presets, and the objectives and methods that no preset shows; data that need
no download.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from selfsup_core.data.dataset import Dataset, save_dataset
from selfsup_core.data.texts import Texts
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.queue import submit, withdraw
from selfsup_core.runs.recipes import list_presets, preset_spec
from selfsup_core.runs.spec import RunSpec, make_spec

TEXTS, ROWS = "my-made-up-posts", 240
CLASSES = ("pets", "space", "wood")
WORDS = (
    ("cat", "dog", "purrs", "fur"),
    ("moon", "orbit", "rocket", "star"),
    ("oak", "saw", "plank", "bark"),
)
COMMON = ("the", "a", "and", "of", "near", "old")
METHODS = ("lee", "mean-teacher", "uda", "mixmatch")
SMALL = {"train.epochs": 2, "train.steps_per_epoch": 4, "train.batch_size": 16, "train.threads": 1}
PRETRAINED = ("continue-text", "classify-full", "classify-lora", "pseudo-lora")
EMBEDDED = ("classify-embeddings", "pseudo-text", "views-simcse")
VIEWS = ("dino", "swav")


def make_posts(workspace: Path) -> None:
    """Short labeled texts whose words tell their class."""
    generator = np.random.default_rng(0)
    y = (np.arange(ROWS) % len(CLASSES)).astype(np.int32)
    texts = [
        " ".join(generator.permutation([*generator.choice(WORDS[label], 5), *generator.choice(COMMON, 4)]))
        for label in y
    ]
    made = Dataset(
        id=TEXTS,
        kind="text",
        title="Made-up posts",
        x=Texts.pack(texts),
        y=y,
        classes=CLASSES,
        details={"rows": ROWS, "shape": []},
    )
    save_dataset(made, workspace / "datasets" / TEXTS)


def make_tokenizer(controls: dict[str, str]) -> Any:
    """One token for each word of the posts."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = [*controls.values(), *COMMON, *(word for some in WORDS for word in some)]
    table = {word: number for number, word in enumerate(words)}
    made = Tokenizer(models.WordLevel(table, unk_token=controls["unk_token"]))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    if "cls_token" in controls:
        ends = [(controls[name], table[controls[name]]) for name in ("sep_token", "cls_token")]
        made.post_processor = processors.BertProcessing(*ends)
    return PreTrainedTokenizerFast(tokenizer_object=made, **controls)


def make_bert(folder: Path) -> None:
    """A BERT with random weights."""
    import torch
    from transformers import BertConfig, BertForMaskedLM

    names = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}
    tokenizer = make_tokenizer({f"{name}_token": token for name, token in names.items()})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=64,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )
        BertForMaskedLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def make_gpt(folder: Path) -> None:
    """A GPT-2 with random weights."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    tokenizer = make_tokenizer({"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = GPT2Config(
            vocab_size=len(tokenizer),
            n_positions=64,
            n_embd=32,
            n_layer=2,
            n_head=2,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
        )
        GPT2LMHeadModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def prepare(workspace: Path) -> None:
    """Put everything where the kinds look for it."""
    make_posts(workspace)
    make_bert(workspace / "tiny-bert")
    make_gpt(workspace / "tiny-gpt")


def names() -> list[str]:
    """All kinds: presets by their names, then what no preset shows."""
    more = ["masked-further", "masked-lora", "sparse-kl", "sound-convolutional"]
    more += [f"views-{kind}" for kind in VIEWS]
    return [*list_presets(""), *more, *(f"pseudo-{method}" for method in METHODS)]


def missing(name: str) -> str:
    """Why a kind cannot run here, or ""."""
    from selfsup_core.pretrained.encoders.catalogue import ENCODERS

    return ENCODERS["minilm"].missing() if name in EMBEDDED else ""


def spec_of(name: str, workspace: Path, device: str, **changed: Any) -> RunSpec:
    """The settings of a kind, small, on a device; `changed` as in `train__epochs=3`."""
    overrides: dict[str, Any] = SMALL | {"train.device": device, "train.checkpoint_seconds": 30.0}
    overrides |= {"frames.samples": 40, "frames.tiles": 4} | own_settings(name, workspace)
    overrides |= {path.replace("__", "."): value for path, value in changed.items()}
    if name in list_presets(""):
        return preset_spec(name, overrides)
    return make_spec(MORE[name], overrides)


def own_settings(name: str, workspace: Path) -> dict[str, Any]:
    """What a kind needs beyond being small: its data, and a tiny pretrained network."""
    preset = list_presets("").get(name)
    spec = preset["spec"] if preset else MORE[name]
    source, model = spec["data"]["source"], spec["model"]["kind"]
    found: dict[str, Any] = {}
    if source in ("mnist-5k", "fashion-mnist", "fashion-5k", "emoji"):
        found["data.source"] = "digits"
    elif source.startswith(("newsgroups", "chinese", "shakespeare")):
        found["data.source"] = TEXTS
    if model in ("gpt", "bert"):
        found |= {"model.layers": 1, "model.width": 32, "model.heads": 2, "model.context": 16}
        found |= {"model.vocabulary": 300} if spec["model"].get("tokenizer") == "bpe" else {}
    if model in ("text-classifier", "pretrained"):
        is_causal = spec["objective"]["kind"] == "causal-language"
        found["model.source"] = str(workspace / ("tiny-gpt" if is_causal else "tiny-bert"))
    if model == "pretrained":
        found["model.context"] = 16
    if model in ("gpt", "pretrained"):
        found["frames.written"] = 6
    if model == "residual":
        found |= {"model.channels": [4, 8]}
    if model == "resnet18":
        found |= {"model.width": 8}
    if model == "vit":
        found |= {"model.size": 16, "model.depth": 1, "model.heads": 2}
    if model == "text-encoder":
        found |= {"model.most_tokens": 8, "model.lora_rank": 2}
    if model == "patches":
        found |= {"model.patch": 2, "model.size": 16, "model.depth": 1, "model.heads": 2}
    return found


PETS_BY_METHOD: dict[str, Any] = {
    "data": {"source": "digits", "labels_per_class": 4},
    "model": {"kind": "head", "widths": [32]},
    "train": {"learning_rate": 0.003},
}
FURTHER: dict[str, Any] = {
    "data": {"source": "newsgroups"},
    "model": {"kind": "pretrained", "source": "", "lora_rank": 0},
    "objective": {"kind": "masked-language"},
    "train": {"learning_rate": 0.001},
}
MORE: dict[str, dict[str, Any]] = {
    "masked-further": FURTHER,
    "masked-lora": FURTHER | {"model": FURTHER["model"] | {"lora_rank": 2}},
    "sparse-kl": {
        "data": {"source": "digits"},
        "model": {"kind": "dense", "widths": [32], "code_activation": "sigmoid"},
        "objective": {"kind": "sparse", "penalty": "kl"},
        "train": {"learning_rate": 0.001},
    },
    "sound-convolutional": {
        "data": {"source": "tones"},
        "model": {"kind": "convolutional", "channels": [4, 8], "code": 8},
        "objective": {"kind": "reconstruction"},
        "train": {"learning_rate": 0.002},
    },
    **{
        f"views-{kind}": {
            "data": {"source": "digits", "labels_per_class": 4},
            "model": {"kind": "residual"},
            "objective": {"kind": kind, "projector": [32, 16], "augment": {"kind": "image", "crop": 0.5}},
            "train": {"learning_rate": 0.002},
        }
        for kind in VIEWS
    },
    **{
        f"pseudo-{method}": PETS_BY_METHOD
        | {"objective": {"kind": "pseudo-labels", "method": method, "augment": "weak", "keep": keep}}
        for method, keep in zip(METHODS, ("lee", "freematch", "softmatch", "fixed"), strict=True)
    },
}


def make_run(workspace: Path, spec: RunSpec) -> RunFolder:
    """A run's folder that waits for no supervisor."""
    folder = submit(workspace, spec)
    withdraw(folder)
    folder.control.mkdir(exist_ok=True)
    return folder


@contextmanager
def in_one_thread() -> Iterator[None]:
    """What a worker does in a thread of its own, it does here and now: modes of torch belong to one
    thread.
    """
    from selfsup_core.workers.worker import Worker

    real = Worker.attend
    Worker.attend = lambda self, act, message, *, is_stoppable=True: act()  # type: ignore[method-assign]
    try:
        yield
    finally:
        Worker.attend = real  # type: ignore[method-assign]
