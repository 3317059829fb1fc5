"""NPY, NPZ and IDX: arrays of images or of table rows, with their labels. Pickled objects are refused."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.images import short
from selfsup_core.data.limits import LIMITS, MB
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

IDX = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


@dataclass(frozen=True)
class Named:
    """An array and the name that tells what it is."""

    name: str
    array: np.ndarray


def read_npy(member: Member) -> np.ndarray:
    """Raises DataError: pickled objects, a size that does not fit the header."""
    stream = io.BytesIO(member.read())
    try:
        version = np.lib.format.read_magic(stream)
        reader = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, fortran, dtype = reader(stream, max_header_size=10_000)
    except Exception as error:
        raise DataError(
            tr("{name} is not a readable array ({error}).").format(name=member.name, error=short(error)),
            code="damaged-array",
            remedy=tr("Save it again with numpy.save."),
        ) from error
    if dtype.hasobject:
        raise DataError(
            tr("{name} holds Python objects, which may run code when loaded.").format(name=member.name),
            code="pickle-refused",
            remedy=tr("Save numbers or strings: array.astype(float)."),
        )
    if dtype.kind not in "biufUS":
        raise DataError(
            tr("{name} holds {dtype}; expected numbers or strings.").format(name=member.name, dtype=dtype),
            code="bad-array",
            remedy=tr("Save it as plain columns."),
        )
    count = int(np.prod([int(n) for n in shape], dtype=object)) if shape else 1
    found = member.size - stream.tell()
    if count * dtype.itemsize != found or min(shape, default=0) < 0 or not dtype.itemsize:
        raise DataError(
            tr("{name} declares {shape} of {dtype}, {count:,} bytes, but holds {found:,}.").format(
                name=member.name, shape=shape, dtype=dtype, count=count * dtype.itemsize, found=found
            ),
            code="damaged-array",
            remedy=tr("Save it again with numpy.save."),
        )
    body = stream.getbuffer()[stream.tell() :]
    if dtype.kind == "U" and count:
        points = np.frombuffer(body, np.dtype(np.uint32).newbyteorder(dtype.byteorder))
        if points.max() > 0x10FFFF:
            raise DataError(
                tr("{name} holds invalid characters.").format(name=member.name),
                code="damaged-array",
                remedy=tr("Save it again with numpy.save."),
            )
    array = np.frombuffer(body, dtype=dtype, count=count)
    return array.reshape([int(n) for n in shape], order="F" if fortran else "C")


def read_idx(member: Member) -> np.ndarray:
    """The format of MNIST's files [1].

    [1] LeCun, Cortes, Burges: The MNIST database of handwritten digits, 1998
    """
    data = member.read()
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in IDX or not 1 <= data[3] <= 4:
        raise DataError(
            tr("{name} is not an IDX file.").format(name=member.name),
            code="damaged-array",
            remedy=tr("Download it again."),
        )
    dims = data[3]
    if len(data) < 4 + 4 * dims:
        raise DataError(
            tr("{name} ends in its header.").format(name=member.name),
            code="damaged-array",
            remedy=tr("Download it again."),
        )
    shape = struct.unpack(f">{dims}I", data[4 : 4 + 4 * dims])
    dtype = np.dtype(IDX[data[2]])
    expected, found = int(np.prod(shape, dtype=object)) * dtype.itemsize, len(data) - 4 - 4 * dims
    if expected != found:
        raise DataError(
            tr("{name} declares {shape}, {expected:,} bytes, but holds {found:,}.").format(
                name=member.name, shape=shape, expected=expected, found=found
            ),
            code="damaged-array",
            remedy=tr("Download it again; the download may have been cut off."),
        )
    return np.frombuffer(data, dtype, offset=4 + 4 * dims).reshape(shape)


def as_pixels(x: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """(N, H, W[, C]) numbers → bytes, gray or three colors.

    Raises:
        DataError: not images.
    """
    notes: list[str] = []
    if x.dtype.kind in "biu" and x.size and x.min() >= 0 and x.max() == 1:
        x = x.astype(np.uint8) * np.uint8(255)
        notes.append(tr("The images hold only 0 and 1; these are black and white now."))
    if x.ndim == 4 and x.shape[1] in (1, 3) and x.shape[3] not in (1, 3, 4):
        x = np.moveaxis(x, 1, 3)
        notes.append(tr("The channels came first and were moved to the end."))
    if x.ndim == 4 and x.shape[3] == 1:
        x = x[..., 0]
    if x.ndim == 4 and x.shape[3] == 4:
        x = x[..., :3]
        notes.append(tr("The fourth channel (opacity) was left out."))
    if x.ndim not in (3, 4) or (x.ndim == 4 and x.shape[3] != 3) or x.dtype.kind not in "biuf":
        raise DataError(
            tr(
                "An array of {shape} {dtype} is not a set of images; expected (N, H, W) or (N, H, W, 3) "
                "numbers."
            ).format(shape=x.shape, dtype=x.dtype),
            code="other-shapes",
            remedy=tr("Reshape it."),
        )
    if x.dtype == np.uint8:
        return x, notes
    if x[0].size * len(x) * 4 > LIMITS.decoded_bytes:
        raise DataError(
            tr("The images take more than {decoded_bytes} MB.").format(
                decoded_bytes=LIMITS.decoded_bytes // MB
            ),
            code="too-large",
            remedy=tr("Save them as bytes (uint8)."),
        )
    values = x.astype(np.float32)
    bad = int((~np.isfinite(values)).sum())
    if bad:
        values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
        notes.append(tr("{bad:,} pixels were missing or infinite; they are black now.").format(bad=bad))
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= 255 and (high > 1 or x.dtype.kind in "biu"):
        return values.astype(np.uint8), notes
    if low < 0 or high > 1:
        notes.append(
            tr("Values from {low:g} to {high:g} were scaled to 0 to 255.").format(low=low, high=high)
        )
        values = (values - low) / ((high - low) or 1.0)
    return np.round(values * 255).astype(np.uint8), notes


def label_text(value: Any) -> str:
    """A stored label as a class name; -1, NaN and b"" mean none."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float):
        return "" if value != value or value == -1 else f"{value:g}"
    return "" if value == -1 else str(value).encode("utf-8", "replace").decode()
