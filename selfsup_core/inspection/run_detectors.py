"""Detectors of runs in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfsup_core.inspection.kept import KeptOfRuns

if TYPE_CHECKING:
    from selfsup_core.runs.folder import RunFolder
    from selfsup_core.tasks.parts.detector_files import Detector


class RunDetectors(KeptOfRuns["Detector"]):
    def load(self, folder: RunFolder, epoch: int | None) -> Detector:
        """Raises StudioError as `tasks.parts.detector_files.load_detector`."""
        from selfsup_core.tasks.parts.detector_files import load_detector

        return load_detector(self.workspace, folder.id, epoch)
