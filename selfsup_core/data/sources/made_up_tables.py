"""Made-up tables on which one thing goes wrong, with seed 0: no structure at all, a class that is rare, and a
column that is known only afterwards.
"""

from __future__ import annotations

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.sources import SOURCES, Source
from selfsup_core.translation import tr_later

LICENCE = tr_later("CC0 (made up)")
ORIGIN = tr_later("made up for the lessons")


def describe(steps: str) -> dict[str, str]:
    return {"source": ORIGIN, "citation": "", "licence": LICENCE, "steps": f"{steps}, seed 0"}


def build_noise() -> Dataset:
    x = np.random.default_rng(0).standard_normal((500, 20))
    return Dataset(
        id="noise",
        kind="table",
        title=tr_later("Pure chance"),
        x=x.astype(np.float32),
        columns=tuple(f"number {i}" for i in range(1, 21)),
        provenance=describe(tr_later("500 rows of 20 independent normal numbers")),
        details={"rows": len(x), "shape": [20]},
    )


def build_rare() -> Dataset:
    """One row in twenty is faulty; two of six columns differ, and the classes overlap."""
    generator = np.random.default_rng(0)
    y = (np.arange(2000) % 20 == 0).astype(np.int32)
    generator.shuffle(y)
    x = generator.standard_normal((len(y), 6))
    x[:, :2] += y[:, None]
    return Dataset(
        id="rare-class",
        kind="table",
        title=tr_later("Rare class"),
        x=x.astype(np.float32),
        y=y,
        classes=("sound", "faulty"),
        columns=("vibration", "heat", "pressure", "speed", "load", "age"),
        provenance=describe(
            tr_later("2,000 rows, 5% faulty: vibration and heat are higher by one standard deviation")
        ),
        details={"rows": len(x), "shape": [6]},
    )


def build_leak() -> Dataset:
    """The test rows are of new patients, who have not been in any ward yet."""
    generator = np.random.default_rng(0)
    y = (np.arange(1500) % 2).astype(np.int32)
    generator.shuffle(y)
    x = generator.standard_normal((len(y), 6))
    x[:, :3] += 0.7 * y[:, None]
    days = y * generator.integers(1, 15, len(y))
    part = np.where(np.arange(len(y)) < 1000, 0, 2).astype(np.int32)
    days[part == 2] = 0
    return Dataset(
        id="leaking-column",
        kind="table",
        title=tr_later("Leaking column"),
        x=np.column_stack([x, days]).astype(np.float32),
        y=y,
        classes=("healthy", "ill"),
        columns=("pulse", "pressure", "temperature", "height", "weight", "age", tr_later("days in ward")),
        extra={"part": part},
        provenance=describe(
            tr_later(
                "1,500 patients; three measurements are higher by 0.7 standard deviations "
                "where they are ill. "
                "Days in ward are 0 for the healthy, and for all test rows, who have just arrived"
            )
        ),
        details={"rows": len(y), "shape": [7]},
    )


SOURCES.register("noise")(
    Source(
        title=tr_later("Pure chance"),
        kind="table",
        samples=500,
        shape=(20,),
        classes=0,
        licence=LICENCE,
        about=tr_later("Random numbers in which there is nothing to find; for lesson 6."),
        build=build_noise,
        origin=ORIGIN,
    )
)
SOURCES.register("rare-class")(
    Source(
        title=tr_later("Rare class"),
        kind="table",
        samples=2000,
        shape=(6,),
        classes=2,
        licence=LICENCE,
        about=tr_later("Six measurements of machines, 5% of which are faulty; made up for lesson 10."),
        build=build_rare,
        origin=ORIGIN,
    )
)
SOURCES.register("leaking-column")(
    Source(
        title=tr_later("Leaking column"),
        kind="table",
        samples=1500,
        shape=(7,),
        classes=2,
        licence=LICENCE,
        about=tr_later(
            "Patients, and a column that is known only after the diagnosis; made up for lesson 10."
        ),
        build=build_leak,
        origin=ORIGIN,
    )
)
