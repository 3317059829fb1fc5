"""A space of vectors over rows: each kind gives vectors, labels, numbers and categories of its rows.

A row's number is its number in the data set (of a language model: the token's number), so that a selection
means the same in every space over the same data.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.splits import Split
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.translation import tr
from selfsup_core.wording import brief

if TYPE_CHECKING:
    from selfsup_core.export.about import FeaturesAbout

BATCH = 2048
MOST_LETTERS = 400
SPLITS = ("training", "validation", "test")


def places_in(known: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Row numbers → places in `known`, -1 for those that are not there."""
    place = np.full(int(max(known.max(initial=-1), np.max(rows, initial=-1))) + 1, -1)
    place[known] = np.arange(len(known))
    found: np.ndarray = place[rows]
    return found


def read_given(about: FeaturesAbout, given: list[str]) -> tuple[list[str], list[Any]]:
    """Names and samples; what someone types is a text, never the name of a file on this machine."""
    if about["kind"] == "text":
        return given, list(given)
    from selfsup_core.export.reading import read_items

    return read_items(about, [Path(file) for file in given])


class Space(ABC):
    """A space over the rows of a data set.

    Attributes:
        name: as in "run:ID". source: the data set's name, "" where rows are not data.
        epochs: at which it can be looked at; empty when it does not change.
        rows: (R,) row numbers that have a vector.
    """

    name: str
    title: str
    source: str
    kind: str
    epochs: list[int]
    can_decode = False

    def __init__(self, name: str, workspace: Path) -> None:
        self.name, self.workspace = name, workspace
        self.epochs = []

    @property
    @abstractmethod
    def width(self) -> int:
        """D, how many numbers a vector has."""

    @abstractmethod
    def vectors(self, epoch: int | None) -> np.ndarray:
        """(R, D) float32."""

    @abstractmethod
    def digest(self, epoch: int | None) -> str:
        """Changes when the vectors may have changed."""

    dataset: Dataset

    @cached_property
    def rows(self) -> np.ndarray:
        return np.arange(len(self.dataset))

    @cached_property
    def labels(self) -> np.ndarray:
        """(R,) class numbers, -1 where there is none."""
        y = self.dataset.y
        return np.full(len(self.rows), -1) if y is None else np.asarray(y)[self.rows]

    @property
    def classes(self) -> tuple[str, ...]:
        return self.dataset.classes

    def split(self) -> Split | None:
        return None

    def numbers(self, epoch: int | None) -> dict[str, np.ndarray]:
        """Name → (R,) values by which points can be colored and distinguished; NaN where unknown."""
        if self.dataset.kind != "table":
            return {}
        x = np.asarray(self.dataset.x)[self.rows].astype(np.float64) * self.dataset.scale
        return {name: x[:, i] for i, name in enumerate(self.dataset.columns)}

    def categories(self, epoch: int | None) -> dict[str, tuple[np.ndarray, list[str]]]:
        """Name → ((R,) numbers, names); -1 where unknown."""
        found: dict[str, tuple[np.ndarray, list[str]]] = {}
        if len(self.classes) and (self.labels >= 0).any():
            found["class"] = (self.labels, list(self.classes))
        split = self.split()
        if split is not None:
            part = np.full(len(self.dataset), -1)
            for number, rows in enumerate((split.train, split.validation, split.test)):
                part[rows] = number
            found["split"] = (part[self.rows], list(SPLITS))
        for name in self.dataset.details.get("categories", []):
            column = self.dataset.extra[name]
            names, codes = np.unique([column[int(row)] for row in self.rows], return_inverse=True)
            found[name] = (codes, [str(one) for one in names])
        return found

    def text(self, row: int) -> str:
        """A row in words, or ""."""
        x = self.dataset.x
        if isinstance(x, Texts):
            return x[row][:MOST_LETTERS]
        if self.dataset.kind == "table":
            values = np.asarray(x[row]).reshape(-1) * self.dataset.scale
            return ", ".join(f"{n} {brief(v, 4)}" for n, v in zip(self.dataset.columns, values, strict=True))[
                :MOST_LETTERS
            ]
        names = self.dataset.extra.get("names")
        return names[row][:MOST_LETTERS] if isinstance(names, Texts) else ""

    def texts(self, rows: np.ndarray) -> list[str] | None:
        """Whole texts of rows, or None where rows are not texts."""
        x = self.dataset.x
        return [x[int(row)] for row in rows] if isinstance(x, Texts) else None

    def images(self, rows: np.ndarray) -> np.ndarray | None:
        """(B, H, W[, 3]) bytes, or None where rows are not pictures."""
        if self.dataset.kind not in ("image", "sound"):
            return None
        values: np.ndarray = np.asarray(self.dataset.x)[rows]
        if values.dtype != np.uint8 or abs(self.dataset.scale * 255 - 1) > 1e-6:
            values = np.rint(np.clip(values * self.dataset.scale, 0, 1) * 255).astype(np.uint8)
        return values

    def encode(self, given: list[str], epoch: int | None) -> tuple[list[str], np.ndarray]:
        """Names and vectors (B, D) of new samples: texts, or paths of files. Raises DataError."""
        raise DataError(
            tr("New samples cannot be placed in {title}.").format(title=self.title), code="no-encoder"
        )

    def decode(self, codes: np.ndarray, epoch: int | None) -> np.ndarray | None:
        """(B, D) → (B, H, W[, 3]) bytes of what the network makes of them, or None."""
        return None
