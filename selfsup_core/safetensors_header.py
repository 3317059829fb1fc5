"""The header of a safetensors file: names, shapes and plain texts, without reading the arrays.

Eight bytes give the header's length (little-endian), then comes JSON [1].
[1] https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import BinaryIO

from selfsup_core.files import JsonObject
from selfsup_core.translation import tr

MOST_BYTES = 100_000_000  # of a header, as the format's own reader allows


def read_header(source: Path | bytes) -> JsonObject:
    """Name of an array → {"dtype", "shape", "data_offsets"}; texts that belong to the file under
    "__metadata__".

    Args:
        source: a file, or the bytes of one.

    Raises:
        OSError: the file cannot be opened. ValueError: there is no valid header in it.
    """
    if isinstance(source, bytes):
        return _parse(io.BytesIO(source), len(source))
    with open(source, "rb") as file:
        return _parse(file, source.stat().st_size)


def read_metadata(source: Path | bytes) -> dict[str, str]:
    """The texts alone. Raises as `read_header`."""
    found = read_header(source).get("__metadata__", {})
    if not isinstance(found, dict):
        raise ValueError(tr("the texts of the header are not a mapping"))
    return found


def sort_header(blob: bytes) -> bytes:
    """The same file with a header in the order of its names: the format's writer leaves that of texts to
    chance.
    """
    size = int.from_bytes(blob[:8], "little")
    header = read_header(blob)
    texts = header.pop("__metadata__", None)
    ordered = {} if texts is None else {"__metadata__": dict(sorted(texts.items()))}
    ordered |= dict(sorted(header.items(), key=lambda item: (item[1]["data_offsets"], item[0])))
    text = json.dumps(ordered, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + blob[8 + size :]


def _parse(file: BinaryIO, total: int) -> JsonObject:
    size = int.from_bytes(file.read(8), "little")
    if not 2 <= size <= min(MOST_BYTES, total - 8):
        raise ValueError(
            tr("the header would take {size} bytes of a file of {total}").format(size=size, total=total)
        )
    try:
        header = json.loads(file.read(size))
    except RecursionError as error:
        raise ValueError(tr("the header is nested too deeply")) from error
    if not isinstance(header, dict):
        raise ValueError(tr("the header is not a mapping"))
    return header
