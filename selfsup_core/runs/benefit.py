"""Did it help? What can be asked of a run, what of the answer is kept with it, and how long that takes.

`tasks.parts.benefit` measures it.
"""

from __future__ import annotations

from pydantic import field_validator
from typing_extensions import TypedDict

from selfsup_core.data.sources import find_source
from selfsup_core.evaluate.benefit import ALL, Benefit, Cell
from selfsup_core.files import read_shaped
from selfsup_core.runs.folder import RunFolder, read_state
from selfsup_core.runs.spec import read_spec
from selfsup_core.settings import Config, setting
from selfsup_core.translation import tr

FILE = "benefit.json"
BATCH = 64
EPOCHS, LEAST_STEPS, MOST_STEPS = 15, 100, 400
POOL_ROWS = 5000  # labeled training rows
PROBE_STEPS = 10  # a probe takes about as long as so many steps of a network
START_SECONDS = 10.0


class BenefitConfig(Config):
    """What is measured."""

    labels: tuple[int, ...] = setting(
        (1, 2, 5, 10, 50, ALL),
        "Labels per class at which accuracies are measured; 0 stands for all labels.",
        title="Labels per class",
        min_length=1,
        max_length=12,
    )
    draws: int = setting(
        5,
        "How often labels are drawn; each time all classifiers are trained on them.",
        title="Draws of labels",
        why="Intervals need three or more, and are narrower with more, which take longer.",
        ge=2,
        le=20,
    )

    @field_validator("labels")
    @classmethod
    def labels_are_numbers(cls, labels: tuple[int, ...]) -> tuple[int, ...]:
        if any(n < 0 for n in labels):
            raise ValueError(tr("numbers of labels are 0, which stands for all, or more"))
        return labels


class Asked(TypedDict):
    """What a file of cells answers; when something else is asked, it is begun anew."""

    epoch: int
    labels: list[int]
    draws: int


class Kept(TypedDict):
    """benefit.json of a run: what is measured so far, and at the end the result."""

    asked: Asked
    cells: list[Cell]
    result: Benefit | None


def read_benefit(folder: RunFolder) -> Benefit | None:
    """The kept answer; None where there is none yet."""
    kept = read_shaped(folder.path / FILE, Kept)
    return kept["result"] if kept else None


def asked_of(folder: RunFolder) -> BenefitConfig:
    """What was asked last; the defaults where nothing was."""
    kept = read_shaped(folder.path / FILE, Kept)
    if kept is None:
        return BenefitConfig()
    return BenefitConfig(labels=tuple(kept["asked"]["labels"]), draws=kept["asked"]["draws"])


def count_done(folder: RunFolder) -> tuple[int, int]:
    """Draws that are measured, and all of them, of a measurement that was stopped; (0, 0) without one."""
    kept = read_shaped(folder.path / FILE, Kept)
    if kept is None or kept["result"]:
        return 0, 0
    asked = kept["asked"]
    return len({(c["labels"], c["draw"]) for c in kept["cells"]}), len(asked["labels"]) * asked["draws"]


def steps_for(rows: int) -> int:
    """Steps of one training on so many labeled rows."""
    return min(MOST_STEPS, max(LEAST_STEPS, EPOCHS * -(-rows // BATCH)))


def steps_of(labels: int, classes: int, pool: int, ways: int) -> int:
    """Of one draw, in steps of a network: four probes, and two networks that are trained in so many ways."""
    rows = min(pool, labels * classes) if labels else pool
    return 4 * PROBE_STEPS + 2 * ways * steps_for(rows)


def estimate_benefit(folder: RunFolder, config: BenefitConfig) -> float | None:
    """Seconds that an answer will take, by the speed of the run itself; None where that is not known."""
    state, spec = read_state(folder), read_spec(folder.spec)
    rate = state["samples_per_second"]
    source = find_source(spec.data.source, folder.workspace)
    if not rate or not source.classes:
        return None
    pool = min(POOL_ROWS, round(source.samples * (1 - spec.data.validation - spec.data.test)))
    counts = [n for n in config.labels if n * source.classes < pool]
    steps = sum(
        steps_of(n, source.classes, pool, 2 if draw == 0 else 1)
        for n in counts
        for draw in range(config.draws)
    )
    # A row of the run is two views; labels are learned from one.
    return START_SECONDS + steps * BATCH / (2 * rate)
