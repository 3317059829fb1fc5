"""Opening a run that somebody has packed: everything is checked before the run appears, whole or not at all.

The file may come from a stranger. Its names are those of a run's files, sizes are counted while they are
unpacked, digests have to fit, and each file has to be of the kind that its name says; nothing in it is run.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import unicodedata
import uuid
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from filelock import FileLock

from selfsup_core.data.sources import find_source
from selfsup_core.errors import RunError, StudioError
from selfsup_core.files import (
    MB,
    MOST_JSON,
    DamagedFile,
    check_shape,
    digest_of_file,
    load_array,
    parse_json,
    sync_folder,
)
from selfsup_core.runs.folder import ENDED, RunFolder
from selfsup_core.runs.pack import FORMAT, LIST, MOST_BYTES, MOST_FILES, SUFFIXES, PackedFile, PackedRun
from selfsup_core.runs.queue import RUN_ID
from selfsup_core.runs.spec import read_spec
from selfsup_core.runs.state import RunState, parse_state
from selfsup_core.safetensors_header import read_header

MOST_RATIO = 200  # unpacked size by packed size, of more than 10 MB
SPARE = 200 * MB  # that the disk keeps
PART = re.compile(r"[0-9A-Za-z_][0-9A-Za-z_.+-]{0,120}")
RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)  # of Windows
MOST_DEPTH = 4


@dataclass(frozen=True)
class Opened:
    """A run that was unpacked.

    Attributes:
        is_new: False where the same run was there already.
        note: what cannot be done with it here, or "".
    """

    folder: RunFolder
    is_new: bool
    note: str

    def say(self) -> str:
        if self.is_new:
            return f"The run {self.folder.id} is opened. {self.note}".strip()
        return f"The run {self.folder.id} is already here, with the same files. {self.note}".strip()


def refuse(problem: str, code: str = "bad-run-file", remedy: str = "") -> NoReturn:
    raise RunError(problem, code=code, remedy=remedy or "Ask for the file again, or pack the run again.")


def unpack_run(workspace: Path, path: Path, *, called: str = "") -> Opened:
    """Put a packed run into a workspace.

    Args:
        called: the name of the file as a person knows it.

    Raises:
        RunError: it is no packed run, damaged or hostile, or another run of this name is here; nothing is
        left behind. OSError: the disk is full.
    """
    name = called or path.name
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError:
        refuse(f"There is no file {name}.", "no-file", "Check the path.")
    except OSError as error:
        refuse(f"{name} cannot be read: {error.strerror or 'it is damaged'}.", "no-file", "Check the path.")
    except Exception:  # zipfile raises many kinds for damaged files
        refuse(f"{name} is not a whole ZIP file.", "damaged-archive")
    with archive:
        entries = check_entries(name, path.stat().st_size, archive.infolist())
        about = read_list(name, archive, entries)
        check_list(name, about, entries)
        runs = workspace / "runs"
        runs.mkdir(parents=True, exist_ok=True)
        need = sum(file["bytes"] for file in about["files"])
        if shutil.disk_usage(workspace).free < need + SPARE:
            refuse(
                f"{name} needs {need / MB:,.0f} MB, and the disk has too little space.",
                "disk",
                "Free some disk space and try again.",
            )
        where = runs / f".opened.{uuid.uuid4().hex[:8]}.tmp"  # swept there when this process is killed
        try:
            folder = RunFolder(where / "runs" / about["run"])
            unpack_files(name, archive, entries, about, folder.path)
            state = check_run(name, folder)
            with FileLock(runs / ".opened.lock"):
                is_new = settle(name, about, folder.path, runs / about["run"])
        finally:
            shutil.rmtree(where, ignore_errors=True)
    return Opened(RunFolder(runs / about["run"]), is_new, note_of(workspace, state))


def check_entries(name: str, size: int, entries: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """Name → entry of all files, by the directory of the archive alone."""
    if len(entries) > MOST_FILES:
        refuse(f"{name} has {len(entries):,} files; at most {MOST_FILES:,} are read.", "too-many-files")
    found: dict[str, zipfile.ZipInfo] = {}
    seen: set[str] = set()
    end = 0
    for entry in sorted(entries, key=lambda one: one.header_offset):
        check_name(name, entry)
        plain = unicodedata.normalize("NFC", entry.filename).casefold().rstrip("/")
        if plain in seen:
            refuse(f"{name} holds {short(entry.filename)} twice, or in two spellings.", "duplicate-name")
        seen.add(plain)
        if entry.flag_bits & 1:
            refuse(f"{short(entry.filename)} in {name} is encrypted.", "encrypted")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            refuse(f"{short(entry.filename)} in {name} is compressed in an unusual way.", "bad-compression")
        if entry.header_offset < end:
            refuse(f"{name} has entries that overlap.", "archive-bomb")
        end = entry.header_offset + entry.compress_size
        if not entry.is_dir():
            found[entry.filename] = entry
    total = sum(entry.file_size for entry in found.values())
    if total > MOST_BYTES:
        refuse(f"{name} unpacks to {total / MB:,.0f} MB; at most {MOST_BYTES // MB:,} MB.", "archive-bomb")
    if total > 10 * MB and total > MOST_RATIO * size:
        refuse(f"{name} grows to {total / max(size, 1):,.0f} times its size.", "archive-bomb")
    return found


def check_name(name: str, entry: zipfile.ZipInfo) -> None:
    given = entry.filename
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        refuse(f"{short(given)} in {name} is a link or a device; a run holds plain files only.", "not-plain")
    if given.startswith(("/", "\\")) or ":" in given:
        refuse(f"{short(given)} in {name} is an absolute path.", "bad-path")
    parts = given.rstrip("/").split("/")
    if "\\" in given or ".." in parts:
        refuse(f"{short(given)} in {name} leads out of the run's folder.", "bad-path")
    for part in parts:
        if not PART.fullmatch(part) or RESERVED.fullmatch(part) or part.endswith("."):
            refuse(f"{short(given)} in {name} is not a name of a run's file.", "bad-path")
    if len(parts) > MOST_DEPTH:
        refuse(f"{short(given)} in {name} is in too many folders.", "bad-path")


def short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


def read_entry(name: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """A small entry's content."""
    if entry.file_size > MOST_JSON:
        refuse(f"{short(entry.filename)} in {name} is too large.", "archive-bomb")
    try:
        with archive.open(entry) as file:
            return file.read(entry.file_size + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError):
        refuse(f"{short(entry.filename)} in {name} is damaged.", "damaged-member")


