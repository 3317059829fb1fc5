"""Files are read when they are plain, not too large, and have the shape that is expected."""

from __future__ import annotations

import base64
import errno
import hashlib
import os
import stat
import tokenize
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from selfsup_core.files.faults import DamagedFile
from selfsup_core.files.parsing import parse_json
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import numpy as np


T = TypeVar("T")
MB = 1_000_000
MOST_JSON = 64 * MB  # no list of rows that we write has so much
MOST_LINES = 512 * MB  # of metrics: millions of rows
MOST_FRAME = 512 * MB
MOST_WEIGHTS = 8_000 * MB


def require_plain(path: Path) -> os.stat_result:
    """What the system says of a plain file.

    To open a pipe waits for whoever writes into it, a device may never end, and a link in a folder of a
    stranger leads to files that are none of theirs.

    Raises:
        OSError: there is none, or it is a link, a folder, a pipe or a device.
    """
    status = os.lstat(path)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, tr("it is not a plain file"), str(path))
    return status


def read_file(path: Path, most: int = MOST_JSON) -> bytes:
    """The bytes of a plain file.

    Args:
        most: bytes; a file of the workspace that is larger is not what we wrote, and may be a sparse one of
        terabytes.

    Raises:
        OSError: as `require_plain`, or it is too large or may not be read.
    """
    if (size := require_plain(path).st_size) > most:
        limit = f"{most / MB:g} MB" if most >= MB else tr("{most:,} bytes").format(most=most)
        raise OSError(
            errno.EINVAL,
            tr("it has {size:,} bytes, and at most {limit} are read").format(size=size, limit=limit),
            str(path),
        )
    return path.read_bytes()


# What numpy lets through of a header that is none.
UNREADABLE = (
    EOFError,
    MemoryError,
    OverflowError,
    RecursionError,
    SyntaxError,
    TypeError,
    tokenize.TokenError,
)


def load_array(path: Path, *, is_mapped: bool = False) -> np.ndarray:
    """The array of a .npy file; never one that would run code, or that is larger than its file.

    Args:
        is_mapped: it stays on disk until it is read.

    Raises:
        OSError: as `require_plain`. ValueError: it is no such file.
    """
    import numpy as np

    require_plain(path)
    try:
        # Mapped first: read at once, a header that promises terabytes would get them.
        found = np.lib.format.open_memmap(path, mode="r")
    except UNREADABLE as error:
        raise ValueError(tr("it is not an array")) from error
    return found if is_mapped else np.array(found)


def read_json(path: Path) -> Any:
    """A JSON file's value, or None when it is missing, damaged or may not be read."""
    try:
        return parse_json(read_file(path))
    except (OSError, ValueError):
        return None


@cache
def adapter_of(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def read_checked(path: Path, shape: type[T], *, lacking: Mapping[str, object] | None = None) -> T | None:
    """A JSON file's value once it has the shape, None when there is no such file.

    Every JSON file of a workspace that decides anything is read here.

    Args:
        shape: a TypedDict, or another type that pydantic knows; fields that it does not name are kept.
        lacking: values of fields that earlier versions did not write.

    Raises:
        DamagedFile: names the file and what is wrong with it.
    """
    try:
        found = parse_json(read_file(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DamagedFile(
            tr("{name} cannot be read: {reason}.").format(name=path.name, reason=reason)
        ) from error
    except ValueError as error:
        raise DamagedFile(tr("{name} is damaged: it is not valid JSON.").format(name=path.name)) from error
    return check_shape(found, shape, path.name, lacking=lacking)


def check_shape(value: Any, shape: type[T], name: str, *, lacking: Mapping[str, object] | None = None) -> T:
    """The value, once it has the shape. Raises DamagedFile that calls it `name`."""
    if lacking and isinstance(value, dict):
        value = {**lacking, **value}
    try:
        checked = adapter_of(cast("Any", shape)).validate_python(value, strict=True)
    except ValidationError as error:
        raise DamagedFile(
            tr("{name} is damaged: {first_problem}.").format(name=name, first_problem=first_problem(error))
        ) from error
    # What the shape does not name stays: a later version, or a task, may have written it.
    return cast("T", value | checked if isinstance(value, dict) else checked)


def first_problem(error: ValidationError) -> str:
    """Where, and what was expected there."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(part)[:40] for part in first["loc"])
    expected = first["msg"][:1].lower() + first["msg"][1:]
    return f"{place}: {expected}" if place else expected


def read_shaped(path: Path, shape: type[T], *, lacking: Mapping[str, object] | None = None) -> T | None:
    """As `read_checked`, but None for what is damaged too: where the file is only a convenience."""
    try:
        return read_checked(path, shape, lacking=lacking)
    except DamagedFile:
        return None


def digest_of_file(path: Path) -> str:
    """sha256 of a plain file, read in pieces. Raises OSError."""
    require_plain(path)
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256(data: bytes | memoryview) -> str:
    """Hex digest."""
    return hashlib.sha256(data).hexdigest()


def policy_hash(text: str) -> str:
    """The name of an inline script or style in a content security policy, which allows this text and no
    other.
    """
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
