"""Networks of runs for new samples, in memory."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from cachetools import LRUCache

from selfsup_core.inspection.keyed import KeyedLocks

if TYPE_CHECKING:
    from selfsup_core.export.predicting import Predictor

KEPT = 3  # in memory


class Predictors:
    """Keeps those that were asked for last.

    Attributes:
        using: `with using(run):` makes others who ask about the same run wait.
    """

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.kept: LRUCache[tuple[str, int], Predictor] = LRUCache(KEPT)
        self.lock = threading.Lock()  # of `kept`; never held while something is loaded or used
        self.using = KeyedLocks()

    def at(self, run: str, epoch: int | None) -> Predictor:
        """Raises StudioError as `export.predicting.load_predictor`."""
        from selfsup_core.export.predicting import load_predictor
        from selfsup_core.runs.folder import ENDED, open_run, read_state

        folder = open_run(self.workspace, run)
        key = (folder.id, -1 if epoch is None else epoch)
        with self.lock:
            found = self.kept.get(key)
        # What a running run calls its best epoch may change.
        if found is None or read_state(folder)["status"] not in ENDED:
            found = load_predictor(self.workspace, folder.id, epoch)
            with self.lock:
                self.kept[key] = found
        return found
