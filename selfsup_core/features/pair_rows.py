"""Sentence pairs: rows of texts whose translation stands beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

TARGET = "target"  # of `Dataset.extra`: the translation of each row
MOST_LETTERS = 1000  # of a sentence; what is longer is cut before it is read


@dataclass(frozen=True)
class Sentences:
    """(N,) the sentences that are translated, and their translations."""

    source: Sequence[str]
    target: Sequence[str]


def require_pairs(dataset: Dataset) -> tuple[Texts, Texts]:
    """Both sides of each row. Raises DataError: the data set has no translations."""
    target = dataset.extra.get(TARGET)
    if isinstance(dataset.x, Texts) and isinstance(target, Texts):
        return dataset.x, target
    raise DataError(
        tr("{title} has no translations: each row needs a sentence in two languages.").format(
            title=tr(dataset.title)
        ),
        code="no-pairs",
        remedy=tr("Choose a phrase book, or import a table with two columns of sentences as pairs."),
    )


def sentences_of(dataset: Dataset, *, is_backward: bool) -> Sentences:
    """The side that is translated, and the other one. Raises DataError as `require_pairs`."""
    one, other = ([text[:MOST_LETTERS].strip() for text in texts] for texts in require_pairs(dataset))
    return Sentences(other, one) if is_backward else Sentences(one, other)
