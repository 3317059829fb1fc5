"""What a run makes of new samples, and how it is written: CSV, pictures, arrays and JSON."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NotRequired

import numpy as np
from typing_extensions import TypedDict

from selfsup_core.errors import DataError
from selfsup_core.export.csv_file import csv_bytes
from selfsup_core.files import write_bytes, write_folder
from selfsup_core.translation import tr

PREDICTIONS, CODES = "predictions.csv", "codes.csv"
REBUILT, PICTURES = "reconstructions", "reconstructions"  # a table's or an array's name, and a folder of PNGs
STAMP = (1980, 1, 1, 0, 0, 0)  # equal files give an equal ZIP


class PredictedSample(TypedDict):
    """What is made of one sample, in plain values; what a run does not give is left out.

    Attributes:
        item: what the sample is called. far: why it is unlike the training data, or "".
        cells: of its row, by column, where it is of a table.
        label, probability, probabilities: of a classifier.
        code: of an autoencoder, an encoder or a language model.
        score, is_unusual: how little it is like the training rows, and whether that is beyond the limit.
        perplexity, bits_per_character: of a text that a language model reads; None where there is nothing to
        read.
    """

    item: str
    far: str
    cells: NotRequired[dict[str, str]]
    label: NotRequired[str]
    probability: NotRequired[float]
    probabilities: NotRequired[dict[str, float]]
    code: NotRequired[list[float]]
    score: NotRequired[float | None]
    is_unusual: NotRequired[bool]
    perplexity: NotRequired[float | None]
    bits_per_character: NotRequired[float | None]


class PredictedAbout(TypedDict):
    """What holds for all samples of a prediction.

    Attributes:
        score: what the anomaly score is, in words, or "". limit: what 99% of the training rows stay below.
        notes: what was left out or guessed while the files were read.
    """

    run: str
    epoch: int
    task: str
    kind: str
    count: int
    classes: list[str]
    score: str
    limit: float | None
    notes: list[str]


@dataclass(frozen=True)
class Predicted:
    """What a run makes of new samples.

    Attributes:
        names, cells, far: of each sample, as of a `PredictedSample`.
        codes: (N, K). probabilities: (N, C). scores: (N,), NaN where there is none.
        rebuilt: (N, …) reconstructions in [0, 1], of the shape of a sample; of a table (N, D) in its own
        units, under the names of `columns`.
        inputs: (N, …) values in [0, 1] that the network was given, of images and sounds.
        perplexity: (N,) of texts that a language model reads.
    """

    run: str
    epoch: int
    task: str
    kind: str
    names: list[str]
    cells: list[dict[str, str]]
    far: list[str]
    codes: np.ndarray | None = None
    rebuilt: np.ndarray | None = None
    inputs: np.ndarray | None = None
    columns: list[str] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    probabilities: np.ndarray | None = None
    scores: np.ndarray | None = None
    score: str = ""
    limit: float | None = None
    perplexity: np.ndarray | None = None
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def is_unusual(self) -> np.ndarray:
        """(N,) whether the score is beyond the limit."""
        if self.scores is None or self.limit is None:
            return np.zeros(len(self), bool)
        found: np.ndarray = np.nan_to_num(self.scores) > self.limit
        return found

    def about(self) -> PredictedAbout:
        return {
            "run": self.run,
            "epoch": self.epoch,
            "task": self.task,
            "kind": self.kind,
            "count": len(self),
            "classes": self.classes,
            "score": self.score,
            "limit": self.limit,
            "notes": self.notes,
        }

    def samples(self, most: int | None = None) -> list[PredictedSample]:
        """In plain values; the first `most` of them."""
        return [self.sample(at) for at in range(len(self))[:most]]

    def sample(self, at: int) -> PredictedSample:
        one: PredictedSample = {"item": self.names[at], "far": self.far[at]}
        if self.cells[at]:
            one["cells"] = self.cells[at]
        if self.probabilities is not None:
            row = self.probabilities[at]
            one["label"], one["probability"] = self.classes[int(row.argmax())], float(row.max())
            one["probabilities"] = {c: float(p) for c, p in zip(self.classes, row, strict=True)}
        if self.codes is not None and np.isfinite(self.codes[at]).all():
            one["code"] = [shorter(value) for value in self.codes[at]]
        if self.perplexity is not None and self.scores is not None:
            one["perplexity"] = number(self.perplexity[at])
            one["bits_per_character"] = number(self.scores[at])
        elif self.scores is not None:
            one["score"] = number(self.scores[at])
            if self.limit is not None:
                one["is_unusual"] = bool(self.is_unusual[at])
        return one

    def csv(self) -> bytes:
        """The columns that were given (or the sample's name), then what was made of them; without codes."""
        given = list(dict.fromkeys(name for cells in self.cells for name in cells))
        columns: dict[str, list[object]] = {}
        if self.probabilities is not None:
            best = self.probabilities.argmax(axis=1)
            columns["class"] = [self.classes[at] for at in best]
            columns["probability"] = [f"{p:.6f}" for p in self.probabilities.max(axis=1)]
            for at, name in enumerate(self.classes):
                columns[f"p {name}"] = [f"{p:.6f}" for p in self.probabilities[:, at]]
        if self.perplexity is not None and self.scores is not None:
            columns["perplexity"] = [number(value) for value in self.perplexity]
            columns["bits per character"] = [number(value) for value in self.scores]
        elif self.scores is not None:
            columns["anomaly score"] = [number(value) for value in self.scores]
            if self.limit is not None:
                columns["unusual"] = ["yes" if one else "no" for one in self.is_unusual]
        if any(self.far):
            columns["warning"] = list(self.far)
        heads = [name if name not in given else f"predicted {name}" for name in columns]
        lines = (
            [*beside, *made]
            for beside, made in zip(self.given(given), zip_all(columns, len(self)), strict=True)
        )
        return csv_bytes([*(given or ["sample"]), *heads], lines)

    def given(self, columns: list[str]) -> Iterator[list[str]]:
        for name, cells in zip(self.names, self.cells, strict=True):
            yield [cells.get(column, "") for column in columns] if columns else [name]

    def files(self) -> dict[str, Callable[[], bytes]]:
        """What can be written, by name: predictions, codes and reconstructions."""
        found: dict[str, Callable[[], bytes]] = {PREDICTIONS: self.csv}
        if self.codes is not None:
            codes = self.codes
            heads = ["sample", *(f"code {k + 1}" for k in range(codes.shape[1]))]
            found[CODES] = lambda: csv_bytes(heads, named(self.names, codes))
        if self.rebuilt is None:
            return found
        rebuilt = self.rebuilt
        if self.kind == "table":
            found[f"{REBUILT}.csv"] = lambda: csv_bytes(
                ["sample", *self.columns], named(self.names, rebuilt.astype(np.float32))
            )
        elif self.kind == "image":
            for at in range(len(self)):
                found[f"{PICTURES}/{at + 1:06d}.png"] = partial(png, rebuilt[at])
        else:
            found[f"{REBUILT}.npy"] = lambda: npy(rebuilt)
        return found


def write_predicted(found: Predicted, target: Path) -> list[str]:
    """Write a new folder with all of it, or a ZIP file where the name ends so; names of what is in it.

    Raises:
        DataError: it already exists. OSError: the disk is full; nothing is left.
    """
    if target.exists():
        raise DataError(
            tr("{name} already exists.").format(name=target.name),
            code="exists",
            remedy=tr("Choose another name."),
        )
    files = found.files()
    if target.suffix.lower() == ".zip":
        write_bytes(target, zip_of(files))
        return list(files)

    def fill(folder: Path) -> None:
        for name, make in files.items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(make())

    write_folder(target, {}, fill=fill)
    return list(files)


def zip_of(files: dict[str, Callable[[], bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, make in files.items():
            archive.writestr(zipfile.ZipInfo(name, STAMP), make(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def named(names: list[str], values: np.ndarray) -> Iterator[list[object]]:
    for name, row in zip(names, values, strict=True):
        yield [name, *(number(value) for value in row)]


def zip_all(columns: dict[str, list[object]], count: int) -> Iterator[tuple[object, ...]]:
    return zip(*columns.values(), strict=True) if columns else iter([()] * count)


def shorter(value: np.floating) -> float:
    """With the fewest digits that give the same number again in its own precision."""
    return float(str(value))


def number(value: np.floating) -> float | None:
    return shorter(value) if np.isfinite(value) else None


def png(values: np.ndarray) -> bytes:
    """(H, W[, 3]) in [0, 1] → a PNG."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def npy(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()
