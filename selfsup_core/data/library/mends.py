"""Safe mends. Each makes a new version with its recipe; the original stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.groups import exact_groups
from selfsup_core.data.library.health.finding import plain_name
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.translation import tr, tr_later

Rows = TypeVar("Rows", np.ndarray, Texts, np.ndarray | Texts)


def take(dataset: Dataset, keep: np.ndarray) -> Dataset:
    """The rows of a mask, in everything that has one entry a row."""
    rows = np.flatnonzero(keep)
    if not len(rows):
        raise DataError(tr("No row would be left."), code="no-rows", remedy=tr("Keep the data set as it is."))

    def part(array: Rows) -> Rows:
        return array.take(rows) if isinstance(array, Texts) else np.asarray(array[rows])

    return replace(
        dataset,
        x=part(dataset.x),
        y=None if dataset.y is None else part(dataset.y),
        groups=None if dataset.groups is None else part(dataset.groups),
        extra={name: part(array) for name, array in dataset.extra.items()},
        details=dataset.details | {"rows": len(rows)},
    )


def drop_duplicates(dataset: Dataset) -> Dataset:
    """Keep the first of each set of exact copies."""
    exact = exact_groups(dataset)
    return take(dataset, exact == np.arange(len(exact)))


def drop_empty(dataset: Dataset) -> Dataset:
    """Leave out empty texts, empty table rows, blank images and silent sounds."""
    if isinstance(dataset.x, Texts):
        return take(dataset, np.array([bool(text.strip()) for text in dataset.x]))
    flat = np.asarray(dataset.x).reshape(len(dataset), -1)
    if dataset.kind == "table":
        return take(dataset, ~np.isnan(flat).all(axis=1))
    return take(dataset, flat.max(axis=1) != flat.min(axis=1))


def drop_constant(dataset: Dataset) -> Dataset:
    """Leave out columns with one value only."""
    x = np.asarray(dataset.x)
    filled = np.where(np.isnan(x).all(axis=0), 0.0, x)
    keep = np.flatnonzero(np.nanmin(filled, axis=0) != np.nanmax(filled, axis=0))
    if not len(keep):
        raise DataError(
            tr("No column would be left."), code="no-columns", remedy=tr("Keep the data set as it is.")
        )
    return replace(
        dataset,
        x=x[:, keep],
        columns=tuple(dataset.columns[i] for i in keep),
        details=dataset.details | {"shape": [len(keep)]},
    )


def merge_spellings(dataset: Dataset) -> Dataset:
    """Classes that differ only in case, spaces, - and _ become one, under their most frequent spelling."""
    y = np.asarray(dataset.y)
    counts = np.bincount(y[y >= 0], minlength=len(dataset.classes))
    best: dict[str, int] = {}
    for i, name in enumerate(dataset.classes):
        key = plain_name(name)
        if key not in best or counts[i] > counts[best[key]]:
            best[key] = i
    kept = sorted(best.values())
    new = {old: place for place, old in enumerate(kept)}
    to = np.array([new[best[plain_name(name)]] for name in dataset.classes])
    return replace(dataset, classes=tuple(dataset.classes[i] for i in kept), y=np.where(y >= 0, to[y], -1))


MENDS: dict[str, tuple[str, Callable[[Dataset], Dataset]]] = {
    "drop-duplicates": (tr_later("Drop the copies"), drop_duplicates),
    "drop-empty": (tr_later("Drop the empty ones"), drop_empty),
    "drop-constant": (tr_later("Drop these columns"), drop_constant),
    "merge-spellings": (tr_later("Merge the spellings"), merge_spellings),
}


def mend_dataset(dataset: Dataset, mends: list[str], name: str) -> Dataset:
    """A new version called `name`. Raises DataError for an unknown mend or when nothing would be left."""
    for mend in mends:
        if mend not in MENDS:
            raise DataError(
                tr("There is no fix {mend!r}. Known: {mends}.").format(mend=mend, mends=", ".join(MENDS)),
                code="no-mend",
                remedy=tr("See data check."),
            )
        dataset = MENDS[mend][1](dataset)
    details = dataset.details.copy()
    details["recipe"] = [*details.get("recipe", []), *mends]
    details.setdefault("origin", dataset.id)
    steps = f"{dataset.provenance.get('steps', '')}; {', '.join(mends)}"
    return replace(
        dataset,
        id=name,
        details=details,
        provenance=dataset.provenance | {"steps": steps},
        title=f"{dataset.title} ({', '.join(m.replace('-', ' ') for m in mends)})"[:120],
    )


def new_version(dataset: Dataset, step: str, **changes: Any) -> Dataset:
    """A new version with a manual change to chosen rows, noted in its recipe; the caller sets its name."""
    details = dataset.details | {
        "rows": len(changes.get("x", dataset.x)),
        "shape": list(dataset.item_shape),
        "recipe": [*dataset.details.get("recipe", []), step],
    }
    details.setdefault("origin", dataset.id)
    steps = f"{dataset.provenance.get('steps', '')}; {step}"
    return replace(
        dataset,
        details=details,
        provenance=dataset.provenance | {"steps": steps},
        title=f"{dataset.title} ({step})"[:120],
        **changes,
    )


def give_label(dataset: Dataset, rows: np.ndarray, label: str) -> Dataset:
    """Another label for these rows; "" takes theirs away, a new name makes a new class.

    Raises:
        DataError: the label is longer than 120 letters.
    """
    label = " ".join(label.split())
    if len(label) > 120:
        raise DataError(
            tr("A label has at most 120 letters; found {count}.").format(count=len(label)), code="long-label"
        )
    y = np.full(len(dataset), -1) if dataset.y is None else np.array(dataset.y)
    classes = dataset.classes
    if label and label not in classes:
        classes = (*classes, label)
    y[rows] = classes.index(label) if label else -1
    what = (
        tr("{count} rows labeled {label}").format(count=len(rows), label=label)
        if label
        else tr("labels of {count} rows taken away").format(count=len(rows))
    )
    return new_version(dataset, what, y=y.astype(np.int32), classes=classes)


def leave_rows_out(dataset: Dataset, rows: np.ndarray) -> Dataset:
    """Without these rows. Raises DataError when nothing would be left."""
    keep = np.ones(len(dataset), bool)
    keep[rows] = False
    return new_version(take(dataset, keep), tr("without {count} rows").format(count=len(rows)))
