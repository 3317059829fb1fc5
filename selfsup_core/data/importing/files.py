"""Uploaded files and the members of uploaded archives, read in memory and within limits; nothing is unpacked
to disk.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from selfsup_core.data.importing.formats import XZ, identify
from selfsup_core.data.importing.zip_names import rename_members
from selfsup_core.data.limits import LIMITS, MB
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from PIL import Image

PACKED = (".gz", ".bz2", ".xz")
HEAD = 520  # bytes that tell most formats; MATLAB's 7.3 has its mark behind 512
SYSTEM = ("thumbs.db", "desktop.ini")  # files that file managers leave behind


@dataclass(frozen=True)
class Member:
    """One file, uploaded or inside an archive.

    Attributes:
        name: its name, with folders inside an archive, / between them.
        size: bytes when read.
        read: all its bytes. Raises DataError when it is damaged.
        begin: its first bytes, where that is quicker than reading all. Raises DataError.
        notes: what had to be guessed of the archive that it is in.
        picture: an image of PIL, where another reader than Pillow makes it; size_shown: its width and height.
        volume: name of the file that it is a slice of; place: which one.
        slices: (K, H, W) values of the slices from one place up to another, where many are read at once.
    """

    name: str
    size: int
    read: Callable[[], bytes]
    path: Path | None = None
    begin: Callable[[int], bytes] | None = None
    notes: tuple[str, ...] = ()
    picture: Callable[[], Image.Image] | None = None
    size_shown: tuple[int, int] | None = None
    volume: str = ""
    place: int = 0
    slices: Callable[[int, int], np.ndarray] | None = None

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix.lower()

    def head(self, count: int = HEAD) -> bytes:
        return self.start[:count] if count <= HEAD else self.first(count)

    @cached_property
    def start(self) -> bytes:
        """Its first bytes, which several ask for; an archive is slow to give them."""
        return self.first(HEAD)

    def first(self, count: int) -> bytes:
        if self.path:
            with open(self.path, "rb") as file:
                return file.read(count)
        return self.begin(count) if self.begin else self.read()[:count]


def open_files(paths: list[Path]) -> list[Member]:
    """Uploaded files as members; archives are replaced by what is in them.

    Raises:
        DataError: too many, too large, or an unsafe archive.
    """
    if len(paths) > LIMITS.files:
        raise DataError(
            tr("{count} files; at most {files} at once.").format(count=len(paths), files=LIMITS.files),
            code="too-many-files",
            remedy=tr("Put them into one ZIP."),
        )
    members: list[Member] = []
    for path in paths:
        member = Member(path.name, path.stat().st_size, path.read_bytes, path)
        form = identify(path.name, member.head())
        # An archive is read member by member; other files are held in memory as a whole.
        most = LIMITS.archive_bytes if form == "zip" else LIMITS.file_bytes
        if member.size > most:
            raise DataError(
                tr("{name} has {size:.0f} MB; at most {most:,} MB.").format(
                    name=path.name, size=member.size / MB, most=most // MB
                ),
                code="file-too-large",
                remedy=tr("Make the images smaller, or take a sample.")
                if form == "zip"
                else tr("Split it or take a sample."),
            )
        if form == "zip":
            members += [unpack_inner(inner) for inner in open_archive(path)]
        elif form == "gz":
            members.append(unpack_gzip(member))
        else:
            members.append(member)
    if sum(member.size for member in members) > LIMITS.archive_bytes:
        raise DataError(
            tr("The files hold more than {archive_bytes} MB.").format(
                archive_bytes=LIMITS.archive_bytes // MB
            ),
            code="too-large",
            remedy=tr("Take a sample."),
        )
    return members


def unpack_gzip(member: Member) -> Member:
    """A .gz, .bz2 or .xz file as what it holds."""
    name = member.name[: -len(member.suffix)] if member.suffix in PACKED else member.name
    most = min(LIMITS.decoded_bytes, max(LIMITS.archive_ratio * member.size, 10 * MB))
    packed = member.read()
    try:
        if packed.startswith(XZ):
            unpacker = lzma.LZMADecompressor(memlimit=LIMITS.file_bytes)
            data = unpacker.decompress(packed, most + 1)
            if not unpacker.eof and len(data) <= most:
                raise EOFError(tr("it ends too early"))
        else:
            opened = bz2.open if packed.startswith(b"BZh") else gzip.open
            with opened(io.BytesIO(packed)) as file:
                data = file.read(most + 1)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise DataError(
            tr("{name} is damaged ({error}).").format(name=member.name, error=error),
            code="damaged-file",
            remedy=tr("Pack it again."),
        ) from error
    if len(data) > most:
        raise DataError(
            tr("{name} grows to more than {archive_ratio} times its size.").format(
                name=member.name, archive_ratio=LIMITS.archive_ratio
            ),
            code="archive-bomb",
            remedy=tr("Upload it unpacked."),
        )
    return Member(name, len(data), lambda: data)


def unpack_inner(member: Member) -> Member:
    """A gzipped IDX or NIfTI file inside an archive as what it holds, since both are accepted; all else as it
    is.
    """
    name = member.name.lower()
    if not name.endswith(".nii.gz") and (member.suffix != ".gz" or "idx" not in name):
        return member
    try:
        inner = unpack_gzip(member)
        return inner if identify(inner.name, inner.head()) == "idx" or name.endswith(".nii.gz") else member
    except DataError:
        return member  # named among what was set aside when it is looked at


def open_archive(path: Path) -> list[Member]:
    """The members of a ZIP, in its order, hidden files left out.

    Raises:
        DataError: damaged, encrypted, too many entries, overlapping ones, or one that grows too large.
    """
    name = path.name
    try:
        archive = zipfile.ZipFile(path)
        entries = [e for e in archive.infolist() if e.filename and not e.is_dir()]
    except MemoryError:
        raise
    except Exception as error:  # zipfile raises many kinds for damaged files
        raise DataError(
            tr("{name} is a damaged archive ({error}).").format(name=name, error=error),
            code="damaged-archive",
            remedy=tr("Pack it again."),
        ) from error
    check_entries(name, path.stat().st_size, entries)
    names, notes = rename_members(name, entries)
    kept = [(entry, called) for entry, called in zip(entries, names, strict=True) if not is_hidden(called)]
    if not kept:
        raise DataError(
            tr("{name} holds no files.").format(name=name), code="empty-archive", remedy=tr("Pack it again.")
        )

    def begin(entry: zipfile.ZipInfo, count: int) -> bytes:
        try:
            with archive.open(entry) as file:
                return file.read(count)
        except MemoryError:
            raise
        except Exception as error:  # each way of packing has errors of its own
            raise DataError(
                tr("{filename} in {name} is damaged ({error}).").format(
                    filename=entry.filename, name=name, error=error
                ),
                code="damaged-member",
            ) from error

    def read(entry: zipfile.ZipInfo) -> bytes:
        data = begin(entry, entry.file_size + 1)
        if len(data) != entry.file_size:
            raise DataError(
                tr("{filename} in {name} is longer or shorter than it says.").format(
                    filename=entry.filename, name=name
                ),
                code="damaged-member",
            )
        return data

    return [
        Member(called, entry.file_size, partial(read, entry), begin=partial(begin, entry), notes=tuple(notes))
        for entry, called in kept
    ]


def is_hidden(name: str) -> bool:
    parts = PurePosixPath(name).parts
    named = [part for part in parts if part != ".."]
    return (
        not named or any(part.startswith((".", "__MACOSX")) for part in named) or named[-1].lower() in SYSTEM
    )


def check_entries(name: str, size: int, entries: list[zipfile.ZipInfo]) -> None:
    """Refuse an archive by its directory, before anything is unpacked."""
    if len(entries) > LIMITS.archive_entries:
        raise DataError(
            tr("{name} has {count:,} files; at most {archive_entries:,}.").format(
                name=name, count=len(entries), archive_entries=LIMITS.archive_entries
            ),
            code="archive-entries",
            remedy=tr("Take a sample, or split it."),
        )
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > LIMITS.archive_bytes:
        raise DataError(
            tr("{name} unpacks to {unpacked:,.0f} MB; at most {archive_bytes:,} MB.").format(
                name=name, unpacked=unpacked / MB, archive_bytes=LIMITS.archive_bytes // MB
            ),
            code="archive-too-large",
            remedy=tr("Take a sample, or make the images smaller."),
        )
    if unpacked > 10 * MB and unpacked > LIMITS.archive_ratio * size:
        raise DataError(
            tr("{name} grows to {unpacked:.0f} times its size; at most {archive_ratio}.").format(
                name=name, unpacked=unpacked / max(size, 1), archive_ratio=LIMITS.archive_ratio
            ),
            code="archive-bomb",
            remedy=tr("Upload the files themselves."),
        )
    end = 0
    for entry in sorted(entries, key=lambda e: e.header_offset):
        if entry.flag_bits & 1:
            raise DataError(
                tr("{filename} in {name} is encrypted.").format(filename=entry.filename, name=name),
                code="archive-encrypted",
                remedy=tr("Pack it without a password."),
            )
        if entry.header_offset < end:
            raise DataError(
                tr("{name} has entries that overlap.").format(name=name),
                code="archive-bomb",
                remedy=tr("Pack it again."),
            )
        end = entry.header_offset + entry.compress_size
        if PurePosixPath(entry.filename).suffix.lower() in (".zip", ".7z", ".rar", ".tar", ".tgz"):
            raise DataError(
                tr("{name} holds another archive, {filename}.").format(name=name, filename=entry.filename),
                code="archive-nested",
                remedy=tr("Unpack the inner one first."),
            )
