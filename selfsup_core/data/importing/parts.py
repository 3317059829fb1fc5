"""Arrays of one upload put together: which hold samples, labels or names, which part of a split each is."""

from __future__ import annotations

import re
from math import isqrt
from pathlib import PurePosixPath

import numpy as np

from selfsup_core.data.details import NUMBERS_BESIDE, ONE_VALUE, SEVERAL_LABELS, VALUES_BESIDE
from selfsup_core.data.importing.array_files import Arrays, read_members, read_sparse
from selfsup_core.data.importing.arrays import Named, label_text
from selfsup_core.data.importing.binary_sets import read_class_lists
from selfsup_core.data.importing.columns import MOST_CLASSES
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.fixes import NO_LABELS, other_label
from selfsup_core.data.importing.labels import array_labels
from selfsup_core.data.importing.layout import SPLIT_WORDS
from selfsup_core.data.importing.own_exports import IDS, TEXTS_JSON, texts_of
from selfsup_core.data.importing.table import check_size
from selfsup_core.data.splits import PARTS
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

LABEL_NAMES = re.compile(r"(^|[^a-z])(y|label|labels|target|targets|class|classes)([^a-z]|$)")
LONG = 4  # times as long as wide: a series rather than an image
FEW_VALUES = 16  # of each step of a series


def read_arrays(members: list[Member], config: ImportConfig, mapping: list[Member] | None = None) -> Arrays:
    """Samples and what belongs to them, whatever parts they came in.

    Args:
        mapping: text files of EMNIST, CIFAR or STL-10 that say what the labels stand for.

    Raises:
        DataError: shapes that do not fit together.
    """
    made = Arrays(np.empty(0))
    named = read_sparse(members) or read_members(members, made, config)
    packed = next((n for n in named if plain_name(n.name) == TEXTS_JSON), None)
    labels, samples = sort_arrays([n for n in named if n is not packed], config, made)
    if not samples:
        raise DataError(
            tr(
                "{name} holds no array of samples; expected (rows, columns) or (images, height, width)."
            ).format(name=members[0].name),
            code="no-samples",
            remedy=tr("Upload the samples beside their labels."),
        )
    samples = same_shape(samples, labels, made)
    for n in samples:
        if not n.array.size:
            raise DataError(
                tr("{name} of {shape} has no rows or no values.").format(name=n.name, shape=n.array.shape),
                code="no-rows",
                remedy=tr("Add rows."),
            )
    made.x = samples[0].array if len(samples) == 1 else np.concatenate([n.array for n in samples])
    marks, names = choose_beside(samples, labels, config, made)
    if marks:
        made.labels = array_labels(np.concatenate(marks))
        if letters := read_mapping(mapping or []) | read_class_lists(mapping or []):
            made.labels = [letters.get(label, label) for label in made.labels]
    if names:
        made.names = [
            str(v if part.dtype.kind == "U" else label_text(v)) for part in names for v in part.tolist()
        ]
    if packed is not None:
        made.names = texts_of(packed.array, len(made.x))
        if made.names is None:
            made.aside[packed.name] = tr("not a JSON list of {count:,} texts").format(count=len(made.x))
    take_parts(samples, config, made)
    shape_samples(samples, config, made)
    if config.columns and made.x.ndim == 2 and made.x.shape[1] > config.columns:
        made.notes.append(
            tr("{columns:,} of {shape:,} columns were read.").format(
                columns=config.columns, shape=made.x.shape[1]
            )
        )
        made.x = made.x[:, : config.columns]
        made.columns = made.columns and made.columns[: config.columns]
    check_size(
        samples[0].name, len(made.x), made.x.shape[1] if made.x.ndim == 2 else 1, can_cut=made.x.ndim == 2
    )
    return made


