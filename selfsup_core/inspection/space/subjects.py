"""What a map can be made of: each subject gives vectors, labels, numbers and categories of its rows.

A row's number is its number in the data set (of a language model: the token's number), so that a selection means the same in
every space over the same data.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.sources import open_source
from selfsup_core.data.splits import Split, choose_stratified
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError, RunError, SettingError

BATCH = 2048
MOST_LETTERS = 400
MOST_READ = 1000  # rows that a fine-tuned transformer reads for a map
SPLITS = ("training", "validation", "test")


def places_in(known: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Row numbers → places in `known`, -1 for those that are not there."""
    place = np.full(int(max(known.max(initial=-1), np.max(rows, initial=-1))) + 1, -1)
    place[known] = np.arange(len(known))
    return place[rows]


def read_given(about: dict[str, Any], given: list[str]) -> tuple[list[str], list[Any]]:
    """Names and samples; what somebody types is a text, never the name of a file on this machine."""
    if about["kind"] == "text":
        return given, list(given)
    from selfsup_core.export.features import read_items

    return read_items(about, given)


class Subject(ABC):
    """A space over the rows of a data set.

    Attributes:
        name: as in "run:ID". source: the data set's name, "" where rows are no data.
        epochs: at which it can be looked at; empty when it does not change.
        rows: (R,) row numbers that have a vector.
    """

    name: str
    title: str
    source: str
    kind: str
    width: int
    epochs: list[int]
    can_decode = False

    def __init__(self, name: str, workspace: Path) -> None:
        self.name, self.workspace = name, workspace
        self.epochs = []

    @abstractmethod
    def vectors(self, epoch: int | None) -> np.ndarray:
        """(R, D) float32."""

    @abstractmethod
    def digest(self, epoch: int | None) -> str:
        """Changes when the vectors may have changed."""

    dataset: Dataset

    @cached_property
    def rows(self) -> np.ndarray:
        return np.arange(len(self.dataset))

    @cached_property
    def labels(self) -> np.ndarray:
        """(R,) class numbers, -1 where there is none."""
        y = self.dataset.y
        return np.full(len(self.rows), -1) if y is None else np.asarray(y)[self.rows]

    @property
    def classes(self) -> tuple[str, ...]:
        return self.dataset.classes

    def split(self) -> Split | None:
        return None

    def numbers(self, epoch: int | None) -> dict[str, np.ndarray]:
        """Name → (R,) values by which points can be colored and told apart; NaN where unknown."""
        if self.dataset.kind != "table":
            return {}
        x = np.asarray(self.dataset.x)[self.rows].astype(np.float64) * self.dataset.scale
        return {name: x[:, i] for i, name in enumerate(self.dataset.columns)}

    def categories(self, epoch: int | None) -> dict[str, tuple[np.ndarray, list[str]]]:
        """Name → ((R,) numbers, names); -1 where unknown."""
        found: dict[str, tuple[np.ndarray, list[str]]] = {}
        if len(self.classes) and (self.labels >= 0).any():
            found["class"] = (self.labels, list(self.classes))
        split = self.split()
        if split is not None:
            part = np.full(len(self.dataset), -1)
            for number, rows in enumerate((split.train, split.validation, split.test)):
                part[rows] = number
            found["split"] = (part[self.rows], list(SPLITS))
        return found

    def text(self, row: int) -> str:
        """A row in words, or ""."""
        x = self.dataset.x
        if isinstance(x, Texts):
            return x[row][:MOST_LETTERS]
        if self.dataset.kind == "table":
            values = np.asarray(x[row]).reshape(-1) * self.dataset.scale
            return ", ".join(f"{n} {v:.4g}" for n, v in zip(self.dataset.columns, values, strict=True))[
                :MOST_LETTERS
            ]
        return ""

    def texts(self, rows: np.ndarray) -> list[str] | None:
        """Whole texts of rows, or None where rows are no texts."""
        x = self.dataset.x
        return [x[int(row)] for row in rows] if isinstance(x, Texts) else None

    def images(self, rows: np.ndarray) -> np.ndarray | None:
        """(B, H, W[, 3]) bytes, or None where rows are no pictures."""
        if self.dataset.kind not in ("image", "sound"):
            return None
        values = np.asarray(self.dataset.x)[rows]
        if values.dtype != np.uint8 or abs(self.dataset.scale * 255 - 1) > 1e-6:
            values = np.rint(np.clip(values * self.dataset.scale, 0, 1) * 255).astype(np.uint8)
        return values

    def encode(self, given: list[str], epoch: int | None) -> tuple[list[str], np.ndarray]:
        """Names and vectors (B, D) of new samples: texts, or paths of files. Raises DataError."""
        raise DataError(f"New samples cannot be placed among {self.title}.", code="no-encoder")

    def decode(self, codes: np.ndarray, epoch: int | None) -> np.ndarray | None:
        """(B, D) → (B, H, W[, 3]) bytes of what the network makes of them, or None."""
        return None


