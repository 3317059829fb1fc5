"""Opening a run that somebody has packed: everything is checked before the run appears, whole or not at all.

The file may come from a stranger. Its names are those of a run's files, sizes are counted while they are
unpacked, digests have to fit, and each file has to be of the kind that its name says; nothing in it is run.
Long, because all checks stand in one place, in the order in which they are made.
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
from selfsup_core.translation import tr

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
    raise RunError(problem, code=code, remedy=remedy or tr("Ask for the file again, or pack the run again."))


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
        refuse(tr("There is no file {name}.").format(name=name), "no-file", tr("Check the path."))
    except OSError as error:
        refuse(
            tr("{name} cannot be read: {value}.").format(name=name, value=error.strerror or "it is damaged"),
            "no-file",
            tr("Check the path."),
        )
    except Exception:  # zipfile raises many kinds for damaged files
        refuse(tr("{name} is not a whole ZIP file.").format(name=name), "damaged-archive")
    with archive:
        entries = check_entries(name, path.stat().st_size, archive.infolist())
        about = read_list(name, archive, entries)
        check_list(name, about, entries)
        runs = workspace / "runs"
        runs.mkdir(parents=True, exist_ok=True)
        need = sum(file["bytes"] for file in about["files"])
        if shutil.disk_usage(workspace).free < need + SPARE:
            refuse(
                tr("{name} needs {need:,.0f} MB, and the disk has too little space.").format(
                    name=name, need=need / MB
                ),
                "disk",
                tr("Free some disk space and try again."),
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
        refuse(
            tr("{name} has {count:,} files; at most {most_files:,} are read.").format(
                name=name, count=len(entries), most_files=MOST_FILES
            ),
            "too-many-files",
        )
    found: dict[str, zipfile.ZipInfo] = {}
    seen: set[str] = set()
    end = 0
    for entry in sorted(entries, key=lambda one: one.header_offset):
        check_name(name, entry)
        plain = unicodedata.normalize("NFC", entry.filename).casefold().rstrip("/")
        if plain in seen:
            refuse(
                tr("{name} holds {filename} twice, or in two spellings.").format(
                    name=name, filename=short(entry.filename)
                ),
                "duplicate-name",
            )
        seen.add(plain)
        if entry.flag_bits & 1:
            refuse(
                tr("{filename} in {name} is encrypted.").format(filename=short(entry.filename), name=name),
                "encrypted",
            )
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            refuse(
                tr("{filename} in {name} is compressed in an unusual way.").format(
                    filename=short(entry.filename), name=name
                ),
                "bad-compression",
            )
        if entry.header_offset < end:
            refuse(tr("{name} has entries that overlap.").format(name=name), "archive-bomb")
        end = entry.header_offset + entry.compress_size
        if not entry.is_dir():
            found[entry.filename] = entry
    total = sum(entry.file_size for entry in found.values())
    if total > MOST_BYTES:
        refuse(
            tr("{name} unpacks to {total:,.0f} MB; at most {most_bytes:,} MB.").format(
                name=name, total=total / MB, most_bytes=MOST_BYTES // MB
            ),
            "archive-bomb",
        )
    if total > 10 * MB and total > MOST_RATIO * size:
        refuse(
            tr("{name} grows to {total:,.0f} times its size.").format(name=name, total=total / max(size, 1)),
            "archive-bomb",
        )
    return found


def check_name(name: str, entry: zipfile.ZipInfo) -> None:
    given = entry.filename
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        refuse(
            tr("{given} in {name} is a link or a device; a run holds plain files only.").format(
                given=short(given), name=name
            ),
            "not-plain",
        )
    if given.startswith(("/", "\\")) or ":" in given:
        refuse(tr("{given} in {name} is an absolute path.").format(given=short(given), name=name), "bad-path")
    parts = given.rstrip("/").split("/")
    if "\\" in given or ".." in parts:
        refuse(
            tr("{given} in {name} leads out of the run's folder.").format(given=short(given), name=name),
            "bad-path",
        )
    for part in parts:
        if not PART.fullmatch(part) or RESERVED.fullmatch(part) or part.endswith("."):
            refuse(
                tr("{given} in {name} is not a name of a run's file.").format(given=short(given), name=name),
                "bad-path",
            )
    if len(parts) > MOST_DEPTH:
        refuse(
            tr("{given} in {name} is in too many folders.").format(given=short(given), name=name), "bad-path"
        )


def short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


def read_entry(name: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """A small entry's content."""
    if entry.file_size > MOST_JSON:
        refuse(
            tr("{filename} in {name} is too large.").format(filename=short(entry.filename), name=name),
            "archive-bomb",
        )
    try:
        with archive.open(entry) as file:
            return file.read(entry.file_size + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError):
        refuse(
            tr("{filename} in {name} is damaged.").format(filename=short(entry.filename), name=name),
            "damaged-member",
        )


