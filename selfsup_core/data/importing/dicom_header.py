"""Size and frames of a DICOM image from its first bytes, in a small part of the time in which pydicom makes a
data set of the whole header.

Only the usual encoding is read, "Explicit VR Little Endian" [1], which is also that of all compressed pixels.

[1] DICOM PS3.5 2024, sections 7.1.2 and 10.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

START = 132  # after the preamble and "DICM"
# Of these the length has four bytes, after two that are reserved.
LONG = frozenset([b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"])
SYNTAX, FRAMES, ROWS, COLUMNS = 0x00020010, 0x00280008, 0x00280010, 0x00280011
# Implicit VR, deflated, big endian.
OTHERS = frozenset([b"1.2.840.10008.1.2", b"1.2.840.10008.1.2.1.99", b"1.2.840.10008.1.2.2"])


class Size(NamedTuple):
    width: int
    height: int
    frames: int


def read_size(data: bytes) -> Size | None:
    """None where it cannot be told from these bytes: another encoding, or elements of unknown length."""
    if data[128:START] != b"DICM":
        return None
    found: dict[int, bytes] = {}
    place = START
    while place + 12 <= len(data):
        group, element, kind = struct.unpack_from("<HH2s", data, place)
        tag = group << 16 | element
        if tag > COLUMNS or not kind.isalpha():
            break
        if group > 2 and found.get(SYNTAX, b"") in {b"", *OTHERS}:
            return None
        is_long = kind in LONG
        (length,) = struct.unpack_from("<I" if is_long else "<H", data, place + (8 if is_long else 6))
        start = place + (12 if is_long else 8)
        place = start + length  # of an unknown length, all ones, far behind the end
        if tag in (SYNTAX, FRAMES, ROWS, COLUMNS):
            found[tag] = data[start:place].strip(b"\0 ") if tag in (SYNTAX, FRAMES) else data[start:place]
    frames = found.get(FRAMES) or b"1"
    if len(found.get(ROWS, b"")) != 2 or len(found.get(COLUMNS, b"")) != 2 or not frames.isdigit():
        return None
    width, height = (int.from_bytes(found[tag], "little") for tag in (COLUMNS, ROWS))
    return Size(width, height, int(frames) or 1)