def read_list(name: str, archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]) -> PackedRun:
    """run.json, checked for its shape and version."""
    if LIST not in entries:
        refuse(
            f"{name} is not a packed run: it has no {LIST}.",
            remedy="Pack a run with `runs pack`, or with the button of its page.",
        )
    try:
        value = parse_json(read_entry(name, archive, entries[LIST]))
    except ValueError:
        refuse(f"{LIST} in {name} is not valid JSON.")
    version = value.get("format") if isinstance(value, dict) else None
    if version != FORMAT or isinstance(version, bool):
        refuse(
            f"{name} was packed in format {str(version)[:20]}; this version reads format {FORMAT}.",
            "other-format",
            "Open it with the version that has packed it, or update SelfSup Studio.",
        )
    try:
        return check_shape(value, PackedRun, LIST)
    except DamagedFile as error:
        refuse(f"{name} is damaged: {error.message}")


def check_list(name: str, about: PackedRun, entries: dict[str, zipfile.ZipInfo]) -> None:
    """The list names every file of the archive once, and no other."""
    run = about["run"]
    if not RUN_ID.fullmatch(run):
        refuse(f"{name} names its run {short(run)}, which is no ID of a run.")
    listed = [f"{run}/{file['name']}" for file in about["files"]]
    if len(listed) != len(set(listed)):
        refuse(f"{LIST} in {name} lists a file twice.", "duplicate-name")
    if missing := sorted(set(listed) - set(entries)):
        refuse(f"{name} lacks {short(missing[0])}, which {LIST} lists.", "missing-file")
    if extra := sorted(set(entries) - set(listed) - {LIST}):
        refuse(f"{name} holds {short(extra[0])}, which {LIST} does not list.", "extra-file")
    for file in about["files"]:
        if not file["name"].endswith(SUFFIXES):
            refuse(
                f"{short(file['name'])} in {name} is of a kind that no run holds; files that could run code "
                f"are never opened.",
                "bad-kind",
            )
        if entries[f"{run}/{file['name']}"].file_size != file["bytes"]:
            refuse(f"{short(file['name'])} in {name} has another size than {LIST} says.", "damaged-member")


