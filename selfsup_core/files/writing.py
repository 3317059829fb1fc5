"""Files are whole or not there: temporary name, flush, rename. A reader never sees half a file."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from selfsup_core.files.parsing import finite


def write_bytes(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Replace `path` atomically; with `durable` it also survives a power cut.

    Raises:
        OSError: the disk is full or read-only; nothing half-written is left.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def write_private(path: Path, data: bytes) -> None:
    """As `write_bytes`, and at no moment can anybody but the owner read the file (POSIX). Raises OSError."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any, *, durable: bool = False) -> None:
    """Replace a JSON file atomically. NaN and infinity become null, since JSON has neither."""
    data = json.dumps(finite(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    write_bytes(path, data.encode(), durable=durable)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder survive a power cut (POSIX; elsewhere there is nothing to do)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def link_folder(source: Path, folder: Path, names: Iterable[str]) -> None:
    """As `write_folder`, with files of another folder that are never changed: linked, or copied where the
    file system has no links.
    """

    def put(temporary: Path) -> None:
        for name in names:
            try:
                os.link(source / name, temporary / name)
            except OSError:
                shutil.copyfile(source / name, temporary / name)

    make_folder(folder, put)


def write_folder(
    folder: Path,
    files: dict[str, bytes],
    *,
    with_parents: bool = True,
    fill: Callable[[Path], None] | None = None,
) -> None:
    """Make a folder with these files appear at once and durably, or not at all.

    Args:
        fill: puts more into the folder before it appears, given where it is until then.
        with_parents: whether the folders above it are made; without, what was moved away in the meantime does
        not appear again.

    Raises:
        OSError: as `write_bytes`. FileExistsError: `folder` already exists.
    """

    def put(temporary: Path) -> None:
        for name, data in files.items():
            with open(temporary / name, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        if fill:
            fill(temporary)

    make_folder(folder, put, with_parents=with_parents)


def make_folder(folder: Path, put: Callable[[Path], None], *, with_parents: bool = True) -> None:
    """A folder that appears with all that `put` puts into it; raises as `write_folder`."""
    if folder.exists():
        raise FileExistsError(str(folder))
    folder.parent.mkdir(parents=with_parents, exist_ok=True)
    temporary = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        temporary.mkdir()
        put(temporary)
        sync_folder(temporary)
        os.rename(temporary, folder)
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        # Renaming onto a folder that another process made meanwhile is ENOTEMPTY, which is not a
        # FileExistsError.
        if isinstance(error, OSError) and error.errno == errno.ENOTEMPTY:
            raise FileExistsError(str(folder)) from error
        raise
    sync_folder(folder.parent)


def keep_copy(path: Path) -> None:
    """Copy a file beside its place before it is begun again; nothing when there is none. Raises OSError."""
    if path.is_file():
        write_bytes(
            path.with_name(f"{path.stem}.before-{uuid.uuid4().hex[:6]}{path.suffix}"), path.read_bytes()
        )


def move_aside(path: Path) -> Path:
    """Keep a damaged file beside its place, which is free then; where it lies now."""
    kept = path.with_name(f"{path.name}.damaged-{uuid.uuid4().hex[:6]}")
    os.replace(path, kept)
    return kept


SCRAP = re.compile(r"\..+\.[0-9a-f]{8}\.tmp|\.job-.+")
SCRAP_SECONDS = 3600.0  # no write and no import takes so long


def sweep(folder: Path, *, older_than: float = SCRAP_SECONDS) -> int:
    """Delete what killed processes left half-written in a folder; how many that were."""
    count = 0
    try:
        found = list(os.scandir(folder))
    except OSError:
        return 0
    for entry in found:
        try:
            if not SCRAP.fullmatch(entry.name):
                continue
            if time.time() - entry.stat(follow_symlinks=False).st_mtime < older_than:
                continue
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                os.unlink(entry.path)
            count += 1
        except OSError:
            continue  # another process was quicker, or it may not be touched
    return count
