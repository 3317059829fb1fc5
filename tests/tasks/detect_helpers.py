"""A detection run in a second or two: 60 scenes, a network of a few thousand weights."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from selfsup_core.data.boxes import Box, write_boxes
from selfsup_core.data.dataset import Dataset, save_dataset
from selfsup_core.data.scenes.emoji import Scenes, make_scenes
from selfsup_core.data.texts import Texts
from selfsup_core.runs.spec import RunSpec, make_spec

NAME = "my-scenes"
ROWS = 60
TINY = {
    "data": {"source": NAME, "validation": 0.2, "test": 0.4, "labels_fraction": 0.5},
    "model": {"kind": "detector", "width": 4, "blocks": 0},
    "objective": {"kind": "detecting", "teacher_epochs": 2, "every": 1, "threshold": 0.06, "unsure": 0.03},
    "train": {
        "epochs": 4,
        "device": "cpu",
        "threads": 1,
        "batch_size": 8,
        "learning_rate": 0.01,
        "precision": "float32",
    },
}


@lru_cache(maxsize=1)
def scenes() -> Scenes:
    return make_scenes(ROWS, 1)


def make_data(workspace: Path, boxes: list[list[Box]] | None = None) -> None:
    """The data set `NAME`, with these boxes in the place of the true ones."""
    made = scenes()
    kept = Dataset(
        id=NAME,
        kind="image",
        title="Scenes",
        x=made.pictures,
        scale=1 / 255,
        extra={"boxes": Texts.pack(write_boxes(one) for one in (boxes or made.boxes))},
        details={"rows": ROWS, "shape": list(made.pictures.shape[1:])},
    )
    save_dataset(kept, workspace / "datasets" / NAME)


def tiny(**changes: object) -> RunSpec:
    """`tiny(train__epochs=1)`: with `train.epochs` = 1."""
    return make_spec(TINY, {path.replace("__", "."): value for path, value in changes.items()})
