"""A translation run in a second or two: 80 phrases, a network of a few thousand weights."""

from __future__ import annotations

from pathlib import Path

from selfsup_core.data.dataset import Dataset, save_dataset
from selfsup_core.data.phrase_book.grammar import make_phrases
from selfsup_core.data.texts import Texts
from selfsup_core.runs.spec import RunSpec, make_spec

NAME = "my-pairs"
TINY = {
    "data": {"source": NAME, "validation": 0.2, "test": 0.4, "labels_fraction": 0.5},
    "model": {"kind": "translator", "layers": 1, "heads": 2, "width": 16, "vocabulary": 400},
    "objective": {"kind": "translating", "teacher_epochs": 2, "every": 1, "keep": 0.5, "beam": 2},
    "train": {
        "epochs": 4,
        "device": "cpu",
        "threads": 1,
        "batch_size": 8,
        "learning_rate": 0.01,
        "precision": "float32",
    },
}
PAIRS = [(phrase.english, phrase.german) for phrase in make_phrases(80, seed=1)]


def make_pairs(workspace: Path, pairs: list[tuple[str, str]]) -> None:
    """The data set `NAME` of these pairs."""
    made = Dataset(
        id=NAME,
        kind="text",
        title="Pairs",
        x=Texts.pack(one for one, _ in pairs),
        extra={"target": Texts.pack(other for _, other in pairs)},
        details={"rows": len(pairs), "shape": []},
    )
    save_dataset(made, workspace / "datasets" / NAME)


def tiny(**changes: object) -> RunSpec:
    """`tiny(train__epochs=1)`: with `train.epochs` = 1."""
    return make_spec(TINY, {path.replace("__", "."): value for path, value in changes.items()})
