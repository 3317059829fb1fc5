"""DICOM and NIfTI → gray images: each slice of a volume, or its middle one."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.dicom_header import read_size
from selfsup_core.data.importing.extras import load_reader, why
from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.fixes import MIDDLE_SLICES
from selfsup_core.data.importing.formats import scan_form
from selfsup_core.data.importing.table import check_decoded
from selfsup_core.data.limits import LIMITS
from selfsup_core.errors import DataError
from selfsup_core.translation import tr
from selfsup_core.wording import counted

if TYPE_CHECKING:
    from PIL import Image

HEADER = 64 * 1024
TAGS = ("Rows", "Columns", "NumberOfFrames", "PixelData")


@dataclass(frozen=True)
class Scan:
    """A file of slices.

    Attributes:
        size: width and height of each. read: one of them, as an image of PIL.
        values: (K, H, W) of those from one place up to another, where many are read at once.
    """

    size: tuple[int, int]
    slices: int
    read: Callable[[int], Image.Image]
    values: Callable[[int, int], np.ndarray] | None = None


def unpack_scans(members: list[Member], config: ImportConfig) -> tuple[list[Member], int, list[str]]:
    """(members with each slice of a scan as one of its own, number of volumes, what was decided).

    Raises:
        DataError: the only file cannot be read, or there are too many slices.
    """
    if not any(scan_form(member.name, member.head()) for member in members):
        return members, 0, []
    scans: list[tuple[Member, int, bool]] = []  # how many slices, and whether many are read at once
    for member in members:
        try:
            is_scan = scan_form(member.name, member.head())
            scan = look_at(member) if is_scan else None
        except DataError as error:
            if len(members) == 1:
                raise
            scans.append((replace(member, picture=partial(fail, error)), 0, False))
            continue
        kept = member if scan is None else replace(member, size_shown=scan.size, picture=partial(see, member))
        scans.append((kept, scan.slices if scan else 0, scan is not None and scan.values is not None))
    volumes = sum(slices > 1 for _, slices, _ in scans)
    every = config.slices == "all" or (config.slices == "auto" and volumes == 1)
    found: list[Member] = []
    for member, slices, at_once in scans:
        found += each_slice(member, slices, at_once=at_once) if every and slices > 1 else [member]
        if len(found) > LIMITS.archive_entries:
            raise DataError(
                tr("The volumes hold more than {archive_entries:,} slices.").format(
                    archive_entries=LIMITS.archive_entries
                ),
                code="archive-entries",
                remedy=tr("Set Slices to middle."),
                fix=MIDDLE_SLICES,
            )
    notes = []
    if volumes:
        message = (
            tr("{volumes}: each slice is an image.")
            if every
            else tr("{volumes}: the middle slice of each is an image.")
        )
        notes.append(message.format(volumes=counted(volumes, "volume")))
    if every and volumes == 1:
        notes.append(
            tr("Slices of one volume are alike: what is measured on them says little of other volumes.")
        )
    return found, volumes, notes


def fail(error: DataError) -> Image.Image:
    raise error


def see(member: Member, place: int | None = None) -> Image.Image:
    """A slice of a scan, the middle one when none is named."""
    scan = open_scan(member)
    return scan.read(scan.slices // 2 if place is None else place)


def see_many(member: Member, start: int, stop: int) -> np.ndarray:
    values = open_scan(member).values
    assert values is not None
    return values(start, stop)


def each_slice(member: Member, slices: int, *, at_once: bool) -> list[Member]:
    name = PurePosixPath(member.name)
    begin = str(name.with_name(name.stem))
    digits = len(str(slices))
    whole = replace(member, picture=None)
    many = partial(see_many, whole) if at_once else None
    return [
        Member(
            f"{begin}-{i + 1:0{digits}d}{name.suffix}",
            member.size,
            member.read,
            path=member.path,
            begin=member.begin,
            notes=member.notes,
            picture=partial(see, whole, i),
            size_shown=member.size_shown,
            volume=member.name,
            place=i,
            slices=many,
        )
        for i in range(slices)
    ]


def look_at(member: Member) -> Scan:
    """Size and number of slices, from the header alone where that is quicker. Raises DataError."""
    if scan_form(member.name, member.head()) == "nifti":
        return open_scan(member)
    begin = member.head(HEADER)
    if size := read_size(begin):
        load_reader(member.name, "pydicom", instead=tr("save its images as PNG"))
        check_slices(member, *size)
        return Scan((size.width, size.height), size.frames, partial(see, member))
    try:
        return read_dicom(member, begin, header_only=True)
    except DataError:
        if member.size <= HEADER:
            raise
        return read_dicom(member, member.read(), header_only=True)


@lru_cache(maxsize=2)
def open_scan(member: Member) -> Scan:
    """Raises DataError: damaged, too large, or its reader is not installed."""
    if scan_form(member.name, member.head()) == "nifti":
        return read_nifti(member)
    return read_dicom(member, member.read())


def damaged(member: Member, what: str, why: str) -> DataError:
    return DataError(
        tr("{name} cannot be read as {what} ({why}).").format(name=member.name, what=what, why=why),
        code="damaged-image",
        remedy=tr("Export it again, for example as PNG."),
    )


def check_slices(member: Member, width: int, height: int, slices: int) -> None:
    if min(width, height, slices) < 1:
        raise damaged(
            member,
            tr("a scan"),
            tr("it declares {slices} slices of {width} × {height} pixels").format(
                slices=slices, width=width, height=height
            ),
        )
    if width * height > LIMITS.image_pixels:
        raise DataError(
            tr("{name} has slices of {width:,} × {height:,} pixels; at most {image_pixels:,}.").format(
                name=member.name, width=width, height=height, image_pixels=LIMITS.image_pixels
            ),
            code="image-too-large",
            remedy=tr("Make it smaller."),
        )


def read_nifti(member: Member) -> Scan:
    nibabel = load_reader(member.name, "nibabel", instead=tr("save its slices as PNG"))
    data = member.read()
    try:
        kind = nibabel.Nifti2Image if data[4:8] == b"n+2\0" else nibabel.Nifti1Image
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = kind.from_bytes(data)
        shape = tuple(int(n) for n in image.shape)
        held = image.header.get_data_dtype()
        count = int(np.prod(shape, dtype=object))
        offset = int(image.header["vox_offset"])
        if held.kind not in "biuf" or not 2 <= len(shape) <= 5 or min(shape) < 1:
            raise damaged(member, tr("a volume"), tr("{shape} of {held}").format(shape=shape, held=held))
        if count * held.itemsize > len(data) - offset:
            raise damaged(
                member,
                tr("a volume"),
                tr("it declares {shape} of {held}, which is more than it holds").format(
                    shape=shape, held=held
                ),
            )
        check_decoded(
            tr("{name} of {shape}").format(name=member.name, shape=shape),
            8 * math.prod(shape[:3]),
            tr("Crop it."),
        )
        values = np.asarray(
            image.dataobj[(..., *(0,) * (len(shape) - 3))] if len(shape) > 3 else image.dataobj
        )
        values = values.reshape(*shape[:3], 1)[:, :, :, 0] if len(shape) > 2 else values[:, :, None]
        turn = orientation(nibabel, image.affine)
        if turn is not None:
            values = nibabel.apply_orientation(values, turn)
    except (DataError, MemoryError):
        raise
    except Exception as error:  # damaged files raise many kinds
        raise damaged(member, tr("a NIfTI volume"), why(error)) from error
    width, height, slices = values.shape
    check_slices(member, width, height, slices)
    upright = np.rot90(values).transpose(2, 0, 1)  # (slices, height, width)
    return Scan(
        (width, height), slices, lambda i: as_image(upright[i]), lambda i, k: plain_values(upright[i:k])
    )


def orientation(nibabel: Any, affine: np.ndarray) -> np.ndarray | None:
    """How axes become right, front, up; None where the file does not say."""
    if not np.isfinite(affine).all():
        return None
    turn = np.asarray(nibabel.io_orientation(affine))
    return turn if np.isfinite(turn).all() else None


def read_dicom(member: Member, data: bytes, *, header_only: bool = False) -> Scan:
    pydicom = load_reader(member.name, "pydicom", instead=tr("save its images as PNG"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(
                io.BytesIO(data),
                force=data[128:132] != b"DICM",
                stop_before_pixels=header_only,
                specific_tags=list(TAGS) if header_only else None,
            )
            width, height = int(dataset.Columns), int(dataset.Rows)
            slices = int(dataset.get("NumberOfFrames") or 1)
    except MemoryError:
        raise
    except Exception as error:  # damaged files raise many kinds
        raise damaged(member, tr("a DICOM image"), why(error)) from error
    check_slices(member, width, height, slices)
    return Scan((width, height), slices, partial(dicom_slice, member, dataset))


def dicom_slice(member: Member, dataset: Any, place: int) -> Image.Image:
    """Raises DataError: packed in a way that needs a further package, or damaged."""
    pixels = load_reader(member.name, "pydicom.pixels")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values = pixels.pixel_array(dataset, index=place)
            kind = str(dataset.get("PhotometricInterpretation", ""))
            if kind == "PALETTE COLOR":
                values = pixels.apply_color_lut(values, dataset)
            slope, shift = (
                float(dataset.get("RescaleSlope") or 1),
                float(dataset.get("RescaleIntercept") or 0),
            )
            bits = int(dataset.get("BitsStored") or 8)
    except MemoryError:
        raise
    except Exception as error:  # damaged files raise many kinds
        if "missing dependencies" in str(error):
            raise DataError(
                tr("{name} is packed in a way that pydicom cannot unpack alone.").format(name=member.name),
                code="no-reader",
                remedy=tr("Unpack it, for example with gdcmconv --raw, or save it as PNG."),
            ) from error
        raise damaged(member, tr("a DICOM image"), why(error)) from error
    if values.ndim == 3:  # color
        return as_image((values / 257).astype(np.uint8) if values.dtype.itemsize > 1 else values)
    if kind == "MONOCHROME1":  # the highest value is black
        values = (1 << min(bits, 32)) - 1 - values.astype(np.int64)
    if values.dtype != np.uint8 or (slope, shift) != (1.0, 0.0):
        values = values.astype(np.float32) * np.float32(slope) + np.float32(shift)
    return as_image(values)


def as_image(values: np.ndarray) -> Image.Image:
    from PIL import Image

    return Image.fromarray(plain_values(values))


def plain_values(values: np.ndarray) -> np.ndarray:
    """Bytes as they are; all else with 32 bits a pixel, so that one scale is found for the whole set."""
    if values.dtype != np.uint8:
        values = values.astype(np.float32)
        if not np.isfinite(values).all():
            values = np.nan_to_num(values, posinf=0.0, neginf=0.0)
    return np.ascontiguousarray(values)
