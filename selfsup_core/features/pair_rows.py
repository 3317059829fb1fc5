"""Sentence pairs: rows of texts whose translation stands beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.splits import Split
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.translation import tr
from selfsup_core.wording import counted

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
        remedy=tr(
            "Choose a phrase book, or import a translation memory (TMX) or a table with two columns of "
            "sentences."
        ),
    )


def sentences_of(dataset: Dataset, *, is_backward: bool) -> Sentences:
    """The side that is translated, and the other one. Raises DataError as `require_pairs`."""
    one, other = ([text[:MOST_LETTERS].strip() for text in texts] for texts in require_pairs(dataset))
    return Sentences(other, one) if is_backward else Sentences(one, other)


def fit_split(sentences: Sentences, split: Split) -> tuple[Split, np.ndarray, list[str]]:
    """A split of rows that can be used, training rows that have no source, and what was left out, in words.

    A row needs a target, one that is measured with a source too; a training row that shares a sentence with a
    measured one is left out.

    Raises:
        DataError: nothing is left to learn from or to measure with.
    """
    has_source, has_target = (
        np.array([bool(text) for text in side]) for side in (sentences.source, sentences.target)
    )
    validation, test = (rows[(has_source & has_target)[rows]] for rows in (split.validation, split.test))
    train = split.train[has_target[split.train]]
    measured = np.concatenate([validation, test])
    held = {sentences.source[row] for row in measured} | {sentences.target[row] for row in measured}
    is_free = [sentences.source[row] not in held and sentences.target[row] not in held for row in train]
    kept = train[np.array(is_free, bool)]
    notes = []
    if lacking := int((~has_target).sum()):
        notes.append(tr("{rows} without a translation are left out.").format(rows=counted(lacking, "row")))
    if shared := len(train) - len(kept):
        notes.append(
            tr("{rows} of training that share a sentence with a measured one are left out.").format(
                rows=counted(shared, "row")
            )
        )
    if len(kept) == 0 or len(validation) == 0:
        raise DataError(
            tr("{train} training and {validation} validation pairs are left; each part needs some.").format(
                train=len(kept), validation=len(validation)
            ),
            code="no-pairs",
            remedy=tr("Use more pairs, or a larger share for validation."),
        )
    return Split(kept, validation, test, split.note), kept[~has_source[kept]], notes
