"""Networks of runs for new samples, in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfsup_core.inspection.kept import KeptOfRuns

if TYPE_CHECKING:
    from selfsup_core.export.predicting import Predictor
    from selfsup_core.runs.folder import RunFolder


class Predictors(KeptOfRuns["Predictor"]):
    def load(self, folder: RunFolder, epoch: int | None) -> Predictor:
        """Raises StudioError as `export.predicting.load_predictor`."""
        from selfsup_core.export.predicting import load_predictor

        return load_predictor(self.workspace, folder.id, epoch)
