"""Readers of runs in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfsup_core.inspection.kept import KeptOfRuns

if TYPE_CHECKING:
    from selfsup_core.runs.folder import RunFolder
    from selfsup_core.tasks.parts.reader_files import RunReader


class RunReaders(KeptOfRuns["RunReader"]):
    def load(self, folder: RunFolder, epoch: int | None) -> RunReader:
        """Raises StudioError as `tasks.parts.reader_files.load_reader`."""
        from selfsup_core.tasks.parts.reader_files import load_reader

        return load_reader(self.workspace, folder.id, epoch)
