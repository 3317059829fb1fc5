"""What may be wrong with a file or a disk, in words for a person."""

from __future__ import annotations

import errno
from pathlib import Path

from selfsup_core.errors import StudioError
from selfsup_core.translation import tr


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
            tr("Make the workspace writable and try again.")
            if error.errno == errno.EROFS
            else tr("Free some disk space and try again.")
        )
        return StudioError(
            tr("Could not write to disk: {reason}.").format(reason=reason), code="disk", remedy=remedy
        )
    place = f" {name}" if name else tr(" a file")
    return StudioError(
        tr("Could not use{place}: {reason}.").format(place=place, reason=reason),
        code="disk",
        remedy=tr("Check the permissions of the workspace."),
    )
