"""Fashion-MNIST: 70,000 photographs of clothes, 28 × 28 gray, from Debian's package or a folder of one's own.

[1] H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST, arXiv:1708.07747, 2017. IDX format: Y. LeCun, The MNIST
database.
"""

from __future__ import annotations

import gzip
import os
import struct
import zlib
from pathlib import Path

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.sources import SOURCES, Source
from selfsup_core.errors import DataError
from selfsup_core.translation import tr, tr_later

FOLDERS = ("/usr/share/datasets/fashion-mnist", "/usr/share/dataset-fashion-mnist")
VARIABLE = "SELFSUP_FASHION_MNIST"
ORIGIN = tr_later("Fashion-MNIST, four IDX files (Debian: dataset-fashion-mnist)")
COUNTS = {"train": 60000, "t10k": 10000}
IMAGES, LABELS = "{}-images-idx3-ubyte.gz", "{}-labels-idx1-ubyte.gz"
CLASSES = (
    "T-shirt",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


def find_folder() -> Path | None:
    """The first folder that holds all four files, or None; one's own goes first."""
    names = [name.format(part) for part in COUNTS for name in (IMAGES, LABELS)]
    for place in (os.environ.get(VARIABLE), *FOLDERS):
        if place and all((Path(place) / name).is_file() for name in names):
            return Path(place)
    return None


def explain_missing() -> str:
    """What to do when the files are not there, or ""."""
    if find_folder():
        return ""
    return (
        "Fashion-MNIST is not on this machine. Run: apt-get install dataset-fashion-mnist; or "
        f"upload the four IDX files on the Data page; or name their folder in {VARIABLE}."
    )


def read_idx(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """Bytes of a gzipped IDX file, in `shape`.

    Raises:
        DataError: it is not a gzip file, or magic number, dimensions or length are not those of `shape`.
    """
    # Magic number: two zeros, 8 for unsigned bytes, number of dimensions; then each as 32 bits, high byte
    # first.
    header = struct.pack(f">{1 + len(shape)}I", 0x0800 | len(shape), *shape)
    length = int(np.prod(shape))
    try:
        with gzip.open(path) as file:
            found = file.read(len(header))
            # One byte more than wanted shows a file that is too long, without unpacking all of it.
            data = file.read(length + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(tr("{name} cannot be read ({error}).").format(name=path.name, error=error)) from error
    if found != header:
        raise DataError(
            tr("{name} begins with {hex}; expected {hex_2}, an IDX file of {map} bytes.").format(
                name=path.name, hex=found.hex(), hex_2=header.hex(), map=" × ".join(map(str, shape))
            )
        )
    if len(data) != length:
        more = "more" if len(data) > length else f"{len(data):,}"
        raise DataError(
            tr("{name} holds {more} values; expected {length:,}.").format(
                name=path.name, more=more, length=length
            )
        )
    return np.frombuffer(data, np.uint8).reshape(shape)


def build() -> Dataset:
    """Raises DataError when files are missing or damaged."""
    folder = find_folder()
    if folder is None:
        raise DataError(tr("The files of Fashion-MNIST are missing."), remedy=explain_missing())
    x = [read_idx(folder / IMAGES.format(part), (n, 28, 28)) for part, n in COUNTS.items()]
    y = np.concatenate([read_idx(folder / LABELS.format(part), (n,)) for part, n in COUNTS.items()])
    if y.max() >= len(CLASSES):
        raise DataError(tr("A label of Fashion-MNIST is {max}; expected 0 to 9.").format(max=y.max()))
    return Dataset(
        id="fashion-mnist",
        kind="image",
        title="Fashion-MNIST",
        x=np.concatenate(x),  # (70000, 28, 28)
        y=y.astype(np.int32),
        classes=CLASSES,
        scale=1 / 255,
        provenance={
            "source": ORIGIN,
            "citation": "Xiao, Rasul, Vollgraf: Fashion-MNIST (arXiv:1708.07747)",
            "licence": "MIT",
            "steps": tr_later("training rows, then test rows; pixels divided by 255"),
        },
        details={"rows": len(y), "shape": [28, 28]},
    )


SOURCES.register("fashion-mnist")(
    Source(
        title="Fashion-MNIST",
        kind="image",
        samples=70000,
        shape=(28, 28),
        classes=10,
        licence="MIT",
        about=tr_later("Shirts, shoes and bags, 28 × 28 gray, 7,000 of each kind."),
        build=build,
        missing=explain_missing,
        origin=ORIGIN,
    )
)
