"""The space of a classifier's scores."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from cachetools import LRUCache

from selfsup_core.data.sources import open_source
from selfsup_core.data.splits import Split, choose_stratified
from selfsup_core.inspection.space.base import BATCH, read_given
from selfsup_core.inspection.space.run_spaces import RunSpace
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.spec import RunSpec

if TYPE_CHECKING:
    from selfsup_core.export.about import FeaturesAbout
    from selfsup_core.export.portable_classifier import Classifier

MOST_READ = 1000  # rows that a fine-tuned transformer reads for a map


class ScoreSpace(RunSpace):
    """The class scores of a classifier, before the softmax."""

    def __init__(self, name: str, workspace: Path, folder: RunFolder, spec: RunSpec) -> None:
        super().__init__(name, workspace, folder, spec)
        from selfsup_core.data.splits import split_rows

        self.dataset = open_source(self.source, workspace)
        self.kind = self.dataset.kind
        data = spec.data
        self._split = split_rows(
            self.dataset, validation=data.validation, test=data.test, seed=data.split_seed
        )
        self._scores: LRUCache[str, np.ndarray] = LRUCache(1)

    @cached_property
    def rows(self) -> np.ndarray:
        every = np.arange(len(self.dataset))
        if self.spec.model.kind != "text-classifier":
            return every
        return np.sort(choose_stratified(every, self.dataset.y, MOST_READ, 0))

    @property
    def width(self) -> int:
        return len(self.names)

    @cached_property
    def names(self) -> list[str]:
        from selfsup_core.export.run_classifier import run_classes

        return run_classes(self.folder)

    def split(self) -> Split | None:
        return self._split

    def _classifier(self, epoch: int | None) -> Classifier:
        from selfsup_core.export.run_classifier import load_run

        return load_run(self.workspace, self.folder.id, self.near(epoch))[0]

    def vectors(self, epoch: int | None) -> np.ndarray:
        key = self.digest(epoch)
        scores = self._scores.get(key)
        if scores is None:
            found, x = self._classifier(epoch), self.dataset.x
            items = [x[int(row)] for row in self.rows]
            scores = np.concatenate(
                [found.logits(items[i : i + BATCH]).numpy() for i in range(0, len(items), BATCH)]
            )
            self._scores[key] = scores
        return scores

    def _shares(self, epoch: int | None) -> np.ndarray:
        from scipy.special import softmax

        shares: np.ndarray = softmax(self.vectors(epoch).astype(np.float64), axis=1)
        return shares

    def numbers(self, epoch: int | None) -> dict[str, np.ndarray]:
        p = self._shares(epoch)
        found = {"confidence": p.max(axis=1)}
        known = self.labels >= 0
        if known.any() and len(self.classes) == len(self.names):
            own = np.where(known, p[np.arange(len(p)), np.maximum(self.labels, 0)], np.nan)
            found["loss"] = -np.log(np.maximum(own, 1e-12))
        return found | super().numbers(epoch)

    def categories(self, epoch: int | None) -> dict[str, tuple[np.ndarray, list[str]]]:
        found = super().categories(epoch)
        found["predicted class"] = (self._shares(epoch).argmax(axis=1), self.names)
        if pseudo := self._pseudo():
            found |= pseudo
        return found

    def _pseudo(self) -> dict[str, tuple[np.ndarray, list[str]]]:
        from selfsup_core.evaluate.kept import PSEUDO
        from selfsup_core.runs.frames import read_frame

        try:
            made = read_frame(self.folder.path / PSEUDO)
        except FileNotFoundError:
            return {}
        label = np.full(len(self.dataset), -1)
        label[made["rows"]] = np.where(made["weight"] > 0, made["label"], -1)
        return {"pseudo-label": (label[self.rows], self.names)}

    def encode(self, given: list[str], epoch: int | None) -> tuple[list[str], np.ndarray]:
        found = self._classifier(epoch)
        about: FeaturesAbout = {"kind": "text"} if found.features is None else found.features.about
        names, items = read_given(about, given)
        return names, found.logits(items).numpy()
