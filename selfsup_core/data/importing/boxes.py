"""Boxes of objects beside images, as YOLO has them: the class of the largest one may be an image's label.

A file of the image's name, a line per box: class number, center x and y, width and height as shares of the
image.
[1] Redmon, Divvala, Girshick, Farhadi: You only look once, 2016
"""

from __future__ import annotations

import csv
import io
from pathlib import PurePosixPath

import yaml

from selfsup_core.data.details import ANNOTATION
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.plan import Sorted
from selfsup_core.errors import DataError
from selfsup_core.files.parsing import parse_yaml
from selfsup_core.translation import tr
from selfsup_core.wording import counted

LONGEST = 100_000  # bytes of a file of boxes, and of one that names the classes


def take_boxes(found: Sorted, members: list[Member], config: ImportConfig) -> None:
    """Offer the class of each image's largest box, or take it as a table beside the images.

    Args:
        found: of images; is changed. members: all files that were given.

    Raises:
        DataError: it is asked for, and no image has a file of boxes.
    """
    files = {path_of(m.name): m for m in members if m.suffix == ".txt" and m.size <= LONGEST}
    boxes: dict[str, int] = {}
    used: dict[str, Member] = {}
    for image in found.members:
        member = next((files[path] for path in places_of(image.name) if path in files), None)
        largest = largest_class(member.read()) if member else None
        if member and largest is not None:
            boxes[image.name], used[member.name] = largest, member
    is_asked = config.classes == "boxes"
    if is_asked and not boxes:
        raise DataError(
            tr("No image has a file of boxes (YOLO) beside it or in a folder called labels."),
            code="no-boxes",
            remedy=tr("Take the classes from elsewhere."),
            fix={"setting": "classes", "value": "auto", "title": "Choose the classes automatically"},
        )
    if not boxes:
        return
    names = class_names(members)
    classes = {image: names.get(number, str(number)) for image, number in boxes.items()}
    found.beside = [m for m in found.beside if m.name not in used]
    without = len(found.members) - len(boxes)
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


def largest_class(data: bytes) -> int | None:
    """The class number of the box with the largest area, the first of several; None if a line is no box."""
    best, most = None, -1.0
    for line in data.decode("utf-8", "replace").split("\n"):
        cells = line.split()
        if not cells:
            continue
        try:
            number, shares = int(cells[0]), [float(cell) for cell in cells[1:5]]
        except ValueError:
            return None
        is_box = (
            len(cells) in (5, 6) and number >= 0 and all(0 <= share <= 1 for share in shares)
        )  # 6: confidence
        if not is_box:
            return None
        if (area := shares[2] * shares[3]) > most:
            best, most = number, area
    return best


def class_names(members: list[Member]) -> dict[int, str]:
    """Names of class numbers, by `names` of a YAML file or the lines of classes.txt; {} without either."""
    for member in members:
        name = PurePosixPath(member.name).name.lower()
        if member.size > LONGEST:
            continue
        if name in ("classes.txt", "obj.names"):
            lines = member.read().decode("utf-8", "replace").splitlines()
            return {i: line.strip() for i, line in enumerate(lines) if line.strip()}
        if member.suffix in (".yaml", ".yml"):
            try:
                about = parse_yaml(member.read().decode("utf-8", "replace"))
            except (yaml.YAMLError, ValueError):
                continue
            names = about.get("names") if isinstance(about, dict) else None
            if isinstance(names, list):
                names = dict(enumerate(names))
            if isinstance(names, dict):
                return {number: str(word) for number, word in names.items() if isinstance(number, int)}
    return {}


def as_table(classes: dict[str, str]) -> Member:
    """A table beside the images: name and class."""
    made = io.StringIO()
    csv.writer(made).writerows([("image", "label"), *classes.items()])
    data = made.getvalue().encode()
    return Member("largest boxes.csv", len(data), lambda: data)
