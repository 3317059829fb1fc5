"""Uploaded files on disk: streamed in within limits, named by their content, removed when done with."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from selfsup_core.data.library.arrivals import is_arriving
from selfsup_core.data.limits import LIMITS, MB
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

CHUNK = 1 << 20


def safe_name(name: str) -> str:
    """A file name without folders or odd characters, its ending kept."""
    base = re.split(r"[\\/]", name)[-1]
    return re.sub(r"[^\w.\- ]", "_", base).strip(". ")[-100:] or "file"


def keep_upload(workspace: Path, files: Iterable[tuple[str, IO[bytes]]]) -> list[Path]:
    """Stream uploaded files to disk, into a folder named by their content.

    Args:
        files: (name, open file) pairs; one with a `path` lies there, and no more is written to it.

    Raises:
        DataError: too many or too large; nothing of them stays.
        OSError: the disk is full; nothing of them stays.
    """
    uploads = workspace / "uploads"
    uploads.mkdir(parents=True, exist_ok=True)
    sweep_uploads(workspace)
    temporary = uploads / f".{uuid.uuid4().hex}.tmp"
    temporary.mkdir()
    total, digest = 0, hashlib.sha256()
    names: list[str] = []
    try:
        for name, source in files:
            if len(names) >= LIMITS.files:
                raise DataError(
                    tr("More than {files} files at once.").format(files=LIMITS.files),
                    code="too-many-files",
                    remedy=tr("Put them into one ZIP file."),
                )
            name = unused(safe_name(name), names)
            names.append(name)
            digest.update(f"\0{name}\0".encode())
            total += take(name, source, temporary / name, digest)
            if total > LIMITS.total_bytes:
                raise DataError(
                    tr("The files are larger than {total_bytes} MB together.").format(
                        total_bytes=LIMITS.total_bytes // MB
                    ),
                    code="too-large",
                    remedy=tr("Take a sample."),
                )
        if not names:
            raise DataError(tr("No file was given."), code="no-file", remedy=tr("Choose at least one file."))
        folder = uploads / digest.hexdigest()[:20]
        try:
            os.rename(temporary, folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    os.utime(folder)
    return [folder / name for name in names]


def take(name: str, source: IO[bytes], place: Path, digest: hashlib._Hash) -> int:
    """Put one uploaded file in its place and its content into the digest; how many bytes it has.

    One that lies on the same disk already gets a second name there instead of a second copy.

    Raises:
        DataError: it is too large. OSError.
    """
    is_linked = link(getattr(source, "path", None), place)
    size = 0
    with contextlib.ExitStack() as opened:
        given = opened.enter_context(open(place, "rb")) if is_linked else source
        target = None if is_linked else opened.enter_context(open(place, "wb"))
        while block := given.read(CHUNK):
            size += len(block)
            if size > LIMITS.file_bytes:
                raise DataError(
                    tr("{name} is larger than {file_bytes} MB.").format(
                        name=name, file_bytes=LIMITS.file_bytes // MB
                    ),
                    code="file-too-large",
                    remedy=tr("Split it or take a sample."),
                )
            digest.update(block)
            if target:
                target.write(block)
    return size


def link(source: Path | None, place: Path) -> bool:
    """Give a file on disk a second name; False where there is none, or its disk is another one or knows no
    links.
    """
    if source is None:
        return False
    try:
        os.link(source, place)
    except OSError:
        return False
    return True


def unused(name: str, names: list[str]) -> str:
    stem, dot, ending = name.partition(".")
    count = 2
    while name in names:
        name, count = f"{stem}-{count}{dot}{ending}", count + 1
    return name


def sweep_uploads(workspace: Path, *, hours: float = 12.0) -> None:
    """Remove what uploads left behind: half-written ones after an hour, unused ones after half a day."""
    for entry in (workspace / "uploads").glob("*"):
        if is_arriving(entry.name):
            continue
        try:
            age = time.time() - entry.stat().st_mtime
        except FileNotFoundError:
            continue
        if age > (3600 if entry.name.startswith(".") else hours * 3600):
            shutil.rmtree(entry, ignore_errors=True)


def drop_upload(workspace: Path, files: list[Path]) -> None:
    """Remove uploaded files that were imported or are not wanted; originals are not kept."""
    uploads = (workspace / "uploads").resolve()
    for file in files:
        inside = file.resolve().relative_to(uploads).parts
        shutil.rmtree(uploads / inside[0], ignore_errors=True)
