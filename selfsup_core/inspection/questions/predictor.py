"""What is asked of a run about new samples: what it makes of them, to look at and as a ZIP file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from selfsup_core.errors import DataError
from selfsup_core.export.predicted import PredictedAbout, PredictedSample, write_predicted
from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.asking import EpochAsk
from selfsup_core.inspection.kinds import about_predictor
from selfsup_core.settings import setting
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.export.predicting import Predictor
    from selfsup_core.export.reading import Given

MOST_SHOWN = 200  # samples that are told one by one
MOST_PICTURES = 16
MOST_SAMPLES = 20_000


class PredictAsk(EpochAsk):
    """New samples."""

    texts: list[str] | None = setting(None, "Texts as they were typed.", title="Texts")
    files: list[str] | None = setting(None, "Paths of files.", title="Files")
    column: str = setting("", "Column with the texts of a table; empty finds it.", title="Text column")
    target: str = setting("", "Path of a ZIP file to write all of it to; empty writes none.", title="Target")


class PredictedSome(PredictedAbout):
    """What is told of a prediction: the first samples, and how many of all are unusual, or far from the
    training data.
    """

    samples: list[PredictedSample]
    unusual: int
    far: int


@about_predictor("predict", PredictAsk)
def predict(at: Predictor, ask: PredictAsk) -> Answer:
    """What a run makes of texts and files.

    Returns: `PredictedSome`; of images and sounds also "inputs" and "rebuilt", (P, …) bytes of the first.
    """
    given: list[Given] = [*(ask.texts or []), *(Path(file) for file in ask.files or [])]
    if not given:
        raise DataError(tr("There are no samples in what was given."), code="no-samples")
    found = at.predict(given, ask.column)
    if len(found) > MOST_SAMPLES:
        raise DataError(
            tr("At most {most_samples:,} samples at once on the page; found {count:,}.").format(
                most_samples=MOST_SAMPLES, count=len(found)
            ),
            remedy=tr("Use the command `predict` for more."),
        )
    if ask.target:
        write_predicted(found, Path(ask.target))
    about: PredictedSome = {
        **found.about(),
        "samples": found.samples(MOST_SHOWN),
        "unusual": int(found.is_unusual.sum()),
        "far": sum(map(bool, found.far)),
    }
    pictures = {}
    if found.inputs is not None and found.rebuilt is not None:
        pictures = {"inputs": found.inputs, "rebuilt": found.rebuilt}
    return Answer({name: as_bytes(values[:MOST_PICTURES]) for name, values in pictures.items()}, {**about})


def as_bytes(values: np.ndarray) -> np.ndarray:
    """[0, 1] floats → 0 to 255."""
    return np.ascontiguousarray(np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8))
