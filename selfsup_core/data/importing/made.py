"""What is made of an upload: the plan that says how, and the parts that become a data set."""

from __future__ import annotations

from typing import Required, TypedDict

import numpy as np

from selfsup_core.data.dataset import Kind
from selfsup_core.data.details import Details
from selfsup_core.data.importing.plan import ImportPlan, Kept
from selfsup_core.data.texts import Texts


class BuildPlan(ImportPlan, Kept, total=False):
    """A plan, and the table or the lines where they were read."""


class Made(TypedDict, total=False):
    """What one format gives: parts of a `Dataset`, and labels, steps, notes and details to be worked into it.

    Attributes:
        labels: of each row, "" for none; None when there are none at all.
        parts: (N,) the split that the data came with, see `splits.PARTS`; None when there is none.
        groups: (N,) rows that no split may part, where the files say so.
        aside: {name: reason} of members that could not be read.
    """

    kind: Required[Kind]
    x: Required[np.ndarray | Texts]
    labels: Required[list[str] | None]
    steps: Required[str]
    scale: float
    columns: tuple[str, ...]
    parts: np.ndarray | None
    extra: dict[str, np.ndarray | Texts]
    groups: np.ndarray
    aside: dict[str, str]
    notes: list[str]
    details: Details
