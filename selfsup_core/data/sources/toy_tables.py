"""Toy sets whose shape is known: a rolled-up sheet [1] and two moons, from scikit-learn's generators with
seed 0.

[1] J. Tenenbaum, V. de Silva, J. Langford, A global geometric framework for nonlinear dimensionality
reduction, 2000.
"""

from __future__ import annotations

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.sources import SOURCES, Source
from selfsup_core.translation import tr_later

LICENCE = "BSD-3 (generator)"


def build_roll() -> Dataset:
    """A class is a quarter of the rows along the roll's angle, from the inside out."""
    from sklearn.datasets import make_swiss_roll

    x, angle = make_swiss_roll(1500, noise=0.3, random_state=0)
    return Dataset(
        id="swiss-roll",
        kind="table",
        title=tr_later("Swiss roll"),
        x=x.astype(np.float32),  # (1500, 3)
        y=(4 * np.argsort(np.argsort(angle)) // len(angle)).astype(np.int32),
        classes=("innermost", "inner", "outer", "outermost"),
        columns=("x", "y", "z"),
        provenance={
            "source": tr_later("scikit-learn make_swiss_roll"),
            "citation": tr_later("Tenenbaum, de Silva, Langford: A global geometric framework (2000)"),
            "licence": LICENCE,
            "steps": tr_later("1,500 rows, noise 0.3, seed 0; classes are quartiles of the angle"),
        },
        details={"rows": len(x), "shape": [3]},
    )


def build_moons() -> Dataset:
    from sklearn.datasets import make_moons

    x, y = make_moons(1000, noise=0.08, random_state=0)
    return Dataset(
        id="moons",
        kind="table",
        title=tr_later("Two moons"),
        x=x.astype(np.float32),  # (1000, 2)
        y=y.astype(np.int32),
        classes=("upper", "lower"),
        columns=("x", "y"),
        provenance={
            "source": tr_later("scikit-learn make_moons"),
            "citation": tr_later("Pedregosa et al.: Scikit-learn: Machine learning in Python (2011)"),
            "licence": LICENCE,
            "steps": tr_later("1,000 rows, noise 0.08, seed 0"),
        },
        details={"rows": len(x), "shape": [2]},
    )


SOURCES.register("swiss-roll")(
    Source(
        title=tr_later("Swiss roll"),
        kind="table",
        samples=1500,
        shape=(3,),
        classes=4,
        licence=LICENCE,
        about=tr_later("A rolled-up sheet in space; classes are quarters of its length."),
        build=build_roll,
        origin=tr_later("scikit-learn make_swiss_roll"),
    )
)
SOURCES.register("moons")(
    Source(
        title=tr_later("Two moons"),
        kind="table",
        samples=1000,
        shape=(2,),
        classes=2,
        licence=LICENCE,
        about=tr_later("Two interleaved half circles in the plane."),
        build=build_moons,
        origin=tr_later("scikit-learn make_moons"),
    )
)
