"""Files set aside, copies, and classes that are rare, empty or uneven."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.groups import exact_groups
from selfsup_core.data.library.health.finding import SHOWN, Finding, plain_name, some
from selfsup_core.wording import counted

IMBALANCE = 10


def check_aside(dataset: Dataset) -> Iterator[Finding]:
    aside = dataset.details.get("aside", {})
    if aside:
        yield Finding(
            "set-aside",
            "warning",
            f"Set aside, since unreadable: {counted(len(aside), 'file')}",
            "They are in no split. If many of one class are gone, the rest may mislead.",
            len(aside),
            names=[
                reason if reason.startswith(name) else f"{name}: {reason}"
                for name, reason in list(aside.items())[:SHOWN]
            ],
        )


def check_copies(dataset: Dataset) -> Iterator[Finding]:
    exact = exact_groups(dataset)
    copies = np.flatnonzero(exact != np.arange(len(exact)))
    if len(copies):
        yield Finding(
            "exact-duplicates",
            "warning",
            f"Exact copies: {counted(len(copies), 'row')}",
            "A copy in the test split makes a model look better than it is. Copies stay on one side of "
            "the split here, but they still weigh double in training.",
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
                f"Near copies: {counted(len(near), 'row')}",
                "They are kept on one side of the split, so that they cannot leak into the test rows.",
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
                f"Copies with another label than their twin: {len(clash):,}",
                "At least one of the two labels is wrong, and no model can learn both.",
                len(clash),
                some(clash),
            )


def check_classes(dataset: Dataset) -> Iterator[Finding]:
    if dataset.y is None:
        yield Finding(
            "no-labels",
            "note",
            "No labels",
            "Enough for an autoencoder. Accuracy on the code cannot be told without some.",
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
            f"Without a label: {counted(unlabeled, 'row')}",
            "They are the unlabeled pool: learned from, never scored.",
            unlabeled,
            some(np.flatnonzero(y < 0)),
        )
    if len(counts) == 1:
        yield Finding(
            "one-class",
            "warning",
            "There is only one class",
            "Nothing can be told apart. Is it the right label column?",
            len(y),
        )
    elif counts.max() > IMBALANCE * max(1, counts.min()):
        big, small = dataset.classes[int(counts.argmax())], dataset.classes[int(counts.argmin())]
        yield Finding(
            "imbalance",
            "warning",
            f"{big} has {counts.max():,} rows, {small} only {counts.min():,}",
            "A model that always answers the large class looks good. Look at the score of each class.",
            int(counts.min()),
        )
    rare = [name for name, count in zip(dataset.classes, counts, strict=True) if 0 < count < 5]
    if rare:
        yield Finding(
            "rare-classes",
            "warning",
            f"Classes with fewer than five rows: {len(rare)}",
            "They cannot be in all three splits.",
            len(rare),
            names=rare[:SHOWN],
        )
    spelled = Counter(plain_name(name) for name in dataset.classes)
    twins = [name for name in dataset.classes if spelled[plain_name(name)] > 1]
    if twins:
        yield Finding(
            "class-spellings",
            "warning",
            f"Classes that differ only in spelling: {', '.join(twins[:6])}",
            "A model is punished for not telling apart what is the same.",
            len(twins),
            names=twins[:SHOWN],
            mend="merge-spellings",
        )
