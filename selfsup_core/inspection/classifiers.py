"""What is asked of a run's classifier in the lab process: the class of new samples, and itself as a folder."""

from __future__ import annotations

import threading
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfsup_core.errors import DataError, SettingError
from selfsup_core.inspection.keyed import KeyedLocks

if TYPE_CHECKING:
    from selfsup_core.export.portable_classifier import Classifier

KEPT = 3  # classifiers in memory
MOST_SAMPLES = 20_000


class Classifiers:
    """Loaded classifiers of runs, the newest few; each is at work for one person at a time."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.loaded: dict[tuple[str, int], Classifier] = {}
        self.lock = threading.Lock()  # of `loaded`; never held while something is loaded or used
        self.using = KeyedLocks()

    def use(self, run: str, tool: str, values: dict[str, Any]) -> dict[str, Any]:
        """Args: tool: "predict", "why", "export", or "gauge" of a spec before there is a run, with their values.

        Raises:
            StudioError: as `export.classifier.load_run` and `Classifier.name`.
        """
        tools = {
            "predict": self.predict,
            "why": self.why,
            "export": self.export,
            "gauge": self.gauge,
        }
        if tool not in tools:
            raise SettingError(f"There is no tool {tool!r} for classifiers. Known: {', '.join(tools)}.")
        with self.using(run or object()):  # a gauge has no run, and shares nothing
            return tools[tool](run, **values)

    def predict(
        self,
        run: str,
        texts: list[str] | None = None,
        files: list[str] | None = None,
        epoch: int | None = None,
    ) -> dict[str, Any]:
        """Of texts, or of files: {"epoch", "classes", "found": [{"item", "label", "probability", "probabilities"}]}."""
        found, used = self._load(run, epoch)
        if texts is not None:
            if found.kind != "text":
                raise DataError(
                    f"This classifier names {found.kind}s, not texts.",
                    code="no-texts",
                    remedy=f"Upload a file with a {found.kind}.",
                )
            named = found.name(texts, texts)
        else:
            named = found.predict(files or [])
        if len(named) > MOST_SAMPLES:
            raise DataError(
                f"At most {MOST_SAMPLES:,} samples at once on the page; found {len(named):,}.",
                remedy="Use the command `classify predict`.",
            )
        return {"epoch": used, "classes": found.classes, "found": named}

    def why(
        self, run: str, text: str | None = None, row: int | None = None, epoch: int | None = None
    ) -> dict[str, Any]:
        """Why a text, or a row of the run's data, is named as it is; see `lab.why.explain`."""
        from selfsup_core.inspection.explain_label import explain, sample_of
        from selfsup_core.runs.folder import open_run
        from selfsup_core.runs.spec import read_spec

        found, used = self._load(run, epoch)
        spec = read_spec(open_run(self.workspace, run).spec)
        item = sample_of(found, spec, self.workspace, row, text)
        return explain(found, item, spec, self.workspace) | {"epoch": used}

    def export(self, run: str, target: str, epoch: int | None = None) -> dict[str, Any]:
        """Write the classifier's folder as a zip at `target`."""
        import tempfile

        from selfsup_core.export.portable_classifier import save_classifier

        found, used = self._load(run, epoch)
        with tempfile.TemporaryDirectory() as folder:
            save_classifier(found, Path(folder))
            with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
                for path in sorted(Path(folder).rglob("*")):
                    if path.is_file():
                        archive.write(path, path.relative_to(folder))
        return {"epoch": used, "bytes": Path(target).stat().st_size}

    def gauge(self, run: str, spec: dict[str, Any]) -> dict[str, Any]:
        """See `lab.gauge.gauge_start`."""
        from selfsup_core.inspection.gauge import gauge_start

        return gauge_start(self.workspace, spec)

    def _load(self, run: str, epoch: int | None) -> tuple[Classifier, int]:
        from selfsup_core.export.portable_classifier import load_run
        from selfsup_core.runs.folder import ENDED, open_run, read_state

        folder = open_run(self.workspace, run)
        key = (folder.id, -1 if epoch is None else epoch)
        with self.lock:
            found = self.loaded.pop(key, None)
        # What a run at work calls its best epoch may change.
        if found is None or read_state(folder)["status"] not in ENDED:
            found, used = load_run(self.workspace, run, epoch)
            found.about["epoch"] = used
        with self.lock:
            self.loaded[key] = found
            while len(self.loaded) > KEPT:
                self.loaded.pop(next(iter(self.loaded)))
        return found, found.about["epoch"]
