"""Which questions are learned from, measured and tested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from selfsup_core.data.config import SplitConfig
from selfsup_core.data.dataset import Dataset
from selfsup_core.data.questions import Asked
from selfsup_core.data.splits import Split, split_rows


def split_asked(dataset: Dataset, rows: Sequence[Asked], config: SplitConfig) -> Split:
    """Answered questions in the shares of the settings, whole passages on one side. Of the other rows those
    whose passage is not held out are training rows.

    Raises:
        DataError: there are too few passages with answered questions.
    """
    is_asked = np.array([row.is_answered for row in rows])
    places = np.flatnonzero(is_asked)
    if not len(places):
        return Split(np.arange(len(rows)), places, places)
    groups = np.unique([row.passage for row in rows], return_inverse=True)[1]
    inner = replace(
        dataset,
        x=np.zeros((len(places), 1), np.uint8),
        y=None,
        groups=groups[places],
        extra={name: np.asarray(one)[places] for name, one in dataset.extra.items() if name == "part"},
    )
    found = split_rows(inner, validation=config.validation, test=config.test, seed=config.split_seed)
    validation, test = places[found.validation], places[found.test]
    is_held = np.isin(groups, groups[np.concatenate([validation, test])])
    unasked = np.flatnonzero(~is_asked & ~is_held)
    return Split(np.sort(np.concatenate([places[found.train], unasked])), validation, test, found.note)
