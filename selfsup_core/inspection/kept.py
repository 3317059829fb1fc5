"""What answers for a run at an epoch, in memory."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from cachetools import LRUCache

from selfsup_core.inspection.keyed import KeyedLocks

if TYPE_CHECKING:
    from selfsup_core.runs.folder import RunFolder

T = TypeVar("T")
KEPT = 3  # in memory


class KeptOfRuns(ABC, Generic[T]):
    """Keeps what was asked for last.

    Attributes:
        using: `with using(run):` makes others who ask about the same run wait.
    """

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.kept: LRUCache[tuple[str, int], T] = LRUCache(KEPT)
        self.lock = threading.Lock()  # of `kept`; never held while something is loaded or used
        self.using = KeyedLocks()

    @abstractmethod
    def load(self, folder: RunFolder, epoch: int | None) -> T:
        """Raises StudioError: it cannot be loaded."""

    def at(self, run: str, epoch: int | None) -> T:
        """Args: epoch: None takes the best one. Raises StudioError as `load`."""
        from selfsup_core.runs.folder import ENDED, open_run, read_state

        folder = open_run(self.workspace, run)
        key = (folder.id, -1 if epoch is None else epoch)
        with self.lock:
            found = self.kept.get(key)
        # What a running run calls its best epoch may change.
        if found is None or read_state(folder)["status"] not in ENDED:
            found = self.load(folder, epoch)
            with self.lock:
                self.kept[key] = found
        return found
