"""A workspace says in which format it was written; an older one is brought up to date, a newer one is
refused.

Format 1: the first release (0.1), whose workspaces say nothing, and this one.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from selfsup_core import __version__
from selfsup_core.errors import StudioError
from selfsup_core.files import OTHERS, read_json, tighten, write_json
from selfsup_core.translation import tr

FORMAT = 1
FILE = "workspace.json"
# Format → what brings a workspace to the next one. Each may be run again after it was cut off half-way.
MIGRATIONS: dict[int, Callable[[Path], None]] = {}
# What the program keeps in a workspace. A folder that holds anything else is also used for other things.
KNOWN = frozenset(
    (
        "datasets",
        "embeddings",
        "examples-added",
        "exports",
        "hand",
        "judges",
        "lab",
        "labels",
        "layouts",
        "lessons.json",
        "maps",
        "mlflow.db",
        "mlruns",
        "models",
        "open.html",
        "queue",
        "room",
        "runs",
        "secret",
        "selections",
        "submissions",
        "supervisor",
        "sweeper",
        "sweeps",
        "token",
        "trackio",
        "trash",
        "uploads",
        "wandb",
        "workspace.json",
    )
)


def open_workspace(workspace: Path) -> Path:
    """The same folder, in the format that this version writes.

    Raises:
        StudioError: a newer version has written it; says what to do.
    """
    if not workspace.is_dir():
        return workspace
    close_to_others(workspace)
    if read_format(workspace) == FORMAT and (workspace / FILE).exists():
        return workspace
    found = read_format(workspace)
    if found > FORMAT:
        raise StudioError(
            tr(
                "The workspace {name} was written by a newer version (format {found}; this one reads "
                "up to {format}). Nothing was changed."
            ).format(name=workspace.name, found=found, format=FORMAT),
            code="newer-workspace",
            remedy=tr("Update SelfSup Studio, or name another folder in SELFSUP_WORKSPACE."),
        )
    if found < FORMAT:
        with FileLock(workspace / f".{FILE}.lock"):
            for step in range(read_format(workspace), FORMAT):
                MIGRATIONS[step](workspace)
                write_format(workspace, step + 1)
    with contextlib.suppress(OSError):  # a disk that is full or read-only can still be looked at
        write_format(workspace, FORMAT)
    return workspace


def close_to_others(workspace: Path) -> None:
    """Take data, runs and secrets from everybody but their owner, as processes of ours make them (POSIX).

    A folder that is used for other things too, or that anybody may write to, stays open itself.
    """
    if os.name != "posix":
        return
    try:
        mode = workspace.stat().st_mode
        if not mode & OTHERS:
            return
        names = [name for name in os.listdir(workspace) if not name.startswith(".")]
    except OSError:
        return
    for name in names:
        if name in KNOWN:
            tighten(workspace / name)
    if names and KNOWN.issuperset(names) and not mode & stat.S_ISVTX:
        with contextlib.suppress(OSError):  # it is someone else's
            workspace.chmod(stat.S_IMODE(mode) & ~OTHERS)


def read_format(workspace: Path) -> int:
    """1 where the file is missing or damaged, as in the first release; migrations may be repeated."""
    about = read_json(workspace / FILE)
    found = about.get("format") if isinstance(about, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else 1


def write_format(workspace: Path, number: int) -> None:
    write_json(workspace / FILE, {"format": number, "version": __version__})
