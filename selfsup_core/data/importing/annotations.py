"""Which files beside images give boxes of the objects in them: COCO's, else YOLO's, else Pascal VOC's."""

from __future__ import annotations

from selfsup_core.data.importing.annotated import describe_boxes, say_empty
from selfsup_core.data.importing.boxes import look_beside, read_yolo, take_largest
from selfsup_core.data.importing.coco import is_coco, read_coco
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.plan import Sorted
from selfsup_core.errors import DataError
from selfsup_core.translation import tr, tr_later

NOT_LISTED = tr_later("not among the images of the COCO file")
NO_IMAGE = tr_later("boxes of an image that is not there")


def take_annotations(found: Sorted, members: list[Member], config: ImportConfig) -> None:
    """Add the boxes of the images, and offer the class of the largest one of each.

    Args:
        found: of images; is changed. members: all files that were given.

    Raises:
        DataError: there are such files, and they cannot be used.
    """
    beside = look_beside(found.members, members)
    take_largest(found, beside, config)
    if files := [member for member in members if is_coco(member)]:
        take_coco(found, files)
        return
    if yolo := read_yolo(beside, found.members):
        used = {*beside.files.values(), beside.names_file}
        found.annotated = yolo
        found.beside = [m for m in found.beside if m.name not in {*used, *beside.lonely}]
        found.aside = {name: why for name, why in found.aside.items() if name not in used}
        found.aside |= dict.fromkeys(beside.lonely, tr(NO_IMAGE))
        found.notes += describe_boxes(yolo) + say_empty(yolo, len(found.members) - len(beside.lines))
        found.notes += beside.notes


def take_coco(found: Sorted, files: list[Member]) -> None:
    """Boxes of a COCO file beside the images; images that it does not name are left out.

    Raises:
        DataError: there are several such files, or one that cannot be used.
    """
    if len(files) > 1:
        raise DataError(
            tr("There are several COCO files: {names}.").format(names=", ".join(m.name for m in files[:5])),
            code="several-coco",
            remedy=tr("Leave one, with the images that it names."),
        )
    found.annotated = read_coco(files[0], [member.name for member in found.members])
    found.aside.pop(files[0].name, None)
    boxes = found.annotated.boxes
    found.aside |= {m.name: tr(NOT_LISTED) for m in found.members if m.name not in boxes}
    found.members = [member for member in found.members if member.name in boxes]
    found.notes += describe_boxes(found.annotated)
