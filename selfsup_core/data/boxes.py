"""Boxes of a picture as text: `[["fruit", x, y, width, height], …]`, in pixels from the top left corner."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

BOXES = "boxes"  # of `Dataset.extra`
MOST_BOXES = 100  # in a picture: as many as COCO's evaluation counts
MOST_NAMES = 200  # classes of a data set
LEAST_SIDE = 8  # pixels of a picture

Box = tuple[str, float, float, float, float]


@dataclass(frozen=True)
class TrueBoxes:
    """The boxes of all pictures, as many columns as the fullest one has.

    Attributes:
        classes: names, sorted.
        corners: (N, M, 4) float32: left, top, right, bottom in pixels; 0 where there is no box.
        labels: (N, M) int64: class, -1 where there is no box.
    """

    classes: tuple[str, ...]
    corners: np.ndarray
    labels: np.ndarray


def write_boxes(boxes: Iterable[Box]) -> str:
    """The text of a picture's boxes."""
    return json.dumps([[name, *(round(float(value), 2) for value in box)] for name, *box in boxes])


def read_boxes(text: str) -> list[Box]:
    """Raises ValueError that says what is wrong with the text."""
    try:
        found = json.loads(text or "[]")
    except (ValueError, RecursionError) as error:
        raise ValueError(tr("it is no JSON")) from error
    if not isinstance(found, list) or len(found) > MOST_BOXES:
        raise ValueError(tr("it is not a list of at most {most} boxes").format(most=MOST_BOXES))
    boxes: list[Box] = []
    for one in found:
        if not (isinstance(one, list) and len(one) == 5 and isinstance(one[0], str) and one[0]):
            raise ValueError(tr('a box is written as ["name", x, y, width, height]'))
        values = one[1:]
        is_numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
        if not is_numbers or not all(math.isfinite(value) for value in values) or min(values[2:]) <= 0:
            raise ValueError(tr("a box needs four finite numbers, and a width and a height above 0"))
        boxes.append((one[0], *(float(value) for value in values)))  # type: ignore[arg-type]
    return boxes


def require_boxes(dataset: Dataset) -> TrueBoxes:
    """The boxes of each picture. Raises DataError: there are none, or one cannot be read."""
    texts = dataset.extra.get(BOXES)
    is_pictures = dataset.kind == "image" and len(dataset.item_shape) in (2, 3)
    if not is_pictures or not isinstance(texts, Texts):
        raise DataError(
            tr("{title} has no boxes: each picture needs the places of its objects.").format(
                title=tr(dataset.title)
            ),
            code="no-boxes",
            remedy=tr(
                "Choose the emoji scenes, or import a ZIP of pictures with boxes: a COCO JSON file, or the "
                "files of YOLO or Pascal VOC."
            ),
        )
    if min(dataset.item_shape[:2]) < LEAST_SIDE:
        raise DataError(
            tr("Pictures of {height} × {width} pixels are too small to find objects in.").format(
                height=dataset.item_shape[0], width=dataset.item_shape[1]
            ),
            code="small-pictures",
            remedy=tr("Import them with at least {least} × {least} pixels.").format(least=LEAST_SIDE),
        )
    rows = []
    for place, text in enumerate(texts):
        try:
            rows.append(read_boxes(text))
        except ValueError as error:
            raise DataError(
                tr("{title}, row {row}: the boxes cannot be read ({error}).").format(
                    title=tr(dataset.title), row=place + 1, error=error
                ),
                code="bad-boxes",
                remedy=tr("Import the data again."),
            ) from error
    return as_arrays(rows, dataset.title)


def as_arrays(rows: Sequence[Sequence[Box]], title: str = "") -> TrueBoxes:
    """Raises DataError: there is no box at all, or too many classes."""
    names = tuple(sorted({name for boxes in rows for name, *_ in boxes}))
    if not 1 <= len(names) <= MOST_NAMES:
        raise DataError(
            tr("{title} has {count} classes of boxes; 1 to {most} can be learned.").format(
                title=tr(title), count=len(names), most=MOST_NAMES
            ),
            code="box-classes",
        )
    number = {name: place for place, name in enumerate(names)}
    most = max(len(boxes) for boxes in rows)
    corners = np.zeros((len(rows), most, 4), np.float32)
    labels = np.full((len(rows), most), -1, np.int64)
    for row, boxes in enumerate(rows):
        for place, (name, x, y, width, height) in enumerate(boxes):
            corners[row, place] = x, y, x + width, y + height
            labels[row, place] = number[name]
    return TrueBoxes(names, corners, labels)
