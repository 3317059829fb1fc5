"""Seeded, stratified splits into training, validation and test rows, and the label budget."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.errors import DataError
from selfsup_core.translation import join_sentences, tr
from selfsup_core.wording import counted, percent

ENOUGH = 10  # labels per class, on average, that validation and test rows of a partly labeled set should have
PARTS = ("training", "validation", "test")  # by number in a data set's array `part`, the split it came with
MOST_SHARE = 0.25  # of the labels, given to either of them so that they have enough


@dataclass(frozen=True)
class Split:
    """Row numbers, disjoint and together all rows; `note` says when strata had to be given up."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    note: str = ""


def split_rows(
    dataset: Dataset, *, validation: float, test: float, seed: int, stratify: bool = True
) -> Split:
    """Split the rows of a data set; the same seed gives the same split.

    Where only some rows have a label, they are split by themselves. A larger share of them then goes to
    validation and test when the share asked for would leave fewer than `ENOUGH` labels per class there; the
    parts' sizes stay as asked. A split that the data came with is kept; what it lacks is drawn from its
    training rows.

    Args:
        validation, test: shares of all rows.
        stratify: keep the class mix in each part, where labels exist.

    Raises:
        DataError: a part would be empty.
    """
    from sklearn.model_selection import train_test_split

    if "part" in dataset.extra:
        return split_given(dataset, validation=validation, test=test, seed=seed)
    if dataset.groups is not None:
        return split_groups(dataset, validation=validation, test=test, seed=seed)
    rows = np.arange(len(dataset))
    y = None if dataset.y is None else np.asarray(dataset.y)
    n_validation, n_test = round(len(rows) * validation), round(len(rows) * test)
    if n_validation < 1 or len(rows) - n_validation - n_test < 1:
        raise DataError(
            tr(
                "{count} cannot be split: {validation} for validation and "
                "{test} for test leave {n_validation} validation and "
                "{count_2} training rows."
            ).format(
                count=counted(len(rows), "row"),
                validation=percent(validation),
                test=percent(test),
                n_validation=n_validation,
                count_2=len(rows) - n_validation - n_test,
            ),
            remedy=tr("Use smaller shares.") if n_validation else tr("Use more rows or larger shares."),
        )
    if stratify and y is not None and (y < 0).any() and (y >= 0).any():
        return split_partly(y, n_validation, n_test, validation=validation, test=test, seed=seed)
    note = ""

    def part(rows: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
        nonlocal note
        if size == 0:
            return rows, rows[:0]
        strata = None
        if stratify and y is not None:
            counts = np.unique(y[rows], return_counts=True)[1]
            # A stratum needs two members and each side one place per class.
            if counts.min() >= 2 and min(size, len(rows) - size) >= len(counts):
                strata = y[rows]
            else:
                note = tr("Some classes are too small to keep the class mix in each part.")
        return tuple(train_test_split(rows, test_size=size, random_state=seed, stratify=strata))

    rest, test_rows = part(rows, n_test)
    train, validation_rows = part(rest, n_validation)
    return Split(np.sort(train), np.sort(validation_rows), np.sort(test_rows), note)


def split_or_all(dataset: Dataset, *, validation: float, test: float, seed: int) -> Split:
    """As `split_rows`, for a look: all rows stand in for training rows where they cannot be split."""
    try:
        return split_rows(dataset, validation=validation, test=test, seed=seed)
    except DataError:
        none = np.zeros(0, np.int64)
        return Split(np.arange(len(dataset)), none, none)


def split_given(dataset: Dataset, *, validation: float, test: float, seed: int) -> Split:
    """The split that a data set came with; validation or test rows that it lacks are drawn from the others.

    Raises:
        DataError: a part would be empty.
    """
    part = np.asarray(dataset.extra["part"])
    rows = [np.flatnonzero(part == number) for number in range(len(PARTS))]
    note = tr("The split is the one that the data came with")
    if not len(rows[0]):
        raise DataError(
            tr("The given split has no training rows."),
            remedy=tr("Import the data again and ignore the given split."),
        )
    lacking = [number for number in (1, 2) if not len(rows[number]) and (number == 1 or test)]
    if lacking:
        shares = {1: validation, 2: test}
        mine = rows[0]
        inner = replace(
            dataset,
            x=np.zeros((len(mine), 1), np.uint8),
            y=None if dataset.y is None else np.asarray(dataset.y)[mine],
            groups=None if dataset.groups is None else np.asarray(dataset.groups)[mine],
            extra={},
        )
        # Shares count all rows; a part that is drawn has at least one row.
        asked = {n: min(0.5, shares[n] * len(dataset) / len(mine)) if n in lacking else 0.0 for n in (1, 2)}
        if 1 in lacking:
            drawn = split_rows(inner, validation=asked[1], test=asked[2], seed=seed)
            rows = [mine[drawn.train], mine[drawn.validation], mine[drawn.test] if 2 in lacking else rows[2]]
        else:  # the one part that is drawn is the test
            drawn = split_rows(inner, validation=asked[2], test=0.0, seed=seed)
            rows = [mine[drawn.train], rows[1], mine[drawn.validation]]
        note += tr("; {lacking} rows are drawn from its training rows").format(
            lacking=tr(" and ").join(PARTS[n] for n in lacking)
        )
    return Split(rows[0], rows[1], rows[2], f"{note}.")


def split_partly(
    y: np.ndarray, n_validation: int, n_test: int, *, validation: float, test: float, seed: int
) -> Split:
    """Rows of which only some have a label, -1 for none: each class is spread over the three parts."""
    generator = np.random.default_rng(seed)
    count, classes = int((y >= 0).sum()), np.unique(y[y >= 0])
    least = min(MOST_SHARE, ENOUGH * len(classes) / count)
    shares = [max(share, least) if share else 0.0 for share in (validation, test)]
    held: list[list[np.ndarray]] = [[], []]
    for c in classes:
        mine = generator.permutation(np.flatnonzero(y == c))
        # One label is for training, two for training and validation, and of three each part has one.
        takes = [max(int(share * len(mine) + 0.5), 1) if share else 0 for share in shares]
        takes[0] = min(takes[0], len(mine) - 1)
        takes[1] = max(0, min(takes[1], len(mine) - 1 - takes[0]))
        held[0].append(mine[: takes[0]])
        held[1].append(mine[takes[0] : takes[0] + takes[1]])
    rest = generator.permutation(np.flatnonzero(y < 0))
    parts, taken = [], 0
    for found, size in zip(held, (n_validation, n_test), strict=True):
        labeled = np.concatenate(found)
        more = max(0, size - len(labeled))
        parts.append(np.sort(np.concatenate([labeled, rest[taken : taken + more]])))
        taken += more
    train = np.setdiff1d(np.arange(len(y)), np.concatenate(parts))
    note = ""
    if least > min(share for share in (validation, test) if share):
        note = tr(
            "Only {count:,} of {count_2:,} rows have a label, so a larger share of these is held out for "
            "validation and test."
        ).format(count=count, count_2=len(y))
    return Split(train, parts[0], parts[1], note)


def split_groups(dataset: Dataset, *, validation: float, test: float, seed: int) -> Split:
    """As `split_rows`, with all rows of a group on one side; one row of each stands for it in the draw.

    Where groups are so uneven that the parts would miss their shares, groups are dealt by their rows instead.
    Copies have one label, by which the draw is stratified; groups of another kind hold many.

    Raises:
        DataError: there are fewer groups than parts.
    """
    groups = np.unique(np.asarray(dataset.groups), return_inverse=True)[1]
    first, sizes = np.unique(groups, return_index=True, return_counts=True)[1:]
    wanted = np.array([round(len(groups) * share) for share in (validation, test)])
    refuse_few_groups(dataset, len(first), 3 if wanted[1] else 2)
    labels = None if dataset.y is None or dataset.grouped_by else group_labels(groups, np.asarray(dataset.y))
    stand_ins = replace(dataset, x=np.zeros((len(first), 1), np.uint8), groups=None, extra={}, y=labels)
    note = ""
    parts = None
    if round(len(first) * validation) and (not wanted[1] or round(len(first) * test)):
        drawn = split_rows(stand_ins, validation=validation, test=test, seed=seed)
        parts, note = [drawn.train, drawn.validation, drawn.test], drawn.note
    if parts is None or is_far([int(sizes[part].sum()) for part in parts[1:]], wanted):
        held = deal_groups(sizes, labels, wanted, seed)
        parts = [np.setdiff1d(np.arange(len(first)), np.concatenate(held)), *held]
        note = ""
        found = [int(sizes[part].sum()) for part in parts]
        if is_far(found[1:], wanted):
            kind = tr("groups of copies")
            if dataset.grouped_by:
                kind = tr("groups by {column}").format(column=dataset.grouped_by)
            asked = [len(groups) - int(wanted.sum()), *wanted.tolist()]
            note = tr(
                "Training, validation and test have {map} rows rather than "
                "{map_2}: there are {count} {kind}, the largest of "
                "{max} rows."
            ).format(
                map=" / ".join(map(str, found)),
                map_2=" / ".join(map(str, asked)),
                count=len(first),
                kind=kind,
                max=int(sizes.max()),
            )
    train, validation_rows, test_rows = (np.flatnonzero(np.isin(groups, part)) for part in parts)
    if dataset.grouped_by:
        said = tr("All rows of one {column} are on the same side of the split.").format(
            column=dataset.grouped_by
        )
        note = join_sentences([said, note] if note else [said])
    return Split(train, validation_rows, test_rows, note)


def refuse_few_groups(dataset: Dataset, count: int, parts: int) -> None:
    """Raises DataError where there are fewer groups than parts."""
    if count >= parts:
        return
    rows = len(dataset)
    if dataset.grouped_by:
        message = tr("There are {count} {grouped_by}s, and a split into {parts} parts needs {parts}.").format(
            count=count, grouped_by=dataset.grouped_by, parts=parts
        )
        remedy = tr("Use rows of more {grouped_by}s.").format(grouped_by=dataset.grouped_by)
    elif count == 1:
        message = tr("All {rows:,} rows are copies of one sample, so they cannot be split.").format(rows=rows)
        remedy = tr(
            "Copies stay on one side of the split, or the test would tell nothing. Use more varied rows."
        )
    else:
        message = tr(
            "The {rows:,} rows are copies of {count} samples, too few to split into {parts} parts."
        ).format(rows=rows, count=count, parts=parts)
        remedy = tr(
            "Copies stay on one side of the split, or the test would tell nothing. Use more varied rows."
        )
    raise DataError(message, code="no-split", remedy=remedy)


def is_far(found: list[int], wanted: np.ndarray) -> bool:
    """Whether validation or test rows miss their number by more than a third."""
    return any(abs(have - want) > max(1, want / 3) for have, want in zip(found, wanted, strict=True))


def deal_groups(
    sizes: np.ndarray, labels: np.ndarray | None, wanted: np.ndarray, seed: int
) -> list[np.ndarray]:
    """Numbers of the groups for validation and for test, so that their rows come near to `wanted`.

    Groups that fit are taken in random order, each class up to its share; where none fits, the smallest one.

    Args:
        sizes: (G,) rows of each group. labels: (G,) their classes, or None.
    """
    order = np.random.default_rng(seed).permutation(len(sizes))
    classes = np.zeros(len(sizes), np.int64) if labels is None else np.unique(labels, return_inverse=True)[1]
    in_class = np.bincount(classes, weights=sizes)
    free = np.ones(len(sizes), bool)
    held: list[np.ndarray] = []
    for place, want in enumerate(wanted.tolist()):
        taken: list[int] = []
        total, quota = 0, in_class * (want / sizes.sum())
        # Training keeps a group, and so does each part that comes after.
        spare = int(free.sum()) - 1 - sum(1 for later in wanted[place + 1 :] if later)
        for is_strict in (True, False):  # first each class up to its share, then what still fits
            for group in order:
                size = int(sizes[group])
                fits = free[group] and total + size <= want and len(taken) < spare
                if fits and (not is_strict or quota[classes[group]] >= size):
                    taken.append(int(group))
                    total += size
                    quota[classes[group]] -= size
                    free[group] = False
        if want and not taken and spare > 0:
            smallest = min(np.flatnonzero(free).tolist(), key=lambda g: int(sizes[g]))
            taken.append(smallest)
            free[smallest] = False
        held.append(np.sort(np.array(taken, np.int64)))
    return held


def group_labels(groups: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(G,) the label of each group's first row that has one, -1 where none has."""
    order = np.lexsort((np.arange(len(y)), y < 0, groups))
    found: np.ndarray = y[order[np.unique(groups[order], return_index=True)[1]]]
    return found


def choose_stratified(rows: np.ndarray, y: np.ndarray | None, size: int, seed: int) -> np.ndarray:
    """Up to `size` of `rows` in random order, each class in proportion (largest remainder)."""
    generator = np.random.default_rng(seed)
    rows = generator.permutation(rows)
    if y is None or len(rows) <= size:
        return rows[:size]
    labels = np.asarray(y)[rows]
    classes, counts = np.unique(labels, return_counts=True)
    shares = counts * (size / len(rows))
    take = np.floor(shares).astype(int)
    for index in np.argsort(take - shares, kind="stable")[: size - take.sum()]:
        take[index] += 1
    chosen = np.concatenate([rows[labels == c][:n] for c, n in zip(classes, take, strict=True)])
    return generator.permutation(chosen)


def choose_labeled(
    rows: np.ndarray, y: np.ndarray, per_class: int, seed: int, fraction: float = 1.0
) -> np.ndarray:
    """The rows whose label may be seen; rows without a label never are among them.

    Args:
        per_class: labels of each class, 0 for all of them.
        fraction: share of each class's labels, at least one; used when `per_class` is 0.
    """
    labels = np.asarray(y)[rows]
    rows, labels = rows[labels >= 0], labels[labels >= 0]
    if (per_class == 0 and fraction >= 1) or len(rows) == 0:
        return rows
    order = np.random.default_rng(seed).permutation(len(rows))
    rows, labels = rows[order], labels[order]
    parts = [rows[labels == c] for c in np.unique(labels)]
    takes = [per_class or max(1, round(len(part) * fraction)) for part in parts]
    return np.sort(np.concatenate([p[:n] for p, n in zip(parts, takes, strict=True)]))
