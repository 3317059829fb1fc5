"""Fashion 5k: 5,000 of Fashion-MNIST's 60,000 training images [1], 500 a class, 28 × 28 gray.

Files in `assets/data/`, read by `selfsup_core/data/shipped.py`.
[1] H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST, arXiv:1708.07747, 2017
"""

from __future__ import annotations

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.shipped import explain_missing, read_json, read_sheet
from selfsup_core.data.sources import SOURCES, Source
from selfsup_core.data.sources.fashion_mnist import CLASSES
from selfsup_core.translation import tr_later

SHEET = "fashion-5k.png", "0b6c88d359ef7b413288f7dbff92cd7014e3aea126d7e510edb8087fc35dc521"
ABOUT = "fashion-5k.json", "7d74015fdaa0e2708fe653e0a50189091e5a4b7fa2ffbf70f49692d5b0e89a94"
SIDE = 28
LICENCE = "MIT"
ORIGIN = tr_later("Fashion-MNIST (Zalando Research), 5,000 rows of its training file")


def build() -> Dataset:
    """Raises DataError when a file is missing or damaged."""
    about = read_json(*ABOUT)
    x = read_sheet(*SHEET, count=len(about["label"]), side=SIDE)  # (5000, 28, 28)
    return Dataset(
        id="fashion-5k",
        kind="image",
        title="Fashion 5k",
        x=x,
        y=np.array(about["label"], np.int32),
        classes=CLASSES,
        scale=1 / 255,
        extra={"train_row": np.array(about["train_row"], np.int32)},
        provenance={
            "source": ORIGIN,
            "citation": "Xiao, Rasul, Vollgraf: Fashion-MNIST (arXiv:1708.07747)",
            "licence": LICENCE,
            "steps": tr_later("500 rows of each class; pixels divided by 255"),
        },
        details={"rows": len(x), "shape": list(x.shape[1:])},
    )


SOURCES.register("fashion-5k")(
    Source(
        title="Fashion 5k",
        kind="image",
        samples=5000,
        shape=(SIDE, SIDE),
        classes=10,
        licence=LICENCE,
        about=tr_later("Shirts, shoes and bags, 28 × 28 gray, 500 of each kind."),
        build=build,
        missing=lambda: explain_missing("Fashion 5k", SHEET[0], ABOUT[0]),
        origin=ORIGIN,
    )
)
