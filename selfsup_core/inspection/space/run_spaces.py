"""Spaces of runs: what an encoder or a language model makes of its rows at an epoch."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from cachetools import LRUCache

from selfsup_core.data.splits import Split
from selfsup_core.errors import RunError
from selfsup_core.inspection.space.base import BATCH, Space, read_given
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.spec import RunSpec
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.export.features import Features
    from selfsup_core.inspection.model_at import Kits, ModelAt


class RunSpace(Space):
    """What a run's network makes of its data at an epoch."""

    def __init__(self, name: str, workspace: Path, folder: RunFolder, spec: RunSpec) -> None:
        super().__init__(name, workspace)
        from selfsup_core.runs.folder import read_state
        from selfsup_core.runs.thinned import list_frames

        self.folder, self.spec = folder, spec
        self.epochs = list_frames(folder.weights)
        if not self.epochs:
            raise RunError(
                tr("The run {id} has no weights yet.").format(id=folder.id),
                code="no-weights",
                remedy=tr("Wait for its first epoch."),
            )
        self.title = read_state(folder)["name"] or folder.id
        self.source = spec.data.source

    def look_for_epochs(self) -> None:
        """A running run keeps more epochs by and by."""
        from selfsup_core.runs.thinned import list_frames

        self.epochs = list_frames(self.folder.weights)

    def near(self, epoch: int | None) -> int:
        """The kept epoch nearest to the one asked for; None asks for the newest."""
        from selfsup_core.runs.weights import nearest_epoch

        return nearest_epoch(self.folder.weights, epoch)

    def digest(self, epoch: int | None) -> str:
        from selfsup_core.runs.thinned import frame_path

        near = self.near(epoch)
        return f"{self.folder.id} {near} {frame_path(self.folder.weights, near).stat().st_mtime_ns}"


class CodeSpace(RunSpace):
    """The code of an autoencoder."""

    def __init__(self, name: str, workspace: Path, folder: RunFolder, spec: RunSpec, kits: Kits) -> None:
        super().__init__(name, workspace, folder, spec)
        self.kit = kits.kit(folder.id)
        self.dataset = self.kit.data.dataset
        self.kind = self.dataset.kind
        self.can_decode = self.kind in ("image", "sound") and bool(self._at(None).model.can_decode)
        self._errors: LRUCache[str, np.ndarray] = LRUCache(1)

    @cached_property
    def width(self) -> int:
        return int(self._codes(self._at(None), self.rows[:1]).shape[1])

    def _at(self, epoch: int | None) -> ModelAt:
        return self.kit.at(epoch)

    def split(self) -> Split | None:
        return self.kit.data.split

    def _codes(self, at: ModelAt, rows: np.ndarray) -> np.ndarray:
        import torch

        data = self.kit.data
        with torch.inference_mode():
            return np.concatenate(
                [
                    at.model.encode(data.values(data.rows(rows[i : i + BATCH]))).float().numpy()
                    for i in range(0, len(rows), BATCH)
                ]
            )

    def vectors(self, epoch: int | None) -> np.ndarray:
        return self._codes(self._at(epoch), self.rows)

    def numbers(self, epoch: int | None) -> dict[str, np.ndarray]:
        from selfsup_core.inspection.reconstruction import reconstruction_errors

        at, key = self._at(epoch), self.digest(epoch)
        errors = self._errors.get(key)
        if errors is None:
            errors = np.asarray(reconstruction_errors(at, self.rows)[0], np.float64)
            self._errors[key] = errors
        return {"reconstruction error": errors} | super().numbers(epoch)

    @cached_property
    def features(self) -> Features:
        from selfsup_core.export.features import fit_features

        return fit_features(self.dataset, self.spec.data, self.workspace)

    def encode(self, given: list[str], epoch: int | None) -> tuple[list[str], np.ndarray]:
        import torch

        names, items = read_given(self.features.about, given)
        with torch.inference_mode():
            x = torch.from_numpy(self.features.apply(items))
            return names, self._at(epoch).model.encode(x).float().numpy()

    def decode(self, codes: np.ndarray, epoch: int | None) -> np.ndarray | None:
        import torch

        if not self.can_decode:
            return None
        return self._at(epoch).decode(torch.from_numpy(codes)).reshape(len(codes), *self.dataset.item_shape)


class ViewsSpace(CodeSpace):
    """The code of an encoder that learned from views; it reconstructs nothing."""

    def numbers(self, epoch: int | None) -> dict[str, np.ndarray]:
        return Space.numbers(self, epoch)


class TokenSpace(RunSpace):
    """Vectors of a language model's tokens; rows are token numbers."""

    kind = "token"

    def __init__(self, name: str, workspace: Path, folder: RunFolder, spec: RunSpec) -> None:
        super().__init__(name, workspace, folder, spec)
        from selfsup_core.runs.frames import read_about, read_frame

        static = folder.frames / "static.safetensors"
        arrays, about = read_frame(static), read_about(static)
        self.source = ""
        self._rows, self._labels = arrays["rows"], arrays["labels"]
        self._classes = tuple(json.loads(about["classes"]))
        self._pieces = dict(zip(self._rows.tolist(), json.loads(about["glyphs"]), strict=True))

    @cached_property
    def rows(self) -> np.ndarray:
        return np.asarray(self._rows, np.int64)

    @cached_property
    def labels(self) -> np.ndarray:
        return np.asarray(self._labels, np.int64)

    @property
    def classes(self) -> tuple[str, ...]:
        return self._classes

    @cached_property
    def width(self) -> int:
        return int(self.vectors(None).shape[1])

    def vectors(self, epoch: int | None) -> np.ndarray:
        from selfsup_core.tasks.parts.language_loading import load_run_model

        model, _, _ = load_run_model(self.workspace, self.folder.id, self.near(epoch))
        table = model.get_input_embeddings().weight.detach().float().numpy()
        return np.array(table[self.rows])

    def numbers(self, epoch: int | None) -> dict[str, np.ndarray]:
        return {}

    def categories(self, epoch: int | None) -> dict[str, tuple[np.ndarray, list[str]]]:
        return {"class": (self.labels, list(self.classes))}

    def text(self, row: int) -> str:
        return str(self._pieces.get(row, ""))

    def texts(self, rows: np.ndarray) -> list[str] | None:
        return None

    def images(self, rows: np.ndarray) -> np.ndarray | None:
        return None
