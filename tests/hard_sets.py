"""Data sets that are hard to train on, as small as they can be: what pages and commands say of them before a
run.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from selfsup_core.data.dataset import Dataset, load_dataset, save_dataset
from selfsup_core.data.groups import find_groups
from selfsup_core.data.texts import Texts

COLUMNS = ("p", "q", "r", "s")


def numbers(rows: int, seed: int = 0) -> np.ndarray:
    """(rows, 4) of three clouds, so that there is something to learn."""
    centers = 3 * np.eye(3, 4)[np.arange(rows) % 3]
    return (np.random.default_rng(seed).normal(size=(rows, 4)) + centers).astype(np.float32)


def table(x: np.ndarray, y: np.ndarray | None, classes: tuple[str, ...], name: str) -> Dataset:
    made = Dataset(
        id=f"my-{name}",
        kind="table",
        title=name,
        x=x.astype(np.float32),
        y=None if y is None else y.astype(np.int32),
        classes=classes,
        columns=COLUMNS,
        details={"rows": len(x), "shape": [x.shape[1]]},
    )
    groups = find_groups(made)
    return made if groups is None else Dataset(**vars(made) | {"groups": groups})


def three(rows: int, x: np.ndarray, name: str) -> Dataset:
    return table(x, np.arange(rows) % 3, ("a", "b", "c"), name)


def many_classes() -> Dataset:
    y = np.repeat(np.arange(1000), 3)
    return table(numbers(3000), y, tuple(f"article {c}" for c in range(1000)), "many-classes")


def three_rows() -> Dataset:
    return three(3, numbers(3), "three-rows")


def only_copies() -> Dataset:
    return table(np.repeat(numbers(1), 80, axis=0), np.arange(80) % 2, ("a", "b"), "only-copies")


def uneven() -> Dataset:
    return table(numbers(300), np.arange(300) >= 297, ("good", "bad"), "uneven")


def constant() -> Dataset:
    """Three of four columns have one value."""
    x = numbers(60)
    x[:, 1:] = 1
    return three(60, x, "constant")


def huge() -> Dataset:
    return three(90, numbers(90) * np.float32(1e30), "huge")


def no_numbers() -> Dataset:
    return three(60, np.full((60, 4), np.nan), "no-numbers")


def one_class() -> Dataset:
    return table(numbers(60), np.zeros(60), ("only",), "one-class")


def no_labels() -> Dataset:
    return table(numbers(60), None, (), "no-labels")


def few_texts() -> Dataset:
    return Dataset(
        id="my-few-texts",
        kind="text",
        title="few-texts",
        x=Texts.pack(["a cat", "a dog", "a log"]),
        y=np.arange(3, dtype=np.int32),
        classes=("a", "b", "c"),
        details={"rows": 3, "shape": []},
    )


def text_classes() -> Dataset:
    """1,000 classes of two short texts each."""
    texts = [f"article {i // 2} is number {i} of the list" for i in range(2000)]
    return Dataset(
        id="my-text-classes",
        kind="text",
        title="text-classes",
        x=Texts.pack(texts),
        y=(np.arange(2000) // 2).astype(np.int32),
        classes=tuple(f"article {c}" for c in range(1000)),
        details={"rows": 2000, "shape": []},
    )


SETS: dict[str, Callable[[], Dataset]] = {
    f"my-{make.__name__.replace('_', '-')}": make
    for make in (
        many_classes,
        three_rows,
        only_copies,
        uneven,
        constant,
        huge,
        no_numbers,
        one_class,
        no_labels,
        few_texts,
        text_classes,
    )
}


def add_hard_set(workspace: Path, name: str) -> Dataset:
    """Put one of `SETS` into a workspace."""
    save_dataset(SETS[name](), workspace / "datasets" / name)
    return load_dataset(workspace / "datasets" / name)
