"""Boxes of objects that files beside images give, of whatever format, and where they lie in the square that
an image becomes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from selfsup_core.data.boxes import Box
from selfsup_core.errors import DataError
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import counted

MOST_ANNOTATIONS = 1_000_000
MOST_LETTERS = 80  # of a class's name
WHY = {
    "image": tr_later("of an image that is not there"),
    "category": tr_later("of a category that is not there"),
    "box": tr_later("without four finite numbers, or without an area"),
    "outside": tr_later("outside of their image"),
    "crowd": tr_later("of a crowd"),
    "many": tr_later("beyond 100 in an image"),
    "cells": tr_later("that are not a class and four numbers, as polygons"),
    "shares": tr_later("with numbers that are not shares of the image, 0 to 1"),
    "long": tr_later("in files of more than 100 kB"),
    "lonely": tr_later("in files whose image is not there"),
    "name": tr_later("without a name"),
    "size": tr_later("whose file says another size than the image has"),
    "damaged": tr_later("in files that cannot be read"),
}


@dataclass
class Annotated:
    """What the files say.

    Attributes:
        form: its name.
        boxes: by name of a member: its boxes in pixels of the image file, or in shares of it.
        are_shares: whether they are.
        left_out: {reason, a key of `WHY`: annotations}. first: {reason: where the first of them stands}.
        sizes: width and height that a file says its image has, where it does.
    """

    form: str
    boxes: dict[str, list[Box]] = field(default_factory=dict)
    are_shares: bool = False
    left_out: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)

    def leave(self, why: str, where: str, line: int = 0) -> None:
        """Count an annotation that is left out; it stands in this file, in this line where it has some."""
        self.left_out[why] += 1
        if why not in self.first:
            self.first[why] = tr("{file}, line {line:,}").format(file=where, line=line) if line else where


def refused(form: str, why: str) -> DataError:
    """Of annotations that cannot be used."""
    return DataError(
        tr("The boxes ({form}) cannot be used: {why}.").format(form=form, why=why),
        code="bad-boxes",
        remedy=tr("Export them again, or leave their files out to import the images alone."),
    )


def none_left(*annotated: Annotated) -> DataError:
    """Of annotations that were all left out, and why."""
    left = "; ".join(line.rstrip(".") for one in annotated for line in say_left_out(one))
    return refused(annotated[0].form, tr("no box is left") + (f" ({left})" if left else ""))


def tidy_name(name: str) -> str:
    """Of a class, on one line and not too long; "" for none."""
    return " ".join(name.split())[:MOST_LETTERS]


def boxes_in_squares(
    annotated: Annotated, names: Sequence[str], sizes: np.ndarray, size: int, fit: str
) -> tuple[list[list[Box]], list[str]]:
    """The boxes of each image in pixels of its square, and what was left out, in words.

    Args:
        sizes: (N, 2) width and height of the image files.

    Raises:
        DataError: no box is left.
    """
    found = Annotated(annotated.form)
    boxes = []
    for name, (width, height) in zip(names, sizes.tolist(), strict=True):
        given = annotated.boxes[name]
        if annotated.sizes.get(name, (width, height)) != (width, height):
            for _ in given:
                found.leave("size", name)
            given = []
        if annotated.are_shares:
            given = [(kind, x * width, y * height, w * width, h * height) for kind, x, y, w, h in given]
        boxes.append(place_boxes(given, (width, height), size, fit, found.left_out))
    if not any(boxes):
        raise none_left(found, annotated)
    return boxes, say_left_out(found)


def place_boxes(
    boxes: list[Box], original: tuple[int, int], size: int, fit: str, left_out: Counter[str]
) -> list[Box]:
    """Boxes in pixels of an image (width, height) → of the square that it became, cut off at its border."""
    width, height = original
    across, down = size / width, size / height
    if fit != "stretch":
        across = down = (min if fit == "pad" else max)(across, down)
    left, top = (size - width * across) / 2, (size - height * down) / 2
    placed: list[Box] = []
    for name, x, y, wide, high in boxes:
        first = max(0.0, x), max(0.0, y)
        last = min(float(width), x + wide), min(float(height), y + high)
        corners = [
            min(float(size), max(0.0, value))
            for value in (
                left + first[0] * across,
                top + first[1] * down,
                left + last[0] * across,
                top + last[1] * down,
            )
        ]
        sides = corners[2] - corners[0], corners[3] - corners[1]
        if min(last[0] - first[0], last[1] - first[1]) <= 0 or min(sides) < 0.01:
            left_out["outside"] += 1
            continue
        placed.append((name, corners[0], corners[1], *sides))
    return placed


def describe_boxes(annotated: Annotated) -> list[str]:
    """What was read, and what was left out, in words."""
    boxes = [box for one in annotated.boxes.values() for box in one]
    said = [
        tr("{boxes:,} boxes of {classes} classes on {images:,} images ({form}).").format(
            boxes=len(boxes),
            classes=len({name for name, *_ in boxes}),
            images=len(annotated.boxes),
            form=annotated.form,
        )
    ]
    return said + say_left_out(annotated)


def say_left_out(annotated: Annotated) -> list[str]:
    if not annotated.left_out:
        return []
    parts = []
    for why, number in sorted(annotated.left_out.items()):
        where = annotated.first.get(why)
        first = tr(" (first: {where})").format(where=where) if where else ""
        parts.append(f"{number:,} {tr(WHY[why])}{first}")
    return [tr("Annotations that were left out: {parts}.").format(parts=", ".join(parts))]


def say_empty(annotated: Annotated, without: int) -> list[str]:
    """Of images that no file says anything of."""
    if not without:
        return []
    return [
        tr("{images} without a file of boxes: taken as pictures without objects ({form}).").format(
            images=counted(without, "image"), form=annotated.form
        )
    ]
