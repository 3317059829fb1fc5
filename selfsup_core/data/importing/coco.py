"""Boxes of objects beside images, as COCO's JSON has them.

A file with "images" (id, file_name), "annotations" (image_id, category_id, bbox: x, y, width and height in
pixels) and "categories" (id, name). Names are only compared with those of the images; no file is opened by
them.
[1] Lin et al.: Microsoft COCO: Common objects in context, 2014
"""

from __future__ import annotations

import math
from pathlib import PurePosixPath
from typing import Any

from selfsup_core.data.boxes import MOST_BOXES, MOST_NAMES
from selfsup_core.data.importing.annotated import MOST_ANNOTATIONS, Annotated, tidy_name
from selfsup_core.data.importing.files import Member
from selfsup_core.data.limits import MB
from selfsup_core.errors import DataError
from selfsup_core.files.parsing import parse_json
from selfsup_core.translation import tr

LARGEST = 50 * MB  # of a JSON file
PARTS = ("images", "annotations", "categories")
MARKS = (b'"annotations"', b'"images"')


def is_coco(member: Member) -> bool:
    """Whether a JSON file begins or goes on like one of COCO's."""
    if member.suffix != ".json" or member.size > LARGEST:
        return False
    data = member.read()
    return all(mark in data for mark in MARKS)


def read_coco(member: Member, images: list[str]) -> Annotated:
    """The boxes of the images with these names.

    Raises:
        DataError: the file is not as COCO has it, or none of its images is there.
    """
    try:
        about = parse_json(member.read())
    except ValueError as error:
        raise damaged(member.name, str(error)) from error
    if not isinstance(about, dict) or not all(isinstance(about.get(part), list) for part in PARTS):
        raise damaged(member.name, tr("it needs the lists images, annotations and categories"))
    if max(len(about[part]) for part in PARTS) > MOST_ANNOTATIONS:
        raise damaged(member.name, tr("it has more than {most:,} entries").format(most=MOST_ANNOTATIONS))
    names = category_names(about["categories"])
    if not 1 <= len(set(names.values())) <= MOST_NAMES:
        raise damaged(
            member.name, tr("it needs 1 to {most} categories with an id and a name").format(most=MOST_NAMES)
        )
    found = Annotated("COCO")
    of_id = find_images(about["images"], images)
    if not of_id:
        raise damaged(member.name, tr("none of the images that it names is there"))
    found.boxes = {name: [] for name in of_id.values()}
    for place, one in enumerate(about["annotations"]):
        take_box(one, of_id, names, found, f"{member.name}, annotations[{place}]")
    return found


def damaged(name: str, why: str) -> DataError:
    return DataError(
        tr("{name} is no COCO file that can be used: {why}.").format(name=name, why=why),
        code="bad-coco",
        remedy=tr("Export it again, or leave it out to import the images alone."),
    )


def as_key(value: object) -> int | str | None:
    """An id: a whole number or a short text."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    return value


def category_names(categories: list[Any]) -> dict[int | str, str]:
    names = {}
    for one in categories:
        if not isinstance(one, dict) or (key := as_key(one.get("id"))) is None:
            continue
        name = one.get("name")
        if isinstance(name, str) and (cut := tidy_name(name)):
            names[key] = cut
    return names


def find_images(listed: list[Any], images: list[str]) -> dict[int | str, str]:
    """id → name of the image's member: by its whole path, else by its last part where only one has it."""
    whole = set(images)
    last: dict[str, list[str]] = {}
    for name in images:
        last.setdefault(PurePosixPath(name).name, []).append(name)
    found: dict[int | str, str] = {}
    taken: set[str] = set()
    for one in listed:
        if not isinstance(one, dict) or (key := as_key(one.get("id"))) is None or key in found:
            continue
        file_name = one.get("file_name")
        if not isinstance(file_name, str):
            continue
        alike = last.get(PurePosixPath(file_name.replace("\\", "/")).name, [])
        member: str | None = file_name if file_name in whole else alike[0] if len(alike) == 1 else None
        if member is not None and member not in taken:
            found[key] = member
            taken.add(member)
    return found


def take_box(
    one: object, of_id: dict[int | str, str], names: dict[int | str, str], found: Annotated, where: str
) -> None:
    """Add an annotation to the boxes of its image, or count why it is left out."""
    about = one if isinstance(one, dict) else {}
    image, category = as_key(about.get("image_id")), as_key(about.get("category_id"))
    values = about.get("bbox")
    if image is None or image not in of_id:
        return found.leave("image", where)
    if category is None or category not in names:
        return found.leave("category", where)
    if not isinstance(values, list):
        return found.leave("box", where)
    is_numbers = (
        len(values) == 4
        and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
        and all(math.isfinite(value) and abs(value) < 1e9 for value in values)
    )
    if not is_numbers or values[2] <= 0 or values[3] <= 0:
        return found.leave("box", where)
    if about.get("iscrowd"):
        return found.leave("crowd", where)
    boxes = found.boxes[of_id[image]]
    if len(boxes) >= MOST_BOXES:
        return found.leave("many", where)
    x, y, width, height = (float(value) for value in values)
    boxes.append((names[category], x, y, width, height))
    return None
