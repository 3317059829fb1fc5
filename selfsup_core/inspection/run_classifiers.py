"""Classifiers of runs in memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from selfsup_core.inspection.kept import KeptOfRuns

if TYPE_CHECKING:
    from selfsup_core.export.portable_classifier import Classifier
    from selfsup_core.runs.folder import RunFolder
    from selfsup_core.runs.spec import RunSpec


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


class RunClassifiers(KeptOfRuns[ClassifierAt]):
    def load(self, folder: RunFolder, epoch: int | None) -> ClassifierAt:
        """Raises StudioError as `export.run_classifier.load_run`."""
        from selfsup_core.export.run_classifier import load_run

        classifier, used = load_run(self.workspace, folder.id, epoch)
        classifier.about["epoch"] = used
        return ClassifierAt(classifier, used, folder.id, self.workspace)
