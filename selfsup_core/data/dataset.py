"""A data set: memory-mapped arrays, class names and where it all came from.

On disk: `datasets/<id>/dataset.json`, `x.npy` (texts: `x.text.npy` and `x.ends.npy`), `y.npy`, `groups.npy`
and extra arrays. Arrays are read without pickle, so a file cannot run code.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, cast

import numpy as np
from pydantic import Field
from typing_extensions import TypedDict

from selfsup_core.data.details import Details
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.files import DamagedFile, digest_of_file, load_array, read_checked, sha256, write_folder
from selfsup_core.translation import tr

Kind = Literal["image", "table", "text", "sound"]


ArrayName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+(\.text|\.ends)?\.npy$")]


class DatasetAbout(TypedDict):
    """dataset.json. digests: sha256 of each array by its file's name; details: what the import found and
    decided.
    """

    id: str
    kind: Kind
    title: str
    classes: list[str]
    columns: list[str]
    scale: Annotated[float, Field(gt=0)]
    provenance: dict[str, str]
    digests: dict[ArrayName, str]
    details: Details


@dataclass(frozen=True)
class Dataset:
    """Samples and what is known of them.

    Attributes:
        x: (N, …) stored values; `x * scale` are the values that a model sees (pixels in [0, 1] for images).
            Texts for kind "text", log-mel spectrograms (mels, frames) as bytes for kind "sound".
        y: (N,) class index, -1 where the label is missing; None when there are no labels at all.
        classes: name of each class index.
        columns: name of each column (tables only).
        provenance: source, licence, citation and the steps from the source to these arrays.
        groups: (N,) rows of one number never straddle a split: copies of each other, or what `grouped_by`
        says; or None.
        extra: further arrays by name, a first axis of N: names of the samples, sound samples, raw table
        cells.
        details: what the import found and decided.
    """

    id: str
    kind: Kind
    title: str
    x: np.ndarray | Texts
    y: np.ndarray | None = None
    classes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    scale: float = 1.0
    provenance: dict[str, str] = field(default_factory=dict)
    digest: str = ""
    groups: np.ndarray | None = None
    extra: dict[str, np.ndarray | Texts] = field(default_factory=dict)
    details: Details = field(default_factory=lambda: Details())

    def __post_init__(self) -> None:
        if len(self.x) == 0:
            raise DataError(tr("Data set {id!r} has no rows.").format(id=self.id))
        if self.y is not None and len(self.y) != len(self.x):
            raise DataError(
                tr("Data set {id!r}: {count} rows but {count_2} labels.").format(
                    id=self.id, count=len(self.x), count_2=len(self.y)
                )
            )

    def __len__(self) -> int:
        return len(self.x)

    @property
    def item_shape(self) -> tuple[int, ...]:
        """Shape of one sample: (28, 28), (28, 28, 3) or (columns,)."""
        return () if isinstance(self.x, Texts) else tuple(self.x.shape[1:])

    @property
    def width(self) -> int:
        """Values a sample, flattened."""
        return int(np.prod(self.item_shape))

    @property
    def grouped_by(self) -> str:
        """What rows of one group share ("speaker"); "" where groups are copies."""
        return self.details.get("grouped_by", "")

    def label_names(self) -> list[str]:
        """Name of each row's class, "" where the label is missing."""
        if self.y is None:
            return [""] * len(self)
        return [self.classes[i] if i >= 0 else "" for i in np.asarray(self.y)]


