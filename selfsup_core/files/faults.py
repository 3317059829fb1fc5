"""What may be wrong with a file or a disk, in words for a person."""

from __future__ import annotations

import errno
from pathlib import Path

from selfsup_core.errors import StudioError


class DamagedFile(StudioError):
    """A file of the workspace is not what was written: cut off, changed by hand, or of another program."""

    code = "damaged-file"


DISK_ERRORS = {errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EFBIG}


def disk_error(error: OSError) -> StudioError:
    """An error of the file system as a person may see it: without the system's own words for a place."""
    reason = error.strerror or type(error).__name__
    name = Path(str(error.filename)).name if error.filename else ""
    if error.errno in DISK_ERRORS:
        remedy = (
            "Make the workspace writable and try again."
            if error.errno == errno.EROFS
            else "Free some disk space and try again."
        )
        return StudioError(f"Could not write to disk: {reason}.", code="disk", remedy=remedy)
    place = f" {name}" if name else " a file"
    return StudioError(
        f"Could not use{place}: {reason}.", code="disk", remedy="Check the permissions of the workspace."
    )
