"""How much disk each person of a room may use. It is asked for before a run starts, before a file is taken in
and before a data set is made of it; outside of a room nobody is limited.

Deleted runs and data sets count as long as the bin keeps them.
"""

from __future__ import annotations

import math
import os
import stat
import threading
import time
from pathlib import Path
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from selfsup_core.errors import StudioError
from selfsup_core.files import MB, read_shaped, write_json
from selfsup_core.shared import host_of, person_of, room_folder
from selfsup_core.translation import tr

FILE = "limits.json"
DISK_MB = 1000  # the example runs take 1 to 4 MB each
LEAST_MB, MOST_MB = 50, 1_000_000
FRESH_SECONDS = 2.0

_lock = threading.Lock()
_counted: dict[Path, tuple[float, int]] = {}


class RoomLimits(TypedDict):
    """limits.json of a room. disk_mb: megabytes that each person may use."""

    disk_mb: Annotated[int, Field(ge=LEAST_MB, le=MOST_MB)]


def write_limits(host: Path, disk_mb: int) -> None:
    """Set what each person of a room may use. Raises OSError."""
    write_json(room_folder(host) / FILE, {"disk_mb": disk_mb})


def allowed_bytes(workspace: Path) -> int | None:
    """What a person may use; None for a workspace that is no person's."""
    if not person_of(workspace):
        return None
    found = read_shaped(room_folder(host_of(workspace)) / FILE, RoomLimits)
    return (found["disk_mb"] if found else DISK_MB) * MB


def used_bytes(workspace: Path) -> int:
    """Bytes of all files of a workspace, as of a moment ago."""
    with _lock:
        at, known = _counted.get(workspace, (float("-inf"), 0))
    if time.monotonic() - at < FRESH_SECONDS:
        return known
    found = count_bytes(workspace)
    with _lock:
        _counted[workspace] = (time.monotonic(), found)
    return found


def count_bytes(folder: Path) -> int:
    """Bytes of all plain files in a folder; links are not followed."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                status = os.lstat(os.path.join(place, name))
            except OSError:
                continue  # removed in this moment
            total += status.st_size if stat.S_ISREG(status.st_mode) else 0
    return total


def lacks_space(workspace: Path, more: int = 0) -> StudioError | None:
    """Why a person may not keep so many more bytes; None when they may."""
    allowed = allowed_bytes(workspace)
    if allowed is None:
        return None
    used = used_bytes(workspace)
    if used + more <= allowed:
        return None
    has, most, needs = math.ceil(used / MB), allowed // MB, math.ceil(more / MB)
    said = tr(
        "Your data and runs use {has:,} of the {most:,} MB of disk that each person has in this room."
    ).format(has=has, most=most)
    return StudioError(
        said
        if used >= allowed
        else tr("{said} This needs about {needs:,} MB more.").format(said=said, needs=needs),
        code="disk-quota",
        remedy=tr("Delete runs or data sets that you no longer need, then empty the bin below their list."),
    )


def require_space(workspace: Path, more: int = 0) -> None:
    """Raises StudioError: a person may not keep so many more bytes."""
    if lacking := lacks_space(workspace, more):
        raise lacking


def forget_counted(workspace: Path) -> None:
    """Something large was deleted: the next question counts again."""
    with _lock:
        _counted.pop(workspace, None)