def sort_arrays(named: list[Named], config: ImportConfig, made: Arrays) -> tuple[list[Named], list[Named]]:
    """(arrays of one value a sample, arrays of samples); one-hot labels become one value."""
    labels, samples = [], []
    for n in named:
        says_label = bool(LABEL_NAMES.search(n.name)) or is_called(n.name, config.label)
        if n.array.ndim == 1 or (n.array.ndim and says_label and n.array.size == len(n.array)):
            labels.append(Named(n.name, n.array.reshape(-1)))
        elif n.array.ndim == 2 and says_label and len(named) > 1 and n.array.dtype.kind in "biuf":
            hot = n.array != 0
            if (hot.sum(axis=1) == 1).all() and np.isin(n.array, (0, 1)).all():
                labels.append(Named(n.name, np.argmax(n.array, axis=1)))
                made.notes.append(
                    tr("{name} holds one column per class (one-hot); the column is the label.").format(
                        name=n.name
                    )
                )
            else:
                made.aside[n.name] = SEVERAL_LABELS
        elif n.array.ndim > 1:
            samples.append(n)
        else:
            made.aside[n.name] = ONE_VALUE
    return labels, samples


def is_called(name: str, label: str) -> bool:
    return bool(label) and label.lower() in (name, PurePosixPath(name).name, plain_name(name))


def plain_name(name: str) -> str:
    """The last part of an array's name."""
    return PurePosixPath(name).name.removesuffix(".npy")


def same_shape(samples: list[Named], labels: list[Named], made: Arrays) -> list[Named]:
    """Arrays of samples of one shape: the one that has labels, or images before vectors that describe them.

    Raises:
        DataError: several shapes, of which none is the obvious one.
    """
    shapes = {n.array.shape[1:] for n in samples}
    if len(shapes) == 1:
        return samples
    lengths = {len(n.array) for n in labels}
    with_labels = [n for n in samples if len(n.array) in lengths]
    if len(with_labels) == 1:
        made.aside |= {
            n.name: tr("of another length than the labels") for n in samples if n is not with_labels[0]
        }
        return with_labels
    images = [n for n in samples if n.array.ndim > 2]
    rest = [n for n in samples if n.array.ndim == 2]
    lengths = {len(n.array) for n in images}
    if len({n.array.shape[1:] for n in images}) == 1 and all(len(n.array) in lengths for n in rest):
        made.aside |= {n.name: VALUES_BESIDE for n in rest}
        return images
    raise DataError(
        tr("The arrays hold samples of different shapes: {map}.").format(
            map=", ".join(map(str, sorted(shapes)))
        ),
        code="other-shapes",
        remedy=tr("Upload one data set at a time."),
    )