def npy_bytes(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()


def save_dataset(dataset: Dataset, folder: Path) -> None:
    """Write a data set so that it appears whole or not at all.

    Raises:
        FileExistsError: the folder already exists.
        OSError: the disk is full or read-only.
    """
    arrays: dict[str, np.ndarray | Texts] = {"x": dataset.x, **dataset.extra}
    if dataset.y is not None:
        arrays["y"] = np.asarray(dataset.y).astype(np.int32)
    if dataset.groups is not None:
        arrays["groups"] = np.asarray(dataset.groups).astype(np.int64)
    files = {}
    for name, array in arrays.items():
        if isinstance(array, Texts):
            files[f"{name}.text.npy"] = npy_bytes(array.blob)
            files[f"{name}.ends.npy"] = npy_bytes(array.ends)
        else:
            files[f"{name}.npy"] = npy_bytes(array)
    digests = {name: sha256(data) for name, data in files.items()}
    about: DatasetAbout = {
        "id": dataset.id,
        "kind": dataset.kind,
        "title": dataset.title,
        "classes": list(dataset.classes),
        "columns": list(dataset.columns),
        "scale": dataset.scale,
        "provenance": dataset.provenance,
        "digests": digests,
        "details": dataset.details,
    }
    files["dataset.json"] = json.dumps(about, ensure_ascii=False, indent=1).encode()
    write_folder(folder, files)


def read_about(folder: Path) -> DatasetAbout | None:
    """What a data set's folder says of itself, None when there is none.

    Raises:
        DataError: it is damaged.
    """
    try:
        return read_checked(folder / "dataset.json", DatasetAbout, lacking={"details": {}})
    except DamagedFile as error:
        raise DataError(
            tr("The data set {name!r} is damaged: {message}").format(name=folder.name, message=error.message),
            code="damaged-data",
            remedy=tr(
                "Delete that folder of the workspace and import the data again; a built-in data set is "
                "created anew."
            ),
        ) from error


HALVES = (".text.npy", ".ends.npy")  # of texts


def put_together(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray | Texts]:
    """Arrays by their files' names → arrays and texts by name.

    Raises:
        ValueError: one of a text's two files is missing or invalid.
    """
    found: dict[str, np.ndarray | Texts] = {
        file.removesuffix(".npy"): array for file, array in arrays.items() if not file.endswith(HALVES)
    }
    for name in dict.fromkeys(file[: -len(HALVES[0])] for file in arrays if file.endswith(HALVES)):
        blob, ends = (arrays.get(f"{name}{half}") for half in HALVES)
        if blob is None or ends is None:
            raise ValueError(tr("half of the texts {name!r} is missing").format(name=name))
        if blob.dtype != np.uint8 or ends.dtype.kind not in "iu" or blob.ndim != 1 or ends.ndim != 1:
            raise ValueError(tr("{name!r} holds no texts").format(name=name))
        found[name] = Texts(blob, ends)
    return found


def check_arrays(found: dict[str, np.ndarray | Texts], classes: list[str]) -> None:
    """Raises ValueError unless the arrays fit each other, and the labels the classes."""
    x, y = found.get("x"), found.get("y")
    if x is None or (isinstance(x, np.ndarray) and x.ndim < 1):
        raise ValueError(tr("it has no rows"))
    if isinstance(x, np.ndarray) and x.dtype.kind not in "biuf":
        raise ValueError(tr("its samples are not numbers"))
    for name, array in found.items():
        if isinstance(array, np.ndarray) and array.ndim < 1:
            raise ValueError(tr("{name!r} has no rows").format(name=name))
        if len(array) != len(x):
            raise ValueError(
                tr("{name!r} has {count:,} rows, and the samples are {count_2:,}").format(
                    name=name, count=len(array), count_2=len(x)
                )
            )
    if y is None:
        return
    if not isinstance(y, np.ndarray) or y.ndim != 1 or y.dtype.kind not in "iu":
        raise ValueError(tr("the labels are not class numbers"))
    if len(y) and int(y.max()) >= len(classes):
        raise ValueError(
            tr("a label is of class number {max}, and there are {count} classes").format(
                max=int(y.max()), count=len(classes)
            )
        )


def load_dataset(folder: Path, *, verify: bool = False) -> Dataset:
    """Open a data set; arrays stay on disk until they are read.

    Args:
        verify: compare the arrays with the digests taken when they were written.

    Raises:
        DataError: a file is missing or damaged, or a digest differs.
    """
    about = read_about(folder)
    if about is None:
        raise DataError(
            tr("The data set in {name!r} has no readable dataset.json.").format(name=folder.name),
            remedy=tr("Delete that folder of the workspace; a built-in data set is created anew."),
        )
    digests = about["digests"]
    arrays = {}
    for name, expected in digests.items():
        path = folder / name
        try:
            if verify and digest_of_file(path) != expected:
                raise DataError(
                    tr("{name} of data set {id!r} has been changed since it was written.").format(
                        name=name, id=about["id"]
                    ),
                    code="digest-mismatch",
                    remedy=tr("Delete that folder of the workspace and import the data again."),
                )
            arrays[name] = load_array(path, is_mapped=True)
        except (OSError, ValueError) as error:
            raise DataError(
                tr("{name} of data set {id!r} cannot be read ({error}).").format(
                    name=name, id=about["id"], error=error
                )
            ) from error
    try:
        found = put_together(arrays)
        check_arrays(found, about["classes"])
    except ValueError as error:
        raise DataError(
            tr("The data set {name!r} is damaged: {error}.").format(name=folder.name, error=error),
            code="damaged-data",
            remedy=tr("Delete that folder of the workspace and bring the data in again."),
        ) from error
    return Dataset(
        id=about["id"],
        kind=about["kind"],
        title=about["title"],
        x=found.pop("x"),
        y=cast("np.ndarray | None", found.pop("y", None)),
        groups=cast("np.ndarray | None", found.pop("groups", None)),
        extra=found,
        classes=tuple(about["classes"]),
        columns=tuple(about["columns"]),
        scale=about["scale"],
        provenance=about["provenance"],
        details=about["details"],
        digest=sha256("".join(digests.values()).encode()),
    )
