"""A data set: memory-mapped arrays, class names and where it all came from.

On disk: `datasets/<id>/dataset.json`, `x.npy`, `y.npy`. Arrays are read without pickle, so a file cannot run code.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from selfsup_core.errors import DataError
from selfsup_core.files import read_json, sha256, write_folder

Kind = Literal["image", "table", "text", "sound"]


@dataclass(frozen=True)
class Dataset:
    """Samples and what is known of them.

    Attributes:
        x: (N, …) stored values; `x * scale` are the values that a model sees (pixels in [0, 1] for images).
        y: (N,) class index, -1 where the label is missing; None when there are no labels at all.
        classes: name of each class index.
        columns: name of each column (tables only).
        provenance: source, licence, citation and the steps from the source to these arrays.
    """

    id: str
    kind: Kind
    title: str
    x: np.ndarray
    y: np.ndarray | None = None
    classes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    scale: float = 1.0
    provenance: dict[str, str] = field(default_factory=dict)
    digest: str = ""

    def __post_init__(self) -> None:
        if len(self.x) == 0:
            raise DataError(f"Data set {self.id!r} has no rows.")
        if self.y is not None and len(self.y) != len(self.x):
            raise DataError(f"Data set {self.id!r}: {len(self.x)} rows but {len(self.y)} labels.")

    def __len__(self) -> int:
        return len(self.x)

    @property
    def item_shape(self) -> tuple[int, ...]:
        """Shape of one sample: (28, 28), (28, 28, 3) or (columns,)."""
        return tuple(self.x.shape[1:])

    @property
    def width(self) -> int:
        """Values a sample, flattened."""
        return int(np.prod(self.item_shape))


def npy_bytes(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()


def save_dataset(dataset: Dataset, folder: Path) -> None:
    """Write a data set so that it appears whole or not at all.

    Raises:
        FileExistsError: the folder is there already.
        OSError: the disk is full or read-only.
    """
    files = {"x.npy": npy_bytes(dataset.x)}
    if dataset.y is not None:
        files["y.npy"] = npy_bytes(dataset.y.astype(np.int32))
    digests = {name: sha256(data) for name, data in files.items()}
    about = {
        "id": dataset.id,
        "kind": dataset.kind,
        "title": dataset.title,
        "classes": list(dataset.classes),
        "columns": list(dataset.columns),
        "scale": dataset.scale,
        "provenance": dataset.provenance,
        "digests": digests,
    }
    files["dataset.json"] = json.dumps(about, ensure_ascii=False, indent=1).encode()
    write_folder(folder, files)


def load_dataset(folder: Path, *, verify: bool = False) -> Dataset:
    """Open a data set; arrays stay on disk until they are read.

    Args:
        verify: compare the arrays with the digests taken when they were written.

    Raises:
        DataError: a file is missing or damaged, or a digest differs.
    """
    about = read_json(folder / "dataset.json")
    if about is None:
        raise DataError(
            f"The data set in {folder.name!r} has no readable dataset.json.",
            remedy="Delete that folder of the workspace; a built-in set is made again.",
        )
    digests = about["digests"]
    arrays = {}
    for name, expected in digests.items():
        path = folder / name
        try:
            if verify and sha256(path.read_bytes()) != expected:
                raise DataError(
                    f"{name} of data set {about['id']!r} is not the file that was written.",
                    code="digest-mismatch",
                    remedy="Delete that folder of the workspace and bring the data in again.",
                )
            arrays[name] = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise DataError(
                f"{name} of data set {about['id']!r} cannot be read ({error})."
            ) from error
    return Dataset(
        id=about["id"],
        kind=about["kind"],
        title=about["title"],
        x=arrays["x.npy"],
        y=arrays.get("y.npy"),
        classes=tuple(about["classes"]),
        columns=tuple(about["columns"]),
        scale=about["scale"],
        provenance=about["provenance"],
        digest=sha256("".join(digests.values()).encode()),
    )
