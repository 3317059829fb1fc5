"""Translators of runs in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfsup_core.inspection.kept import KeptOfRuns

if TYPE_CHECKING:
    from selfsup_core.runs.folder import RunFolder
    from selfsup_core.tasks.parts.translator_files import Translator


class RunTranslators(KeptOfRuns["Translator"]):
    def load(self, folder: RunFolder, epoch: int | None) -> Translator:
        """Raises StudioError as `tasks.parts.translator_files.load_translator`."""
        from selfsup_core.tasks.parts.translator_files import load_translator

        return load_translator(self.workspace, folder.id, epoch)
