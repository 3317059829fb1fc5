"""Which files beside images give boxes of the objects in them: COCO's, else YOLO's, else Pascal VOC's."""

from __future__ import annotations

from selfsup_core.data.importing.annotated import Annotated, describe_boxes, say_empty, say_left_out
from selfsup_core.data.importing.boxes import look_beside, read_yolo, take_largest
from selfsup_core.data.importing.coco import is_coco, read_coco
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.plan import Sorted
from selfsup_core.data.importing.voc import read_voc
from selfsup_core.errors import DataError
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import counted

NOT_LISTED = tr_later("not among the images of the COCO file")
NO_FILE = tr_later("no file of boxes (Pascal VOC) is of this image")
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
        used = [*beside.files.values(), beside.names_file]
        take(found, yolo, used, beside.lonely)
        found.notes += say_empty(yolo, len(found.members) - len(beside.lines)) + beside.notes
        return
    voc = read_voc(members, [member.name for member in found.members])
    if voc.are_there:
        boxes = voc.annotated.boxes
        found.aside |= {m.name: tr(NO_FILE) for m in found.members if m.name not in boxes}
        found.members = [member for member in found.members if member.name in boxes]
        take(found, voc.annotated, voc.used, voc.lonely)
        return
    del voc.annotated.left_out["lonely"]
    found.notes += say_left_out(voc.annotated)
    if lonely := voc.lonely + beside.lonely:
        found.aside |= dict.fromkeys(lonely, tr(NO_IMAGE))
        found.notes.append(
            tr("{files} of boxes, as {name}, belong to no image that is there.").format(
                files=counted(len(lonely), "file"), name=lonely[0]
            )
        )


def take(found: Sorted, annotated: Annotated, used: list[str], lonely: list[str]) -> None:
    """Keep the boxes, say what was read, and set aside the files that belong to no image."""
    found.annotated, known = annotated, {*used, *lonely}
    found.beside = [m for m in found.beside if m.name not in known]
    found.aside = {name: why for name, why in found.aside.items() if name not in known}
    found.aside |= dict.fromkeys(lonely, tr(NO_IMAGE))
    found.notes += describe_boxes(annotated)


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
