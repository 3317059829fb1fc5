"""Small sets that scikit-learn carries: digits (8 × 8 images), wine and breast-cancer (tables)."""

from __future__ import annotations

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.sources import SOURCES, Source
from selfsup_core.translation import tr_later


def build_digits() -> Dataset:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return Dataset(
        id="digits",
        kind="image",
        title="Digits 8 × 8",
        x=bunch.images.astype(np.uint8),  # (1797, 8, 8), values 0 to 16
        y=bunch.target.astype(np.int32),
        classes=tuple("0123456789"),
        scale=1 / 16,
        provenance={
            "source": tr_later("scikit-learn load_digits"),
            "citation": tr_later("Alpaydin, Kaynak: Optical recognition of handwritten digits (UCI)"),
            "licence": "BSD-3 (package), CC BY 4.0 (content)",
            "steps": tr_later("pixels divided by 16"),
        },
    )


def build_table(name: str, title: str, loader: str) -> Dataset:
    from sklearn import datasets

    bunch = getattr(datasets, loader)()
    return Dataset(
        id=name,
        kind="table",
        title=title,
        x=bunch.data.astype(np.float32),
        y=bunch.target.astype(np.int32),
        classes=tuple(str(label) for label in bunch.target_names),
        columns=tuple(str(column) for column in bunch.feature_names),
        provenance={
            "source": f"scikit-learn {loader}",
            "citation": f"UCI Machine Learning Repository: {title}",
            "licence": "BSD-3 (package), CC BY 4.0 (content)",
            "steps": tr_later("none; columns are scaled when a run starts, from its training rows"),
        },
    )


SOURCES.register("digits")(
    Source(
        title="Digits 8 × 8",
        kind="image",
        samples=1797,
        shape=(8, 8),
        classes=10,
        licence="BSD-3 / CC BY 4.0",
        about=tr_later("Handwritten digits, 8 × 8 gray; trains in a second."),
        build=build_digits,
        origin=tr_later("scikit-learn load_digits"),
    )
)
SOURCES.register("wine")(
    Source(
        title=tr_later("Wine"),
        kind="table",
        samples=178,
        shape=(13,),
        classes=3,
        licence="BSD-3 / CC BY 4.0",
        about=tr_later("13 chemical measurements of wines from three growers."),
        build=lambda: build_table("wine", tr_later("Wine"), "load_wine"),
        origin=tr_later("scikit-learn load_wine"),
    )
)
SOURCES.register("breast-cancer")(
    Source(
        title=tr_later("Breast cancer"),
        kind="table",
        samples=569,
        shape=(30,),
        classes=2,
        licence="BSD-3 / CC BY 4.0",
        about=tr_later("30 measurements of cell nuclei, benign or malignant."),
        build=lambda: build_table(
            "breast-cancer", tr_later("Breast cancer (Wisconsin)"), "load_breast_cancer"
        ),
        origin=tr_later("scikit-learn load_breast_cancer"),
    )
)
