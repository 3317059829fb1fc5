"""What a question is about."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["run", "language-model", "classifier", "embedding", "space", "data"]


class Subject(NamedTuple):
    """One thing that can be asked about.

    Attributes:
        name: of a run or a run's classifier its id; of a language model as in `loaded.locate`; of an
            embedding the data set; of a space as in `space.opening.open_space`; of
            data the data set.
    """

    kind: Kind
    name: str
