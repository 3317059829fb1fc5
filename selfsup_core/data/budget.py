"""What a split and a label budget come to: rows of each part, labels that may be seen, and labels hidden."""

from __future__ import annotations

from typing import Any

import numpy as np

from selfsup_core.data.config import SplitConfig
from selfsup_core.data.dataset import Dataset
from selfsup_core.data.splits import choose_labeled, split_rows


def is_partly_labeled(dataset: Dataset) -> bool:
    """Whether some rows have a label and some have none."""
    if dataset.y is None:
        return False
    y = np.asarray(dataset.y)
    return bool((y < 0).any() and (y >= 0).any())


def describe_split(dataset: Dataset, config: SplitConfig) -> dict[str, Any]:
    """Counts of rows, overall and by class. Hidden labels serve the audit only.

    Raises:
        DataError: the rows cannot be split so.
    """
    split = split_rows(dataset, validation=config.validation, test=config.test, seed=config.split_seed)
    parts = {"train": split.train, "validation": split.validation, "test": split.test}
    outcome: dict[str, Any] = {name: len(rows) for name, rows in parts.items()}
    outcome |= {"labels_seen": 0, "labels_hidden": 0, "labels_validation": 0, "labels_test": 0}
    outcome |= {"note": split.note, "classes": {}, "has_budget": config.has_budget}
    if dataset.y is None:
        return outcome
    y = np.asarray(dataset.y)
    seen = choose_labeled(split.train, y, config.labels_per_class, config.split_seed, config.labels_fraction)
    present = int((y[split.train] >= 0).sum())
    outcome |= {"labels_seen": len(seen), "labels_hidden": present - len(seen)}
    outcome |= {f"labels_{part}": int((y[parts[part]] >= 0).sum()) for part in ("validation", "test")}
    outcome["classes"] = {
        name: {part: int((y[rows] == i).sum()) for part, rows in parts.items()}
        | {"seen": int((y[seen] == i).sum())}
        for i, name in enumerate(dataset.classes)
    }
    return outcome
