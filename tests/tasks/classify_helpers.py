"""Small labeled texts, a tiny transformer, and specs that train a classifier on them in a moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from selfsup_core.data.dataset import Dataset, load_dataset, save_dataset
from selfsup_core.data.texts import Texts
from selfsup_core.runs.spec import RunSpec, make_spec
from tests.models.tiny import tiny_bert

NAME = "my-pets"
CLASSES = ("cats", "dogs", "logs")
WORDS = (("cat", "mat"), ("dog", "sat"), ("log", "on"))


def make_pets(workspace: Path, size: int = 120, *, y: np.ndarray | None = None) -> Dataset:
    """Short texts whose class can be told by their words; every twentieth has no label."""
    generator = np.random.default_rng(0)
    true = np.arange(size) % 3
    texts = []
    for label in true:
        words = [*generator.choice(WORDS[label], 3), *generator.choice(["the", "a", "and"], 4)]
        texts.append(" ".join(generator.permutation(words)[: generator.integers(4, 8)]))
    texts[5] = "a [SEP] cat </s> on the [MASK] mat"
    if y is None:
        y = np.where(np.arange(size) % 20 == 19, -1, true)
    dataset = Dataset(
        id=NAME,
        kind="text",
        title="Pets",
        x=Texts.pack(texts),
        y=y,
        classes=CLASSES,
        details={"rows": size, "shape": []},
    )
    save_dataset(dataset, workspace / "datasets" / NAME)
    return load_dataset(workspace / "datasets" / NAME)


def text_spec(workspace: Path, **overrides: Any) -> RunSpec:
    """A tiny BERT, fine-tuned."""
    folder = workspace.parent / "tiny-bert"
    if not folder.exists():
        tiny_bert(folder)
    values = {
        "data": {"source": NAME, "validation": 0.2, "test": 0.2},
        "model": {"kind": "text-classifier", "source": str(folder), "most_tokens": 12, "lora_rank": 2},
        "objective": {"kind": "cross-entropy"},
        "train": {"epochs": 2, "batch_size": 24, "learning_rate": 0.003, "device": "cpu", "threads": 1},
        "frames": {"samples": 40},
    }
    return make_spec(values, {path.replace("__", "."): v for path, v in overrides.items()})


def head_spec(**overrides: Any) -> RunSpec:
    """A small network on the wines."""
    values = {
        "data": {"source": "wine"},
        "model": {"kind": "head", "widths": [8], "dropout": 0.1},
        "objective": {"kind": "cross-entropy"},
        "train": {"epochs": 2, "batch_size": 60, "learning_rate": 0.01, "device": "cpu", "threads": 1},
        "frames": {"samples": 60},
    }
    return make_spec(values, {path.replace("__", "."): v for path, v in overrides.items()})
