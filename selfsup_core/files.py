"""Files that are whole or not there: temporary name, flush, rename. A reader never sees half a file."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import uuid
from pathlib import Path
from typing import Any


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


def write_json(path: Path, value: Any, *, durable: bool = False) -> None:
    """Replace a JSON file atomically. NaN and infinity become null, since JSON has neither."""
    data = json.dumps(finite(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    write_bytes(path, data.encode(), durable=durable)


def finite(value: Any) -> Any:
    """The same structure with NaN and infinite numbers replaced by None."""
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    return value


def read_json(path: Path) -> Any:
    """A JSON file's value, or None when it is missing or damaged."""
    try:
        return json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None


def sync_folder(folder: Path) -> None:
    """Make renames in a folder survive a power cut (POSIX; elsewhere there is nothing to do)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_folder(folder: Path, files: dict[str, bytes]) -> None:
    """Make a folder with these files appear at once and durably, or not at all.

    Raises:
        OSError: as `write_bytes`. FileExistsError: `folder` is there already.
    """
    if folder.exists():
        raise FileExistsError(str(folder))
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        temporary.mkdir()
        for name, data in files.items():
            with open(temporary / name, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        sync_folder(temporary)
        os.rename(temporary, folder)
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        # Renaming onto a folder that another process made meanwhile is ENOTEMPTY, which is no FileExistsError.
        if isinstance(error, OSError) and error.errno == errno.ENOTEMPTY:
            raise FileExistsError(str(folder)) from error
        raise
    sync_folder(folder.parent)


def sha256(data: bytes | memoryview) -> str:
    """Hex digest."""
    return hashlib.sha256(data).hexdigest()