class DataSubject(Subject):
    """Pixels, columns, words or spectrograms as they are."""

    def __init__(self, name: str, workspace: Path) -> None:
        super().__init__(name, workspace)
        from selfsup_core.data.library.own import read_split
        from selfsup_core.features.config import DataConfig

        self.source = name.split(":", 1)[1]
        self.dataset = open_source(self.source, workspace)
        self.title, self.kind = self.dataset.title, self.dataset.kind
        shares = {k: v for k, v in read_split(workspace, self.source).items() if not k.startswith("labels")}
        self.config = DataConfig(source=self.source, text_features="tfidf-unit", **shares)

    @cached_property
    def prepared(self) -> Any:
        from selfsup_core.features.batches import prepare

        return prepare(self.dataset, self.config, "cpu", workspace=self.workspace)

    @property
    def width(self) -> int:
        return self.prepared.width

    def split(self) -> Split | None:
        return self.prepared.split

    def vectors(self, epoch: int | None) -> np.ndarray:
        data = self.prepared
        return np.concatenate(
            [
                data.values(data.rows(self.rows[i : i + BATCH])).numpy()
                for i in range(0, len(self.rows), BATCH)
            ]
        )

    def digest(self, epoch: int | None) -> str:
        return f"{self.dataset.digest or self.dataset.id} {self.config.model_dump_json()}"

    @cached_property
    def features(self) -> Any:
        from selfsup_core.export.features import fit_features

        return fit_features(self.dataset, self.config, self.workspace)

    def encode(self, given: list[str], epoch: int | None) -> tuple[list[str], np.ndarray]:
        names, items = read_given(self.features.about, given)
        return names, self.features.apply(items)


class EmbeddingSubject(Subject):
    """Texts by an encoder."""

    def __init__(self, name: str, workspace: Path) -> None:
        super().__init__(name, workspace)
        from selfsup_core.export.embeddings import open_texts, read_embeddings

        _, self.source, self.encoder = name.split(":", 2)
        self.dataset, _ = open_texts(workspace, self.source)
        found = read_embeddings(workspace, self.source, self.encoder)
        if found is None:
            raise DataError(
                f"{self.dataset.title} has no embeddings by {self.encoder} yet.",
                code="no-embeddings",
                remedy="Make them on the page Language model under Embed, or with `language embed`.",
            )
        self.x, self.kind, self.width = found, "text", found.shape[1]
        self.title = f"{self.dataset.title}, embeddings"

    def vectors(self, epoch: int | None) -> np.ndarray:
        return np.array(self.x, np.float32)

    def digest(self, epoch: int | None) -> str:
        return f"{self.dataset.digest or self.dataset.id} {self.encoder}"

    def encode(self, given: list[str], epoch: int | None) -> tuple[list[str], np.ndarray]:
        from selfsup_core.features.embedding.embed import EmbedConfig, embed

        return given, np.asarray(embed(given, EmbedConfig(encoder=self.encoder)), np.float32)


class RunSubject(Subject):
    """What a run's network makes of its data at an epoch."""

    def __init__(self, name: str, workspace: Path, folder: Any, spec: Any) -> None:
        super().__init__(name, workspace)
        from selfsup_core.runs.folder import read_state
        from selfsup_core.runs.thinned import list_frames

        self.folder, self.spec = folder, spec
        self.epochs = list_frames(folder.weights)
        if not self.epochs:
            raise RunError(
                f"The run {folder.id} has no weights yet.",
                code="no-weights",
                remedy="Wait for its first epoch.",
            )
        self.title = read_state(folder)["name"] or folder.id
        self.source = spec.data.source

    def near(self, epoch: int | None) -> int:
        """The kept epoch nearest to the one asked for; None asks for the newest."""
        from selfsup_core.runs.weights import nearest_epoch

        return nearest_epoch(self.folder.weights, epoch)

    def digest(self, epoch: int | None) -> str:
        from selfsup_core.runs.thinned import frame_path

        near = self.near(epoch)
        return f"{self.folder.id} {near} {frame_path(self.folder.weights, near).stat().st_mtime_ns}"


class CodeSubject(RunSubject):
    """The code of an autoencoder."""

    def __init__(self, name: str, workspace: Path, folder: Any, spec: Any, kits: Any) -> None:
        super().__init__(name, workspace, folder, spec)
        self.kit = kits.kit(folder.id)
        self.dataset = self.kit.data.dataset
        self.kind = self.dataset.kind
        self.can_decode = self.kind in ("image", "sound") and bool(self._at(None).model.can_decode)
        self._kept: dict[tuple[str, str], Any] = {}

    @cached_property
    def width(self) -> int:
        return int(self._codes(self._at(None), self.rows[:1]).shape[1])

    def _at(self, epoch: int | None) -> Any:
        return self.kit.at(epoch)

    def split(self) -> Split | None:
        return self.kit.data.split

    def _codes(self, at: Any, rows: np.ndarray) -> np.ndarray:
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
        from selfsup_core.inspection.tools.unexplained import measure

        at = self._at(epoch)
        key = (self.digest(epoch), "error")
        if key not in self._kept:
            self._kept = {key: np.asarray(measure(at, self.rows)[0], np.float64)}
        return {"reconstruction error": self._kept[key]} | super().numbers(epoch)

    @cached_property
    def features(self) -> Any:
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


