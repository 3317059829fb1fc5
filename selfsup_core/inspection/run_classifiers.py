"""Classifiers of runs in memory."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cachetools import LRUCache

from selfsup_core.inspection.keyed import KeyedLocks

if TYPE_CHECKING:
    from selfsup_core.export.portable_classifier import Classifier
    from selfsup_core.runs.spec import RunSpec

KEPT = 3  # classifiers in memory


@dataclass(frozen=True)
class ClassifierAt:
    """The classifier of a run at an epoch."""

    classifier: Classifier
    epoch: int
    run: str
    workspace: Path

    @property
    def spec(self) -> RunSpec:
        from selfsup_core.runs.folder import open_run
        from selfsup_core.runs.spec import read_spec

        return read_spec(open_run(self.workspace, self.run).spec)


class RunClassifiers:
    """Keeps the classifiers that were asked for last.

    Attributes:
        using: `with using(run):` makes others who ask about the same run wait.
    """

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.kept: LRUCache[tuple[str, int], ClassifierAt] = LRUCache(KEPT)
        self.lock = threading.Lock()  # of `kept`; never held while something is loaded or used
        self.using = KeyedLocks()

    def at(self, run: str, epoch: int | None) -> ClassifierAt:
        """Args: epoch: None takes the best one. Raises StudioError as
        `export.run_classifier.load_run`.
        """
        from selfsup_core.export.run_classifier import load_run
        from selfsup_core.runs.folder import ENDED, open_run, read_state

        folder = open_run(self.workspace, run)
        key = (folder.id, -1 if epoch is None else epoch)
        with self.lock:
            found = self.kept.get(key)
        # What a running run calls its best epoch may change.
        if found is None or read_state(folder)["status"] not in ENDED:
            classifier, used = load_run(self.workspace, run, epoch)
            classifier.about["epoch"] = used
            found = ClassifierAt(classifier, used, run, self.workspace)
            with self.lock:
                self.kept[key] = found
        return found
