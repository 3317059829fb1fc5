"""What the service is asked and answers."""

from __future__ import annotations

from selfsup_core.export.predicted import PredictedAbout, PredictedSample
from selfsup_core.settings import Config, setting


class TextsAsk(Config):
    """Texts for a run that reads texts."""

    texts: list[str] = setting(..., "Texts, each of them a sample.", title="Texts", max_length=1000)


class Answer(PredictedAbout):
    """What is answered to /predict.

    Attributes:
        samples: what is made of each. unusual: how many are beyond the limit.
        reconstructions: PNGs of the first ones, as data URLs, of images and sounds.
    """

    samples: list[PredictedSample]
    unusual: int
    reconstructions: list[str]
