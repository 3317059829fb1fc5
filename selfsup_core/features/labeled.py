"""Which rows a classifier may learn from, is chosen on, and is tested on; what is lacking is said in
words.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfsup_core.data.splits import Split, choose_labeled, choose_stratified
from selfsup_core.errors import DataError
from selfsup_core.features.config import DataConfig
from selfsup_core.translation import tr

MOST_NAMED = 8  # classes in a sentence


@dataclass(frozen=True)
class LabeledRows:
    """Row numbers. Labels of other training rows are hidden: nothing but the colors of the map looks at them.

    Attributes:
        train: those whose label may be seen. validation: all that have one. test: looked at once, at the end.
        classes: names, one for each class number.
        notes: what was found, in words.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    classes: tuple[str, ...]
    notes: tuple[str, ...]


def choose_rows(
    y: np.ndarray | None, classes: tuple[str, ...], split: Split, config: DataConfig
) -> LabeledRows:
    """Apply the label budget.

    Raises:
        DataError: there are no labels, labels of one class only, or none in the validation rows.
    """
    if y is None or not (y >= 0).any():
        raise DataError(
            tr("This data set has no labels, so it cannot train a classifier."),
            code="no-labels",
            remedy=tr("Import it with a label column, or with folder names as labels."),
        )
    names = classes or tuple(str(i) for i in range(int(y.max()) + 1))
    train = choose_labeled(split.train, y, config.labels_per_class, config.split_seed, config.labels_fraction)
    counts = np.bincount(y[train], minlength=len(names))
    seen = np.flatnonzero(counts)
    if len(seen) == 0:
        raise DataError(
            tr("No training row has a label."),
            code="no-labels",
            remedy=tr("Label some rows, or choose another split seed (data.split_seed)."),
        )
    if len(seen) == 1:
        raise DataError(
            tr("All labels of the training rows are {names!r}; a classifier needs two classes.").format(
                names=names[seen[0]]
            ),
            code="one-class",
            remedy=tr("Label rows of another class, too."),
        )
    validation = split.validation[y[split.validation] >= 0]
    if len(validation) == 0:
        raise DataError(
            tr("No validation row has a label, so the classifier could not be measured."),
            code="no-validation-labels",
            remedy=tr("Label more rows, or raise the validation share (data.validation)."),
        )
    return LabeledRows(
        train=train,
        validation=validation,
        test=split.test[y[split.test] >= 0],
        classes=names,
        notes=tuple(describe(counts, names, config)),
    )


def describe(counts: np.ndarray, names: tuple[str, ...], config: DataConfig) -> list[str]:
    """Notes on (C,) labeled training rows per class."""
    notes = []
    missing = [name for name, count in zip(names, counts, strict=True) if count == 0]
    if missing:
        message = (
            tr("1 class has no labeled training row and cannot be learned: {missing}.")
            if len(missing) == 1
            else tr("{count} classes have no labeled training row and cannot be learned: {missing}.")
        )
        notes.append(message.format(count=len(missing), missing=listed(missing)))
    wanted = config.labels_per_class
    few = [f"{n} ({c})" for n, c in zip(names, counts, strict=True) if 0 < c < wanted]
    if few:
        notes.append(
            tr("Fewer than {wanted} labels, so all of them are used: {few}.").format(
                wanted=wanted, few=listed(few)
            )
        )
    return notes


def listed(names: list[str]) -> str:
    more = tr(" and {count} more").format(count=len(names) - MOST_NAMED) if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def choose_shown(
    rows: LabeledRows, split: Split, y: np.ndarray, *, validation: int, samples: int, train: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(validation rows that are measured each epoch, (S,) rows of the map, (S,) which of them are validation
    rows).

    Args:
        validation: most rows that are measured. samples: most rows of the map; train: most of them that are
        of training.
    """
    measured = choose_stratified(rows.validation, y, validation, seed)
    from_validation = min(len(measured), max(samples // 2, 1))
    size = min(train, samples - from_validation)
    # Labeled rows first: how they move is what a person wants to see.
    others = len(split.train) - len(rows.train)
    take = min(len(rows.train), max(size // 2, size - others))
    labeled = choose_stratified(rows.train, y, take, seed + 1)[:take]
    unlabeled = np.setdiff1d(split.train, rows.train)
    rest = np.random.default_rng(seed + 2).permutation(unlabeled)[: size - len(labeled)]
    shown = np.concatenate([measured[:from_validation], labeled, rest])
    return measured, shown, np.arange(len(shown)) < from_validation