def read_list(name: str, archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]) -> PackedRun:
    """run.json, checked for its shape and version."""
    if LIST not in entries:
        refuse(
            tr("{name} is not a packed run: it has no {list}.").format(name=name, list=LIST),
            remedy=tr("Pack a run with `runs pack`, or with the button of its page."),
        )
    try:
        value = parse_json(read_entry(name, archive, entries[LIST]))
    except ValueError:
        refuse(tr("{list} in {name} is not valid JSON.").format(list=LIST, name=name))
    version = value.get("format") if isinstance(value, dict) else None
    if version != FORMAT or isinstance(version, bool):
        refuse(
            tr("{name} was packed in format {version}; this version reads format {format}.").format(
                name=name, version=str(version)[:20], format=FORMAT
            ),
            "other-format",
            tr("Open it with the version that has packed it, or update SelfSup Studio."),
        )
    try:
        return check_shape(value, PackedRun, LIST)
    except DamagedFile as error:
        refuse(tr("{name} is damaged: {message}").format(name=name, message=error.message))


def check_list(name: str, about: PackedRun, entries: dict[str, zipfile.ZipInfo]) -> None:
    """The list names every file of the archive once, and no other."""
    run = about["run"]
    if not RUN_ID.fullmatch(run):
        refuse(tr("{name} names its run {run}, which is no ID of a run.").format(name=name, run=short(run)))
    listed = [f"{run}/{file['name']}" for file in about["files"]]
    if len(listed) != len(set(listed)):
        refuse(tr("{list} in {name} lists a file twice.").format(list=LIST, name=name), "duplicate-name")
    if missing := sorted(set(listed) - set(entries)):
        refuse(
            tr("{name} lacks {missing}, which {list} lists.").format(
                name=name, missing=short(missing[0]), list=LIST
            ),
            "missing-file",
        )
    if extra := sorted(set(entries) - set(listed) - {LIST}):
        refuse(
            tr("{name} holds {extra}, which {list} does not list.").format(
                name=name, extra=short(extra[0]), list=LIST
            ),
            "extra-file",
        )
    for file in about["files"]:
        if not file["name"].endswith(SUFFIXES):
            refuse(
                tr(
                    "{name} in {name_2} is of a kind that no run holds; files that could run code "
                    "are never opened."
                ).format(name=short(file["name"]), name_2=name),
                "bad-kind",
            )
        if entries[f"{run}/{file['name']}"].file_size != file["bytes"]:
            refuse(
                tr("{name} in {name_2} has another size than {list} says.").format(
                    name=short(file["name"]), name_2=name, list=LIST
                ),
                "damaged-member",
            )


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
        refuse(
            tr("{name} in {name_2} is damaged.").format(name=short(file["name"]), name_2=name),
            "damaged-member",
        )
    if count != file["bytes"] or digest.hexdigest() != file["sha256"]:
        refuse(
            tr("{name} in {name_2} is not the file that was packed.").format(
                name=short(file["name"]), name_2=name
            ),
            "damaged-member",
        )


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
                        raise ValueError(tr("it is not text"))
    except ValueError:
        refuse(
            tr(
                "{file} in {name} is not what its name says; files that could run code are never opened."
            ).format(file=short(file), name=name),
            "bad-kind",
        )


def check_run(name: str, folder: RunFolder) -> RunState:
    """The run's state, when it is one that has ended, with a spec that can be read."""
    try:
        state = parse_state(folder.state)
    except DamagedFile as error:
        refuse(tr("{name} is damaged: {message}").format(name=name, message=error.message))
    if state is None:
        refuse(tr("{name} holds no state.json, so it is not a whole run.").format(name=name), "missing-file")
    if state["status"] not in ENDED:
        refuse(
            tr("The run in {name} is {status}; only a run that has ended can be opened.").format(
                name=name, status=state["status"]
            )
        )
    try:
        spec = read_spec(folder.spec)
    except StudioError as error:
        refuse(tr("{name} cannot be opened: {message}").format(name=name, message=error.message))
    if spec.data.source != state["source"]:
        refuse(tr("In {name}, spec.yaml and state.json name different data sets.").format(name=name))
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
            tr(
                "Another run with the ID {run} is already here, and it differs from the one in {name}."
            ).format(run=about["run"], name=name),
            "run-exists",
            tr("Delete that run first, or open the file in another workspace."),
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
    return tr(
        "Its data set {title} is not here: the run can be watched, but not tried out or continued until the "
        "data set is added."
    ).format(title=title)
