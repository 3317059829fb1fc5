"""Files set aside, copies, and classes that are rare, empty or uneven."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from selfsup_core.data.config import SplitConfig
from selfsup_core.data.dataset import Dataset
from selfsup_core.data.details import NOT_SAMPLES, grouped
from selfsup_core.data.groups import exact_groups
from selfsup_core.data.library.health.finding import SHOWN, Finding, plain_name, some
from selfsup_core.data.splits import split_rows
from selfsup_core.errors import DataError
from selfsup_core.translation import tr
from selfsup_core.wording import counted

IMBALANCE = 10


def check_split(dataset: Dataset) -> Iterator[Finding]:
    """Whether the rows can be split at all, with the shares that a new set begins with."""
    fields = SplitConfig.model_fields
    try:
        split = split_rows(
            dataset, validation=fields["validation"].default, test=fields["test"].default, seed=0
        )
    except DataError as error:
        yield Finding("no-split", "warning", tr("Nothing can be trained on it"), str(error), len(dataset))
        return
    if "rather than" in split.note:
        yield Finding("uneven-split", "note", tr("The split misses its shares"), split.note, len(dataset))


def check_aside(dataset: Dataset) -> Iterator[Finding]:
    aside = dataset.details.get("aside", {})
    unused = {name: reason for name, reason in aside.items() if reason in NOT_SAMPLES}
    unreadable = {name: reason for name, reason in aside.items() if name not in unused}
    if unreadable:
        yield Finding(
            "set-aside",
            "warning",
            tr("Set aside because unreadable: {count}").format(count=counted(len(unreadable), "file")),
            tr("They are in no split. If many of one class are missing, results may mislead."),
            len(unreadable),
            names=grouped(unreadable)[:SHOWN],
        )
    if unused:
        yield Finding(
            "not-used",
            "note",
            tr("Not used: {count}").format(count=counted(len(unused), "file or array", "files or arrays")),
            tr("They hold no samples."),
            len(unused),
            names=grouped(unused)[:SHOWN],
        )


def across_given(dataset: Dataset, groups: np.ndarray) -> str:
    """How many rows outside training have a copy in the training rows of a given split; "" where the split
    is drawn.
    """
    if "part" not in dataset.extra:
        return ""
    part = np.asarray(dataset.extra["part"])
    leaked = int(np.isin(groups[part > 0], groups[part == 0]).sum())
    return tr(
        "The split that the data came with is kept: {leaked} of its validation and test "
        "rows have a copy in its training rows."
    ).format(leaked=counted(leaked, "row"))


def check_copies(dataset: Dataset) -> Iterator[Finding]:
    exact = exact_groups(dataset)
    copies = np.flatnonzero(exact != np.arange(len(exact)))
    if len(copies):
        yield Finding(
            "exact-duplicates",
            "warning",
            tr("Exact copies: {count}").format(count=counted(len(copies), "row")),
            tr("A copy in the test split makes a model look better than it is. ")
            + (
                across_given(dataset, exact)
                or tr("Copies stay on one side of the split here, but they still count twice in training.")
            ),
            len(copies),
            some(copies),
            mend="drop-duplicates",
        )
    if dataset.groups is not None and not dataset.grouped_by:
        # A source may number its groups in any way.
        _, first, group = np.unique(np.asarray(dataset.groups), return_index=True, return_inverse=True)
        rows = np.arange(len(exact))
        near = np.flatnonzero((first[group] != rows) & (exact == rows))
        if len(near):
            yield Finding(
                "near-duplicates",
                "note",
                tr("Near copies: {count}").format(count=counted(len(near), "row")),
                across_given(dataset, np.asarray(dataset.groups))
                or tr("They are kept on one side of the split, so that they cannot leak into the test rows."),
                len(near),
                some(near),
            )
    if dataset.y is not None and len(copies):
        y = np.asarray(dataset.y)
        clash = copies[(y[copies] != y[exact[copies]]) & (y[copies] >= 0) & (y[exact[copies]] >= 0)]
        if len(clash):
            yield Finding(
                "conflicting-labels",
                "warning",
                tr("Copies with different labels: {count:,}").format(count=len(clash)),
                tr("At least one of the two labels is wrong, and no model can learn both."),
                len(clash),
                some(clash),
            )


def check_classes(dataset: Dataset) -> Iterator[Finding]:
    if dataset.y is None:
        yield Finding(
            "no-labels",
            "note",
            tr("No labels"),
            tr("Fine for an autoencoder, but the accuracy of the code cannot be measured."),
            0,
        )
        return
    y = np.asarray(dataset.y)
    counts = np.bincount(y[y >= 0], minlength=len(dataset.classes))
    unlabeled = int((y < 0).sum())
    if unlabeled:
        yield Finding(
            "unlabeled",
            "note",
            tr("Without a label: {unlabeled}").format(unlabeled=counted(unlabeled, "row")),
            tr("They are the unlabeled pool: used for training, never for scores."),
            unlabeled,
            some(np.flatnonzero(y < 0)),
        )
    if len(counts) == 1:
        yield Finding(
            "one-class",
            "warning",
            tr("There is only one class"),
            tr("A classifier needs at least two. Is this the right label column?"),
            len(y),
        )
    elif counts.max() > IMBALANCE * max(1, counts.min()):
        big, small = dataset.classes[int(counts.argmax())], dataset.classes[int(counts.argmin())]
        yield Finding(
            "imbalance",
            "warning",
            tr("{big} has {max:,} rows, {small} only {min:,}").format(
                big=big, max=counts.max(), small=small, min=counts.min()
            ),
            tr(
                "A model that always predicts the large class would look good. Check the score of each class."
            ),
            int(counts.min()),
        )
    rare = [name for name, count in zip(dataset.classes, counts, strict=True) if 0 < count < 5]
    if rare:
        yield Finding(
            "rare-classes",
            "warning",
            tr("Classes with fewer than five rows: {count}").format(count=len(rare)),
            tr("They cannot be in all three splits."),
            len(rare),
            names=rare[:SHOWN],
        )
    spelled = Counter(plain_name(name) for name in dataset.classes)
    twins = [name for name in dataset.classes if spelled[plain_name(name)] > 1]
    if twins:
        yield Finding(
            "class-spellings",
            "warning",
            tr("Classes that differ only in spelling: {twins}").format(twins=", ".join(twins[:6])),
            tr("A model is penalized for confusing classes that are the same."),
            len(twins),
            names=twins[:SHOWN],
            mend="merge-spellings",
        )
