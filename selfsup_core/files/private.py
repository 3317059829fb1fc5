"""Whom a file is for: what this process makes is its owner's alone, except what a person asked for
(POSIX).
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

OTHERS = 0o077  # what a file's mode allows to anybody but its owner
_umasks: list[int] = []  # as this process was started


def keep_private() -> None:
    """Whatever this process makes from now on can be read by its owner only (POSIX)."""
    if os.name == "posix":
        _umasks.append(os.umask(OTHERS))


def keep_as_before() -> None:
    """The end of `keep_private`."""
    if _umasks:
        os.umask(_umasks.pop())


def hand_over(path: Path) -> None:
    """Give a file, or a new folder, that a person has asked for the mode that new files of theirs have."""
    if _umasks:
        for place in (path, *path.rglob("*")):
            os.chmod(place, (0o777 if place.is_dir() else 0o666) & ~_umasks[0])


def tighten(path: Path) -> None:
    """Take a file, or a folder with all that is in it, from everybody but its owner (POSIX).

    Links are not followed, and what may not be changed stays as it is.
    """
    if os.name != "posix":
        return
    try:
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode) or not mode & OTHERS:
            return  # a folder that is closed keeps closed what lies in it
        if stat.S_ISDIR(mode):
            for name in os.listdir(path):
                tighten(path / name)
        os.chmod(path, stat.S_IMODE(mode) & ~OTHERS)
    except OSError:
        return
