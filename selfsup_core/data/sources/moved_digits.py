"""The 8 × 8 digits, with test rows from another scanner: each picture lies one pixel further to the right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.sources import SOURCES, Source
from selfsup_core.data.sources.sklearn_sets import build_digits
from selfsup_core.translation import tr_later


def build_moved() -> Dataset:
    digits = build_digits()
    x, rows = np.array(digits.x), np.random.default_rng(0).permutation(len(digits))
    part = np.zeros(len(digits), np.int32)
    part[rows[:400]] = 2
    moved = np.zeros_like(x[part == 2])
    moved[:, :, 1:] = x[part == 2][:, :, :-1]
    x[part == 2] = moved
    return replace(
        digits,
        id="moved-digits",
        title=tr_later("Digits, moved"),
        x=x,
        extra={"part": part},
        provenance=digits.provenance
        | {"steps": tr_later("pixels divided by 16; 400 test rows are moved one pixel to the right, seed 0")},
        details={"rows": len(x), "shape": [8, 8]},
    )


SOURCES.register("moved-digits")(
    Source(
        title=tr_later("Digits, moved"),
        kind="image",
        samples=1797,
        shape=(8, 8),
        classes=10,
        licence="BSD-3 / CC BY 4.0",
        about=tr_later(
            "The 8 × 8 digits, of which the test rows lie one pixel further right; for lesson 11."
        ),
        build=build_moved,
        origin=tr_later("scikit-learn load_digits"),
    )
)
