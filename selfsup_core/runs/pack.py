"""A run as one ZIP file that opens in another studio: its files and `run.json`, which lists them.

Equal runs give equal bytes. Locks, requests, the reserve, what trackers wrote and the worker's log, which
names folders of this machine, stay behind.
"""

from __future__ import annotations

import json
import os
import uuid
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typing_extensions import TypedDict

from selfsup_core import __version__
from selfsup_core.errors import RunError
from selfsup_core.files import MB, digest_of_file
from selfsup_core.runs.folder import ACTIVE, RunFolder, read_state, require_plain_run
from selfsup_core.translation import tr

FORMAT = 1
LIST = "run.json"
MOST_FILES = 10_000
MOST_BYTES = 4_000 * MB  # unpacked
SUFFIXES = (".json", ".jsonl", ".md", ".npy", ".safetensors", ".txt", ".yaml")
STAYS = ("control", "reserve", "tensorboard", "worker.log")
DAY = (2020, 1, 1, 0, 0, 0)  # of every file, so that equal runs give equal bytes


class PackedFile(TypedDict):
    """A file of a run: its name with slashes, its size in bytes and its sha256."""

    name: str
    bytes: int
    sha256: str


class PackedRun(TypedDict):
    """run.json."""

    format: int
    version: str
    run: str
    files: list[PackedFile]


@dataclass(frozen=True)
class Packed:
    """What was packed. bytes: of the ZIP file. left_out: files of the folder that no run of ours has."""

    run: str
    files: int
    bytes: int
    left_out: tuple[str, ...]

    def say(self) -> str:
        text = tr("The run {run} is packed: {files:,} files, {bytes:.1f} MB.").format(
            run=self.run, files=self.files, bytes=self.bytes / MB
        )
        if self.left_out:
            names = ", ".join(self.left_out[:5])
            text += tr(" Files that do not belong to a run stay behind: {names}.").format(names=names)
        return text


def list_files(folder: RunFolder) -> tuple[list[str], list[str]]:
    """(names of the files to pack, names of those that are left out), sorted, with slashes."""
    packed: list[str] = []
    others: list[str] = []
    for place, folders, files in os.walk(folder.path):
        inside = Path(place).relative_to(folder.path)
        folders[:] = [name for name in folders if not name.startswith(".") and name not in STAYS]
        for name in files:
            if name.startswith(".") or name in STAYS or name.endswith(".lock"):
                continue
            kind = packed if name.endswith(SUFFIXES) else others
            kind.append((inside / name).as_posix())
    return sorted(packed), sorted(others)


def pack_run(folder: RunFolder, target: Path) -> Packed:
    """Write the run to a ZIP file; nothing is left there when that fails.

    Raises:
        RunError: it is at work, damaged, too large, or holds links. OSError: the disk is full.
    """
    state = read_state(folder)
    if state["status"] in ACTIVE:
        raise RunError(
            tr("The run {id} is {status}, so its files still change.").format(
                id=folder.id, status=state["status"]
            ),
            code="run-active",
            remedy=tr("Stop it or wait until it has finished, then pack it."),
        )
    require_plain_run(folder)
    names, left_out = list_files(folder)
    total = sum((folder.path / name).stat().st_size for name in names)
    if total > MOST_BYTES or len(names) >= MOST_FILES:
        raise RunError(
            tr(
                "The run {id} has {count:,} files of {total:,.0f} MB together; at most "
                "{most_files:,} files and {most_bytes:,} MB can be packed."
            ).format(
                id=folder.id,
                count=len(names),
                total=total / MB,
                most_files=MOST_FILES,
                most_bytes=MOST_BYTES // MB,
            ),
            code="too-large",
            remedy=tr("Copy its folder instead, or train again and keep fewer frames and weights."),
        )
    about: PackedRun = {
        "format": FORMAT,
        "version": __version__,
        "run": folder.id,
        "files": [
            {
                "name": name,
                "bytes": (folder.path / name).stat().st_size,
                "sha256": digest_of_file(folder.path / name),
            }
            for name in names
        ],
    }
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            add(archive, LIST, json.dumps(about, indent=1, ensure_ascii=False).encode())
            for name in names:
                add(archive, f"{folder.id}/{name}", folder.path / name)
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return Packed(folder.id, len(names), target.stat().st_size, tuple(left_out))


def add(archive: zipfile.ZipFile, name: str, content: bytes | Path) -> None:
    """One entry, always with the same date and mode."""
    entry: Any = zipfile.ZipInfo(name, DAY)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o100644 << 16
    if isinstance(content, bytes):
        archive.writestr(entry, content)
        return
    entry.file_size = content.stat().st_size
    with open(content, "rb") as source, archive.open(entry, "w") as target:
        while piece := source.read(1 << 20):
            target.write(piece)
