"""Finished runs that come with the program, so that a new workspace has something to look at.

They are real runs, kept as ZIP files in `assets/examples/`; `assets/examples/make.py` trains them again.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from pathlib import Path

from filelock import FileLock

from selfsup_core.errors import RunError
from selfsup_core.places import ASSETS
from selfsup_core.runs.folder import RunFolder
from selfsup_core.translation import tr

FOLDER = ASSETS / "examples"
MARK = "examples-added"


def list_examples() -> list[str]:
    """Their names, which are also the ids of their runs."""
    return sorted(path.stem for path in FOLDER.glob("*.zip"))


def add_examples(workspace: Path, *, again: bool = False) -> list[RunFolder]:
    """Put the examples into a workspace that has no run yet; once, so that deleted ones stay away.

    Args:
        again: also into one that has runs, and those that were deleted.

    Returns: the runs that were added.

    Raises:
        RunError: a file of the program is damaged. OSError: there is no space.
    """
    runs = workspace / "runs"
    if not again and ((workspace / MARK).exists() or (runs.is_dir() and any(runs.iterdir()))):
        return []
    runs.mkdir(parents=True, exist_ok=True)
    with FileLock(workspace / f".{MARK}.lock"):
        if not again and (workspace / MARK).exists():
            return []
        added = [RunFolder(runs / name) for name in list_examples() if _unpack(name, runs)]
        (workspace / MARK).touch()
    return added


def _unpack(name: str, runs: Path) -> bool:
    """Whether the run was not there before. It appears whole or not at all."""
    if (runs / name).exists():
        return False
    where = Path(tempfile.mkdtemp(prefix=".example-", dir=runs.parent))
    try:
        with zipfile.ZipFile(FOLDER / f"{name}.zip") as archive:
            archive.extractall(where)
        os.rename(where / name, runs / name)
    except (zipfile.BadZipFile, FileNotFoundError) as error:
        raise RunError(
            tr("The example {name}.zip of the program is damaged.").format(name=name),
            code="bad-example",
            remedy=tr("Reinstall the program, or ignore this: nothing else needs it."),
        ) from error
    finally:
        shutil.rmtree(where, ignore_errors=True)
    return True