def choose_beside(
    samples: list[Named], labels: list[Named], config: ImportConfig, made: Arrays
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """(labels of each array of samples, names of each); [] where there are none.

    Raises:
        DataError: labels of another length than the samples, or none of the name asked for.
    """
    marks: list[np.ndarray] = []
    names: list[np.ndarray] = []
    left = list(labels)
    for part in samples:
        fitting = [n for n in left if len(n.array) == len(part.array)]
        if config.label != "-" and not fitting and any(LABEL_NAMES.search(n.name) for n in left):
            raise DataError(
                tr("{name} has {count:,} samples; no array of labels has the same length.").format(
                    name=part.name, count=len(part.array)
                ),
                code="labels-do-not-fit",
                remedy=tr("Upload the matching labels."),
                fix=NO_LABELS,
            )
        fitting.sort(key=lambda n, name=part.name: -common_prefix(n.name, name))  # type: ignore[misc]
        called = [n for n in fitting if is_called(n.name, config.label)]
        if config.label not in ("", "-") and not called:
            raise DataError(
                tr("There is no array {label!r} of labels. Arrays: {labels}.").format(
                    label=config.label, labels=", ".join(n.name for n in labels)
                ),
                code="no-column",
                remedy=tr("Check the name."),
                fix=other_label(config.label, [plain_name(n.name) for n in labels]),
            )
        words = [n for n in fitting if is_names(n)]
        ids = next((n for n in fitting if is_ids(n)), None)
        others = [n for n in fitting if not any(n is word for word in words) and may_be_label(n)]
        named = [n for n in others if LABEL_NAMES.search(n.name)]
        mark = next(iter(called or named or others[:1]), None)
        if len(samples) > 1:  # the others may be labels of other parts
            used = [n for n in (mark,) if n is not None]
        else:
            used = fitting
            made.offers = list(dict.fromkeys(plain_name(n.name) for n in (*called, *named, *others)))
            if len(made.offers) > 1 and not called:
                made.notes.append(
                    tr("Arrays that may be labels: {offers}. To take another, set Label column.").format(
                        offers=", ".join(made.offers)
                    )
                )
            made.aside |= {
                n.name: NUMBERS_BESIDE for n in fitting if not any(n is one for one in (*words, *others))
            }
        if ids is not None and len(samples) == 1 and ids is not mark:
            made.ids = [str(value) for value in ids.array.tolist()]
            made.aside.pop(ids.name, None)
        if mark is not None and config.label != "-":
            marks.append(mark.array)
        word = next((n for n in words if n is not mark), None)
        if word is not None and len(samples) == 1:
            names.append(word.array)
        left = [n for n in left if not any(n is other for other in used)]
    if len(samples) == 1:
        made.aside |= {n.name: tr("of another length than the samples") for n in left}
    elif (marks and len(marks) != len(samples)) or left:
        raise DataError(
            tr("{count} arrays of samples but {count_2} of labels.").format(
                count=len(samples), count_2=len(labels)
            ),
            code="labels-do-not-fit",
            remedy=tr("Upload the labels of each part, or none."),
            fix=NO_LABELS,
        )
    return marks, names


def may_be_label(named: Named) -> bool:
    """Whether values may be classes: words or whole numbers, and not one for each row unless they are called
    labels.
    """
    array = named.array
    if array.dtype.kind == "f":
        finite = array[np.isfinite(array)]
        if (finite != np.floor(finite)).any():
            return False
    if LABEL_NAMES.search(named.name):
        return True
    return len(np.unique(array)) <= min(MOST_CLASSES, max(2, len(array) // 2))


def is_names(named: Named) -> bool:
    """Whether an array names its samples: strings that are all different, and not called labels."""
    array = named.array
    if array.dtype.kind not in "US" or LABEL_NAMES.search(named.name):
        return False
    return plain_name(named.name) in ("text", "names") or len(np.unique(array)) > 0.9 * len(array)


def is_ids(named: Named) -> bool:
    """Whether an array numbers its samples."""
    array = named.array
    return plain_name(named.name) in IDS and array.dtype.kind in "iu" and len(np.unique(array)) == len(array)


def take_parts(samples: list[Named], config: ImportConfig, made: Arrays) -> None:
    """The split that several arrays are, by their names (train_images, x_test, t10k-images)."""
    if len(samples) < 2:
        return
    found = [part_of(n.name) for n in samples]
    names = ", ".join(n.name for n in samples)
    if config.splits == "keep" and any(found) and not all(found):
        sizes = [len(n.array) for n in samples]
        made.parts = np.repeat(np.array([part or 0 for part in found], np.uint8), sizes)
        counts = np.bincount(made.parts, minlength=len(PARTS)).tolist()
        said = ", ".join(f"{PARTS[p]} {count:,}" for p, count in enumerate(counts) if count)
        made.notes.append(
            tr(
                "{count} parts ({names}) were joined; the given split is kept: {said}. To draw another, "
                "set Given split to ignore."
            ).format(count=len(samples), names=names, said=said)
        )
        return
    made.notes.append(
        tr("{count} parts ({names}) were joined; the studio draws its own split.").format(
            count=len(samples), names=names
        )
    )


def part_of(name: str) -> int | None:
    words = re.split(r"[^a-z0-9]+", name)
    known = {**SPLIT_WORDS, "t10k": 2}  # MNIST's test set
    parts = {known[word] for word in words if word in known}
    return parts.pop() if len(parts) == 1 else None


def shape_samples(samples: list[Named], config: ImportConfig, made: Arrays) -> None:
    """Flat images, single images and series: what the samples may be read as."""
    x = made.x
    if x.ndim == 2:
        side = image_shape(x)
        if side and x.dtype.kind in "biuf":
            made.kinds = ("table", "image")
            if config.kind == "image":
                made.x = x.reshape(len(x), *side) if len(side) == 2 else x.reshape(len(x), 3, 32, 32)
                if len(side) == 3:
                    made.x = made.x.transpose(0, 2, 3, 1)
                made.kinds = ("image", "table")
            elif x.dtype == np.uint8:
                made.notes.append(
                    tr(
                        "Rows of {shape:,} bytes may be images of {side} × {side_2} pixels. "
                        "If so, set Kind to image."
                    ).format(shape=x.shape[1], side=side[0], side_2=side[1])
                )
    elif is_photograph(x) and made.labels is None:
        made.x, made.kinds = x[None], ("image",)
        made.notes.append(tr("The array of {shape} is taken for one color image.").format(shape=x.shape))
    elif x.ndim == 3 and is_series(x) and config.kind != "image":
        made.kinds = ("table", "image")
        made.x = x.reshape(len(x), -1)
        made.notes.append(
            tr(
                "Each sample is a series of {shape:,} × {shape_2:,} values, not an image; it became a "
                "row of {shape_3:,} columns."
            ).format(shape=x.shape[1], shape_2=x.shape[2], shape_3=made.x.shape[1])
        )
    else:
        made.kinds = ("image", "table") if x.ndim == 3 and is_series(x) else ("image",)
    is_emnist = any("emnist" in n.name and "idx" in n.name for n in samples)
    if made.x.ndim > 2 and (config.transpose == "yes" or (config.transpose == "auto" and is_emnist)):
        made.x = np.swapaxes(made.x, 1, 2)
        if is_emnist and config.transpose == "auto":
            made.notes.append(
                tr(
                    "EMNIST stores its images column by column; they were turned. If yours "
                    "are upright already, "
                    "set Transpose to no."
                )
            )


def read_mapping(members: list[Member]) -> dict[str, str]:
    """{label: letter} of EMNIST's lines "label code [code]", the first code of each."""
    letters: dict[str, str] = {}
    for member in members:
        for line in member.read().decode("ascii", "replace").splitlines():
            numbers = line.split()
            if len(numbers) < 2 or not all(n.isdecimal() and len(n) < 7 for n in numbers):
                continue
            if 32 < int(numbers[1]) < 127:
                letters[str(int(numbers[0]))] = chr(int(numbers[1]))
    return letters


def image_shape(x: np.ndarray) -> tuple[int, ...]:
    """(side, side) or (32, 32, 3) that a row's values fill, () for none."""
    side = isqrt(x.shape[1])
    if side >= 8 and side * side == x.shape[1]:
        return side, side
    return (32, 32, 3) if x.shape[1] == 3072 else ()


def is_photograph(x: np.ndarray) -> bool:
    """Whether (A, B, C) are the pixels of one color image: colors last, nothing below 0 as in signals."""
    if x.ndim != 3 or x.shape[2] not in (3, 4) or min(x.shape[:2]) < 16:
        return False
    return x.dtype.kind in "biuf" and bool(np.nanmin(x) >= 0)


def is_series(x: np.ndarray) -> bool:
    """Whether (N, A, B) are steps of a few values each, in either order, rather than pixels."""
    short, long = sorted(x.shape[1:])
    return x.dtype != np.uint8 and short <= FEW_VALUES and long >= LONG * short


def common_prefix(a: str, b: str) -> int:
    return next((i for i, (p, q) in enumerate(zip(a, b, strict=False)) if p != q), min(len(a), len(b)))
