"""Transcribers of runs in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfsup_core.inspection.kept import KeptOfRuns

if TYPE_CHECKING:
    from selfsup_core.runs.folder import RunFolder
    from selfsup_core.tasks.parts.transcriber_files import RunTranscriber


class RunTranscribers(KeptOfRuns["RunTranscriber"]):
    def load(self, folder: RunFolder, epoch: int | None) -> RunTranscriber:
        """Raises StudioError as `tasks.parts.transcriber_files.load_transcriber`."""
        from selfsup_core.tasks.parts.transcriber_files import load_transcriber

        return load_transcriber(self.workspace, folder.id, epoch)