class ScoreSubject(RunSubject):
    """The class scores of a classifier, before the softmax."""

    def __init__(self, name: str, workspace: Path, folder: Any, spec: Any) -> None:
        super().__init__(name, workspace, folder, spec)
        from selfsup_core.data.splits import split_rows

        self.dataset = open_source(self.source, workspace)
        self.kind = self.dataset.kind
        data = spec.data
        self._split = split_rows(
            self.dataset, validation=data.validation, test=data.test, seed=data.split_seed
        )
        self._kept: dict[str, np.ndarray] = {}

    @cached_property
    def rows(self) -> np.ndarray:
        every = np.arange(len(self.dataset))
        if self.spec.model.kind != "text-classifier":
            return every
        return np.sort(choose_stratified(every, self.dataset.y, MOST_READ, 0))

    @property
    def width(self) -> int:
        return len(self.names)

    @cached_property
    def names(self) -> list[str]:
        from selfsup_core.export.portable_classifier import run_classes

        return run_classes(self.folder)

    def split(self) -> Split | None:
        return self._split

    def _classifier(self, epoch: int | None) -> Any:
        from selfsup_core.export.portable_classifier import load_run

        return load_run(self.workspace, self.folder.id, self.near(epoch))[0]

    def vectors(self, epoch: int | None) -> np.ndarray:
        key = self.digest(epoch)
        if key not in self._kept:
            found = self._classifier(epoch)
            x = self.dataset.x
            items = [x[int(row)] for row in self.rows]
            self._kept = {
                key: np.concatenate(
                    [found.logits(items[i : i + BATCH]).numpy() for i in range(0, len(items), BATCH)]
                )
            }
        return self._kept[key]

    def _shares(self, epoch: int | None) -> np.ndarray:
        from scipy.special import softmax

        return softmax(self.vectors(epoch).astype(np.float64), axis=1)

    def numbers(self, epoch: int | None) -> dict[str, np.ndarray]:
        p = self._shares(epoch)
        found = {"confidence": p.max(axis=1)}
        known = self.labels >= 0
        if known.any() and len(self.classes) == len(self.names):
            own = np.where(known, p[np.arange(len(p)), np.maximum(self.labels, 0)], np.nan)
            found["loss"] = -np.log(np.maximum(own, 1e-12))
        return found | super().numbers(epoch)

    def categories(self, epoch: int | None) -> dict[str, tuple[np.ndarray, list[str]]]:
        found = super().categories(epoch)
        found["predicted class"] = (self._shares(epoch).argmax(axis=1), self.names)
        if pseudo := self._pseudo():
            found |= pseudo
        return found

    def _pseudo(self) -> dict[str, tuple[np.ndarray, list[str]]]:
        from selfsup_core.evaluate.kept import PSEUDO
        from selfsup_core.runs.frames import read_frame

        try:
            made = read_frame(self.folder.path / PSEUDO)
        except FileNotFoundError:
            return {}
        label = np.full(len(self.dataset), -1)
        label[made["rows"]] = np.where(made["weight"] > 0, made["label"], -1)
        return {"pseudo-label": (label[self.rows], self.names)}

    def encode(self, given: list[str], epoch: int | None) -> tuple[list[str], np.ndarray]:
        found = self._classifier(epoch)
        about = {"kind": "text"} if found.features is None else found.features.about
        names, items = read_given(about, given)
        return names, found.logits(items).numpy()


class TokenSubject(RunSubject):
    """Vectors of a language model's tokens; rows are token numbers."""

    kind = "token"

    def __init__(self, name: str, workspace: Path, folder: Any, spec: Any) -> None:
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
        return self._pieces.get(row, "")

    def texts(self, rows: np.ndarray) -> list[str] | None:
        return None

    def images(self, rows: np.ndarray) -> np.ndarray | None:
        return None


def open_subject(name: str, workspace: Path, kits: Any) -> Subject:
    """data:SOURCE, embedding:SOURCE:ENCODER or run:ID.

    Raises:
        SettingError: it is called otherwise. DataError, RunError: it is not there.
    """
    kind, _, rest = name.partition(":")
    if kind == "data" and rest:
        return DataSubject(name, workspace)
    if kind == "embedding" and rest.count(":") == 1:
        return EmbeddingSubject(name, workspace)
    if kind == "run" and rest:
        from selfsup_core.runs.folder import open_run
        from selfsup_core.runs.spec import read_spec, task_of

        folder = open_run(workspace, rest)
        spec = read_spec(folder.spec)
        task, full = task_of(spec), f"run:{folder.id}"
        if task == "language":
            return TokenSubject(full, workspace, folder, spec)
        if task in ("classify", "pseudo"):
            return ScoreSubject(full, workspace, folder, spec)
        return CodeSubject(full, workspace, folder, spec, kits)
    raise SettingError(
        f"There is no space {name!r}.",
        remedy="Write data:SET, embedding:SET:ENCODER or run:ID; `space list` shows them.",
    )