def unpack_files(
    name: str,
    archive: zipfile.ZipFile,
    entries: dict[str, zipfile.ZipInfo],
    about: PackedRun,
    folder: Path,
) -> None:
    for place in ("frames", "weights", "checkpoints", "control"):
        (folder / place).mkdir(parents=True, exist_ok=True)
    for file in about["files"]:
        target = folder / file["name"]
        target.parent.mkdir(parents=True, exist_ok=True)
        unpack_file(name, archive, entries[f"{about['run']}/{file['name']}"], file, target)
        check_content(name, file["name"], target)


def unpack_file(
    name: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, file: PackedFile, target: Path
) -> None:
    digest, count = hashlib.sha256(), 0
    try:
        with archive.open(entry) as source, open(target, "xb") as copy:
            while piece := source.read(1 << 20):
                count += len(piece)
                if count > file["bytes"]:
                    break
                digest.update(piece)
                copy.write(piece)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, FileExistsError):
        refuse(f"{short(file['name'])} in {name} is damaged.", "damaged-member")
    if count != file["bytes"] or digest.hexdigest() != file["sha256"]:
        refuse(f"{short(file['name'])} in {name} is not the file that was packed.", "damaged-member")


def check_content(name: str, file: str, path: Path) -> None:
    """Whether a file is of the kind that its name says: a pickle stays a pickle under any name."""
    try:
        if path.suffix == ".safetensors":
            read_header(path)
        elif path.suffix == ".npy":
            load_array(path, is_mapped=True)
        else:
            with open(path, "rb") as source:
                while piece := source.read(1 << 20):
                    # A character may be cut at the end of a piece; what matters is that bytes are text.
                    if b"\x00" in piece or piece.startswith(b"\x80"):
                        raise ValueError("it is not text")
    except ValueError:
        refuse(
            f"{short(file)} in {name} is not what its name says; files that could run code are never opened.",
            "bad-kind",
        )


def check_run(name: str, folder: RunFolder) -> RunState:
    """The run's state, when it is one that has ended, with a spec that can be read."""
    try:
        state = parse_state(folder.state)
    except DamagedFile as error:
        refuse(f"{name} is damaged: {error.message}")
    if state is None:
        refuse(f"{name} holds no state.json, so it is not a whole run.", "missing-file")
    if state["status"] not in ENDED:
        refuse(f"The run in {name} is {state['status']}; only a run that has ended can be opened.")
    try:
        spec = read_spec(folder.spec)
    except StudioError as error:
        refuse(f"{name} cannot be opened: {error.message}")
    if spec.data.source != state["source"]:
        refuse(f"In {name}, spec.yaml and state.json name different data sets.")
    return state


def settle(name: str, about: PackedRun, unpacked: Path, target: Path) -> bool:
    """Move the run to its place; False where the same run is there already."""
    if not os.path.lexists(target):
        os.rename(unpacked, target)
        sync_folder(target.parent)
        return True
    try:
        is_same = all(digest_of_file(target / file["name"]) == file["sha256"] for file in about["files"])
    except OSError:
        is_same = False
    if not is_same:
        refuse(
            f"Another run with the ID {about['run']} is already here, and it differs from the one in {name}.",
            "run-exists",
            "Delete that run first, or open the file in another workspace.",
        )
    return False


def note_of(workspace: Path, state: RunState) -> str:
    """What is missing here to use the run further."""
    try:
        is_there = not find_source(state["source"], workspace).missing()
    except StudioError:
        is_there = False
    if is_there:
        return ""
    title = state["source_title"] or state["source"]
    return (
        f"Its data set {title} is not here: the run can be watched, but not tried out or continued until the "
        "data set is added."
    )
