"""Columns of tables: missing values, constants, and numbers that give the label away."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.library.health.finding import SHOWN, Finding, some
from selfsup_core.data.library.health.labels import labeled_sample
from selfsup_core.translation import tr
from selfsup_core.wording import counted, percent


def check_table(dataset: Dataset) -> Iterator[Finding]:
    if dataset.kind != "table":
        return
    x = np.asarray(dataset.x)
    empty_rows = np.flatnonzero(np.isnan(x).all(axis=1))
    if len(empty_rows):
        yield Finding(
            "empty-rows",
            "warning",
            f"Empty: {counted(len(empty_rows), 'row')}",
            tr("They carry no information and distort averages."),
            len(empty_rows),
            some(empty_rows),
            mend="drop-empty",
        )
    holes = np.isnan(x)
    if holes.any():
        worst = holes.mean(axis=0)
        names = [f"{dataset.columns[i]}: {percent(worst[i])}" for i in np.argsort(-worst)[:SHOWN] if worst[i]]
        yield Finding(
            "missing-values",
            "note",
            tr("Without a usable number: {sum}").format(sum=counted(int(holes.sum()), "cell")),
            tr("They are filled with the median of their column's training rows when a run starts."),
            int(holes.sum()),
            some(np.flatnonzero(holes.any(axis=1))),
            names,
        )
    with np.errstate(invalid="ignore"):
        low = np.nanmin(np.where(holes.all(axis=0), 0.0, x), axis=0)
        high = np.nanmax(np.where(holes.all(axis=0), 0.0, x), axis=0)
    flat = [dataset.columns[i] for i in np.flatnonzero(low == high)]
    if flat:
        yield Finding(
            "constant-columns",
            "note",
            tr("One value only: {count}").format(count=counted(len(flat), "column")),
            tr("Nothing can be learned from them."),
            len(flat),
            names=flat[:SHOWN],
            mend="drop-constant" if len(flat) < x.shape[1] else "",
        )
    yield from check_leaks(dataset, np.where(holes, 0.0, x))


def is_counting(values: np.ndarray) -> bool:
    """Whether (N,) numbers rise or fall by the same step from row to row, whatever their scale."""
    steps = np.diff(values.astype(np.float64))
    step = np.median(steps)
    rounding = 2 * np.finfo(np.float32).eps * np.abs(values).max()  # they were kept with 32 bits
    return bool(np.abs(step) > 2 * rounding and (np.abs(steps - step) <= rounding).all())


def check_leaks(dataset: Dataset, x: np.ndarray) -> Iterator[Finding]:
    """A column that alone tells the class of nearly every row, or that counts the rows."""
    dates = {c["name"] for c in dataset.details.get("columns", []) if c["role"] == "date"}
    counting = [
        name
        for i, name in enumerate(dataset.columns)
        if len(x) > 20 and name not in dates and is_counting(x[:, i])
    ]
    if counting:
        yield Finding(
            "id-feature",
            "warning",
            tr("{counting} numbers the rows").format(counting=counting[0]),
            tr("An ID says nothing about new samples. Give it the role id."),
            len(counting),
            names=counting[:SHOWN],
        )
    if dataset.y is None or len(dataset.classes) < 2:
        return
    from sklearn.model_selection import cross_val_score
    from sklearn.tree import DecisionTreeClassifier

    rows = labeled_sample(dataset)
    y = np.asarray(dataset.y)[rows]
    if len(rows) < 30 or np.bincount(y)[np.unique(y)].min() < 3:
        return
    floor = np.bincount(y).max() / len(y)
    tree = DecisionTreeClassifier(max_leaf_nodes=2 * len(dataset.classes), random_state=0)
    leaks = []
    for i in range(min(x.shape[1], 200)):
        score = cross_val_score(tree, x[rows][:, i : i + 1], y, cv=3).mean()
        if score > max(0.995, floor + 0.02):
            leaks.append(f"{dataset.columns[i]}: {percent(score, 1)}")
    if leaks:
        yield Finding(
            "label-leak",
            "warning",
            tr("{rsplit} alone gives the class away").format(rsplit=leaks[0].rsplit(":", 1)[0]),
            tr("If it is known only after the class is known, scores will be worse in practice."),
            len(leaks),
            names=leaks[:SHOWN],
        )
