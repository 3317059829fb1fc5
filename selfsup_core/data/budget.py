"""What a split and a label budget come to: rows of each part, labels that may be seen, and labels hidden."""

from __future__ import annotations

import numpy as np
from typing_extensions import TypedDict

from selfsup_core.data.config import SplitConfig
from selfsup_core.data.dataset import Dataset
from selfsup_core.data.splits import choose_labeled, split_rows


class SplitOutcome(TypedDict):
    """Counts of rows and of labels.

    Attributes:
        labels_seen: that training may use; labels_hidden: the other ones of the training rows.
        classes: name → rows of each part, and how many labels of it are `seen`.
    """

    train: int
    validation: int
    test: int
    labels_seen: int
    labels_hidden: int
    labels_validation: int
    labels_test: int
    note: str
    classes: dict[str, dict[str, int]]
    has_budget: bool


def is_partly_labeled(dataset: Dataset) -> bool:
    """Whether some rows have a label and some have none."""
    if dataset.y is None:
        return False
    y = np.asarray(dataset.y)
    return bool((y < 0).any() and (y >= 0).any())


def describe_split(dataset: Dataset, config: SplitConfig) -> SplitOutcome:
    """Counts of rows, overall and by class. Hidden labels serve the audit only.

    Raises:
        DataError: the rows cannot be split so.
    """
    split = split_rows(dataset, validation=config.validation, test=config.test, seed=config.split_seed)
    parts = {"train": split.train, "validation": split.validation, "test": split.test}
    outcome: SplitOutcome = {
        "train": len(split.train),
        "validation": len(split.validation),
        "test": len(split.test),
        "labels_seen": 0,
        "labels_hidden": 0,
        "labels_validation": 0,
        "labels_test": 0,
        "note": split.note,
        "classes": {},
        "has_budget": config.has_budget,
    }
    if dataset.y is None:
        return outcome
    y = np.asarray(dataset.y)
    seen = choose_labeled(split.train, y, config.labels_per_class, config.split_seed, config.labels_fraction)
    present = int((y[split.train] >= 0).sum())
    outcome |= {
        "labels_seen": len(seen),
        "labels_hidden": present - len(seen),
        "labels_validation": int((y[split.validation] >= 0).sum()),
        "labels_test": int((y[split.test] >= 0).sum()),
    }
    outcome["classes"] = {
        name: {part: int((y[rows] == i).sum()) for part, rows in parts.items()}
        | {"seen": int((y[seen] == i).sum())}
        for i, name in enumerate(dataset.classes)
    }
    return outcome
