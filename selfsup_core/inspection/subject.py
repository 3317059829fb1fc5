"""What a question is about."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal[
    "run",
    "language-model",
    "classifier",
    "detector",
    "generator",
    "predictor",
    "reader",
    "translator",
    "transcriber",
    "embedding",
    "space",
    "data",
    "job",
]


class Subject(NamedTuple):
    """One thing that can be asked about.

    Attributes:
        name: of a run, its classifier, detector, generator, predictor, reader, transcriber or translator the
            run's id; of a language model as in `loaded.locate`; of an embedding the data set; of a space as
            in `space.opening.open_space`; of data the data set; of a long job on a run the run's id.
    """

    kind: Kind
    name: str
