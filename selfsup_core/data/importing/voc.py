"""Boxes of objects beside images, as Pascal VOC has them: an XML file per image.

An annotation names its image (filename), may say its size, and gives for each object a name and a bndbox:
xmin, ymin, xmax and ymax in pixels, of which the first is 1 and the last belongs to the box. Names are only
compared with those of the images; no file is opened by them.
[1] Everingham et al.: The Pascal visual object classes (VOC) challenge, 2010
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from selfsup_core.data.boxes import MOST_BOXES, MOST_NAMES, Box
from selfsup_core.data.importing.annotated import MOST_ANNOTATIONS, Annotated, none_left, refused, tidy_name
from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.xml_files import read_xml
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

LONGEST = 100_000  # bytes of a file
MARK = re.compile(rb"<annotation\b")
FOLDERS = ("JPEGImages", "images", "Images")  # beside the one called Annotations
SIDES = ("xmin", "ymin", "xmax", "ymax")
MOST_LETTERS = 1000  # of a value


@dataclass
class Thing:
    """An object as it is written. line: where it begins."""

    line: int
    name: str = ""
    sides: dict[str, str] = field(default_factory=dict)


class Annotation:
    """What is heard of a file."""

    def __init__(self) -> None:
        self.path: list[str] = []
        self.things: list[Thing] = []
        self.image = ""
        self.size: dict[str, str] = {}
        self.text = ""

    def start(self, tag: str, attributes: dict[str, str], line: int) -> None:
        self.path.append(tag)
        self.text = ""
        if self.path == ["annotation", "object"]:
            self.things.append(Thing(line))

    def letters(self, text: str) -> None:
        if len(self.text) < MOST_LETTERS:
            self.text += text

    def end(self, tag: str, line: int) -> None:
        text, self.text = self.text.strip(), ""
        match self.path:
            case ["annotation", "filename"]:
                self.image = text
            case ["annotation", "size", ("width" | "height") as side]:
                self.size[side] = text
            case ["annotation", "object", "name"]:
                self.things[-1].name = tidy_name(text)
            case ["annotation", "object", "bndbox", side] if side in SIDES:
                self.things[-1].sides[side] = text
        self.path.pop()

    @property
    def shown_size(self) -> tuple[int, int] | None:
        """Width and height; None where they are not said."""
        width, height = (as_number(self.size.get(side, "")) for side in ("width", "height"))
        return (round(width), round(height)) if width and height else None


def as_number(text: str) -> float | None:
    """None for what is no finite number below a billion."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) < 1e9 else None


@dataclass
class Files:
    """The files of boxes beside images.

    Attributes:
        annotated: what they say. used: names of those whose image is there, and lonely: of the others.
        are_there: whether one of those used names an object.
    """

    annotated: Annotated
    used: list[str] = field(default_factory=list)
    lonely: list[str] = field(default_factory=list)
    are_there: bool = False


def is_voc(member: Member) -> bool:
    return member.suffix == ".xml" and MARK.search(member.head()) is not None


def read_voc(members: list[Member], images: list[str]) -> Files:
    """The boxes of the images with these names.

    Raises:
        DataError: the files name objects, and none of them can be used.
    """
    found = Files(Annotated("Pascal VOC"))
    places = Places(images)
    total = 0
    for member in members:
        if not is_voc(member):
            continue
        if member.size > LONGEST:
            found.annotated.leave("long", member.name)
            continue
        one = Annotation()
        try:
            read_xml(member.name, member.read(), one)
        except DataError as error:
            found.annotated.leave("damaged", error.message.rstrip("."))
            continue
        image = places.take(member.name, one.image)
        if not image:
            found.lonely.append(member.name)
            found.annotated.leave("lonely", member.name)
            continue
        found.used.append(member.name)
        found.are_there |= bool(one.things)
        found.annotated.boxes[image] = boxes = take_boxes(one, member.name, found.annotated)
        if size := one.shown_size:
            found.annotated.sizes[image] = size
        total += len(boxes)
        if total > MOST_ANNOTATIONS:
            raise refused("Pascal VOC", tr("there are more than {most:,}").format(most=MOST_ANNOTATIONS))
    count = len({name for boxes in found.annotated.boxes.values() for name, *_ in boxes})
    if found.are_there and not count:
        raise none_left(found.annotated)
    if count > MOST_NAMES:
        raise refused(
            "Pascal VOC",
            tr("they have {count:,} classes; at most {most} can be learned").format(
                count=count, most=MOST_NAMES
            ),
        )
    return found


def take_boxes(one: Annotation, file: str, found: Annotated) -> list[Box]:
    """x, y, width and height of each object; those that are none are counted."""
    boxes: list[Box] = []
    for thing in one.things:
        sides = [as_number(thing.sides.get(side, "")) for side in SIDES]
        left, top, right, bottom = (math.nan if side is None else side for side in sides)
        if not thing.name:
            found.leave("name", file, thing.line)
        elif not (right > left and bottom > top):
            found.leave("box", file, thing.line)
        elif len(boxes) >= MOST_BOXES:
            found.leave("many", file, thing.line)
        else:
            boxes.append((thing.name, left - 1, top - 1, right - left + 1, bottom - top + 1))
    return boxes


class Places:
    """Which image a file of boxes is of; each has one such file."""

    def __init__(self, images: list[str]) -> None:
        self.free = dict.fromkeys(images)
        self.by_path: dict[str, list[str]] = {}
        self.by_name: dict[str, list[str]] = {}
        self.by_stem: dict[str, list[str]] = {}
        for image in images:
            path = PurePosixPath(image)
            self.by_path.setdefault(str(path.with_suffix("")), []).append(image)
            self.by_name.setdefault(path.name, []).append(image)
            self.by_stem.setdefault(path.stem, []).append(image)

    def take(self, file: str, said: str) -> str:
        """The image beside the file, or in the folder of images; else the only one of the name that it says,
        else the only one of its own name; "" for none.
        """
        path = PurePosixPath(file).with_suffix("")
        said = PurePosixPath(said.replace("\\", "/")).name
        tries = [
            *(self.by_path.get(place, []) for place in places_of(path)),
            self.by_name.get(said, []),
            self.by_stem.get(path.name, []),
        ]
        for alike in tries:
            if len(alike) > 1:
                alike = [image for image in alike if PurePosixPath(image).name == said]
            if len(alike) == 1 and alike[0] in self.free:
                del self.free[alike[0]]
                return alike[0]
        return ""


def places_of(path: PurePosixPath) -> list[str]:
    """Where the image may be, without the ending."""
    found, parts = [str(path)], path.parts
    for place in reversed(range(len(parts) - 1)):
        if parts[place].lower() == "annotations":
            found += [str(PurePosixPath(*parts[:place], name, *parts[place + 1 :])) for name in FOLDERS]
    return found
