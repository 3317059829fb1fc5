"""A question answering run in a few seconds: short passages of one pattern, and a tiny BERT in MiniLM's
place.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from selfsup_core.data.dataset import Dataset, save_dataset
from selfsup_core.data.questions import Asked, pack_questions
from selfsup_core.data.texts import Texts
from selfsup_core.pretrained import span_reader
from selfsup_core.runs.spec import RunSpec, make_spec

NAME = "my-passages"
WIDTH = 32
TOWNS = ("Oslo", "Lima", "Rome", "Cairo", "Paris", "Quito")
TINY = {
    "data": {"source": NAME, "validation": 0.2, "test": 0.4, "labels_fraction": 0.5},
    "model": {"kind": "reader", "layers": 2, "frozen": 1, "most_tokens": 64, "dropout": 0.1},
    "objective": {"kind": "spans", "teacher_epochs": 2, "every": 1, "least_score": 0.0},
    "train": {
        "epochs": 4,
        "device": "cpu",
        "threads": 1,
        "batch_size": 8,
        "steps_per_epoch": 6,
        "learning_rate": 0.01,
        "precision": "float32",
    },
}


@contextmanager
def tiny_minilm() -> Iterator[None]:
    """A BERT of two narrow layers in its place; the tokenizer is MiniLM's own."""
    import torch
    from transformers import BertConfig, BertModel

    def load() -> tuple[BertModel, None]:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            layout = BertConfig(
                hidden_size=WIDTH, num_hidden_layers=2, num_attention_heads=2, intermediate_size=WIDTH
            )
            return BertModel(layout, add_pooling_layer=False).eval(), None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(span_reader, "load_minilm", load)
        yield


def rows_of(count: int = 30, *, lie: frozenset[int] = frozenset()) -> list[Asked]:
    """Two questions a passage. Args: lie: rows with another answer than the true one."""
    found = []
    for number in range(count):
        town, size = TOWNS[number % len(TOWNS)], str(11 + number)
        passage = (
            f"The old tower of Number{number} stands in {town} beside the market. It was built in "
            f"{1500 + number}. It has {size} windows."
        )
        for question, answer in (("Where is the tower?", town), ("How many windows are there?", size)):
            said = "market" if len(found) in lie else answer
            found.append(Asked(passage, question, (said,), passage.index(said)))
    return found


def make_passages(workspace: Path, rows: list[Asked] | None = None) -> Dataset:
    """The data set `NAME`."""
    rows = rows_of() if rows is None else rows
    made = Dataset(
        id=NAME,
        kind="text",
        title="Towers",
        x=Texts.pack(row.passage for row in rows),
        groups=np.unique([row.passage for row in rows], return_inverse=True)[1],
        extra=pack_questions(rows),
        details={"rows": len(rows), "shape": [], "is_running": False, "grouped_by": "passage"},
    )
    save_dataset(made, workspace / "datasets" / NAME)
    return made


def tiny(**changes: object) -> RunSpec:
    """`tiny(train__epochs=1)`: with `train.epochs` = 1."""
    return make_spec(TINY, {path.replace("__", "."): value for path, value in changes.items()})
