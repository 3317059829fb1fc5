"""Boxes of objects beside images, as YOLO has them; the class of the largest one may be an image's label.

A file of the image's name, a line per box: class number, center x and y, width and height as shares of the
image. An image without such a file, or with an empty one, shows no object.
[1] Redmon, Divvala, Girshick, Farhadi: You only look once, 2016
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import yaml

from selfsup_core.data.boxes import MOST_BOXES, MOST_NAMES
from selfsup_core.data.details import ANNOTATION
from selfsup_core.data.importing.annotated import MOST_ANNOTATIONS, Annotated, none_left, refused, tidy_name
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.plan import Sorted
from selfsup_core.errors import DataError
from selfsup_core.files.parsing import parse_yaml
from selfsup_core.translation import tr
from selfsup_core.wording import counted

LONGEST = 100_000  # bytes of a file of boxes, and of one that names the classes
LISTS = ("classes.txt", "obj.names", "predefined_classes.txt")
SETS = ("data.yaml", "data.yml", "dataset.yaml")  # where names of classes are expected
SLACK = 0.01  # beyond 0 and 1, as rounding leaves it
MOST_NUMBER = 1e6  # of a class

Line = tuple[int, float, float, float, float]  # class number, center x and y, width, height


@dataclass
class Lines:
    """A file of boxes.

    Attributes:
        boxes: with the number of their line. faults: (line, why it is no box).
    """

    boxes: list[tuple[int, Line]] = field(default_factory=list)
    faults: list[tuple[int, str]] = field(default_factory=list)

    def in_order(self) -> list[tuple[int, Line | str]]:
        """(line, the box or why it is none)"""
        return sorted([*self.boxes, *self.faults], key=lambda one: one[0])

    @property
    def is_like_boxes(self) -> bool:
        """Whether it has five numbers in a line, whatever they are."""
        return bool(self.boxes) or any(why != "cells" for _, why in self.faults)

    @property
    def largest(self) -> int | None:
        """The class number of the box with the largest area, the first of several; None if a line is no
        box.
        """
        if self.faults or not self.boxes:
            return None
        return max(self.boxes, key=lambda one: one[1][3] * one[1][4])[1][0]


def read_lines(data: bytes) -> Lines:
    """The boxes of a file; a sixth number of a line is a confidence."""
    found = Lines()
    for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
        cells = line.split()
        if not cells:
            continue
        try:
            values = [float(cell) for cell in cells[:6]]
        except ValueError:
            values = []
        if len(cells) not in (5, 6) or len(values) != len(cells):
            found.faults.append((number, "cells"))
            continue
        kind, *shares = values[:5]
        if not all(map(math.isfinite, values)) or min(shares[2:]) <= 0:
            found.faults.append((number, "box"))
        elif kind != round(kind) or not 0 <= kind < MOST_NUMBER:
            found.faults.append((number, "category"))
        elif not all(-SLACK <= share <= 1 + SLACK for share in shares):
            found.faults.append((number, "shares"))
        else:
            found.boxes.append((number, (int(kind), shares[0], shares[1], shares[2], shares[3])))
    return found


@dataclass
class Beside:
    """The files of boxes beside images.

    Attributes:
        lines: by name of an image. files: name of the file, the same.
        names: of class numbers; {} where they have none. names_file: where they stand. notes: of them.
        lonely: files of boxes without an image.
    """

    lines: dict[str, Lines]
    files: dict[str, str]
    names: dict[int, str]
    names_file: str
    notes: list[str]
    lonely: list[str]

    def name_of(self, number: int) -> str:
        return self.names.get(number, str(number))


def look_beside(images: list[Member], members: list[Member]) -> Beside:
    """What files named as the images hold."""
    files = {path_of(m.name): m for m in members if m.suffix == ".txt" and not is_list(m.name)}
    lines: dict[str, Lines] = {}
    used: dict[str, str] = {}
    for image in images:
        member = next((files[path] for path in places_of(image.name) if path in files), None)
        if member is None:
            continue
        found = Lines(faults=[(1, "long")]) if member.size > LONGEST else read_lines(member.read())
        if found.boxes or found.faults or not member.size:
            lines[image.name], used[image.name] = found, member.name
    names, names_file, notes = class_names(members)
    taken = set(used.values())
    lonely = [m.name for m in files.values() if m.name not in taken and is_in_labels(m.name)]
    return Beside(lines, used, names, names_file, notes, lonely)


def is_list(name: str) -> bool:
    return PurePosixPath(name).name.lower() in LISTS


def is_in_labels(name: str) -> bool:
    return any(part.lower() == "labels" for part in PurePosixPath(name).parts[:-1])


def read_yolo(beside: Beside, images: list[Member]) -> Annotated | None:
    """The boxes of all images, as shares of them; None where no file is like one of boxes.

    Raises:
        DataError: there are such files, and no box in them can be used.
    """
    if not any(lines.is_like_boxes for lines in beside.lines.values()):
        return None
    found = Annotated("YOLO", {image.name: [] for image in images}, are_shares=True)
    total = 0
    for image, lines in beside.lines.items():
        file, boxes = beside.files[image], found.boxes[image]
        for number, one in lines.in_order():
            if isinstance(one, str):
                found.leave(one, file, number)
                continue
            kind, x, y, wide, high = one
            if beside.names and kind not in beside.names:
                found.leave("category", file, number)
            elif len(boxes) >= MOST_BOXES:
                found.leave("many", file, number)
            else:
                boxes.append((beside.name_of(kind), x - wide / 2, y - high / 2, wide, high))
        total += len(boxes)
        if total > MOST_ANNOTATIONS:
            raise refused(found.form, tr("there are more than {most:,}").format(most=MOST_ANNOTATIONS))
    for file in beside.lonely:
        found.leave("lonely", file)
    count = len({name for boxes in found.boxes.values() for name, *_ in boxes})
    if not count:
        raise none_left(found)
    if count > MOST_NAMES:
        raise refused(
            found.form,
            tr("they have {count:,} classes; at most {most} can be learned").format(
                count=count, most=MOST_NAMES
            ),
        )
    return found


def take_largest(found: Sorted, beside: Beside, config: ImportConfig) -> None:
    """Offer the class of each image's largest box, or take it as a table beside the images.

    Args:
        found: of images; is changed.

    Raises:
        DataError: it is asked for, and no image has a file of boxes.
    """
    largest = {image: lines.largest for image, lines in beside.lines.items()}
    classes = {image: beside.name_of(number) for image, number in largest.items() if number is not None}
    used = {beside.files[image] for image in classes}
    is_asked = config.classes == "boxes"
    if is_asked and not classes:
        raise DataError(
            tr("No image has a file of boxes (YOLO) beside it or in a folder called labels."),
            code="no-boxes",
            remedy=tr("Take the classes from elsewhere."),
            fix={"setting": "classes", "value": "auto", "title": "Choose the classes automatically"},
        )
    if not classes:
        return
    found.beside = [m for m in found.beside if m.name not in used]
    without = len(found.members) - len(classes)
    if is_asked:
        found.aside = {name: why for name, why in found.aside.items() if name not in used}
        found.beside.append(as_table(classes))
        rest = (
            tr(" {without} without a box got no label.").format(without=counted(without, "image"))
            if without
            else ""
        )
        found.notes.append(
            tr("The label of an image is the class of its largest box (YOLO).{rest}").format(rest=rest)
        )
    else:
        found.aside |= dict.fromkeys(used, ANNOTATION)
        if not without:
            found.notes.append(
                tr(
                    "Each image has boxes of objects (YOLO). To take the class of the "
                    "largest one as its label, "
                    "set Classes from to boxes."
                )
            )
    if is_asked or not without:
        found.offers["boxes"] = sorted(set(classes.values()))


def path_of(name: str) -> str:
    return str(PurePosixPath(name).with_suffix("")) if PurePosixPath(name).name else name


def places_of(image: str) -> list[str]:
    """Where the boxes of an image may be, without the ending: beside it, or in labels instead of images."""
    path = PurePosixPath(path_of(image))
    parts = list(path.parts)
    moved = [
        str(PurePosixPath(*parts[:place], "labels", *parts[place + 1 :]))
        for place in reversed(range(len(parts) - 1))
        if parts[place].lower() == "images"
    ]
    return [str(path), *moved, str(path.parent / "labels" / path.name)]


def class_names(members: list[Member]) -> tuple[dict[int, str], str, list[str]]:
    """(names of class numbers, the file that has them, notes): `names` of a YAML file, or the lines of
    classes.txt; {} and "" without either.
    """
    notes: list[str] = []
    for member in members:
        name = PurePosixPath(member.name).name.lower()
        if member.size > LONGEST:
            continue
        if name in LISTS:
            lines = member.read().decode("utf-8", "replace").splitlines()
            return {i: tidy_name(line) for i, line in enumerate(lines) if line.strip()}, member.name, notes
        if member.suffix not in (".yaml", ".yml"):
            continue
        try:
            about = parse_yaml(member.read().decode("utf-8", "replace"))
        except (yaml.YAMLError, ValueError) as error:
            if name in SETS:
                notes.append(
                    tr("{name} cannot be read ({why}); its classes are called by their numbers.").format(
                        name=member.name, why=" ".join(str(error).split())[:120]
                    )
                )
            continue
        names = about.get("names") if isinstance(about, dict) else None
        if isinstance(names, list):
            names = dict(enumerate(names))
        if isinstance(names, dict):
            told = {
                number: tidy_name(str(word)) or str(number)
                for number, word in names.items()
                if isinstance(number, int)
            }
            return told, member.name, notes
    return {}, "", notes


def as_table(classes: dict[str, str]) -> Member:
    """A table beside the images: name and class."""
    made = io.StringIO()
    csv.writer(made).writerows([("image", "label"), *classes.items()])
    data = made.getvalue().encode()
    return Member("largest boxes.csv", len(data), lambda: data)
