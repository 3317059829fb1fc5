"""Uploaded files and the members of uploaded archives, read in memory and within limits; nothing is unpacked
to disk.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from selfsup_core.data.importing.extras import load_reader
from selfsup_core.data.importing.zip_names import rename_members
from selfsup_core.data.limits import LIMITS, MB
from selfsup_core.errors import DataError

if TYPE_CHECKING:
    from PIL import Image

PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".joblib", ".ckpt")
IMAGE_ENDINGS = (
    *(".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".avif", ".heic", ".heif", ".tif", ".tiff"),
    *(".pgm", ".ppm", ".pbm", ".pnm"),
)
XZ = b"\xfd7zXZ\0"
HDF5 = b"\x89HDF\r\n\x1a\n"
CIFAR = (3073, 3074)  # bytes per record of CIFAR-10 and CIFAR-100: labels, then 32 × 32 red, green, blue
IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*")
NETPBM = re.compile(rb"P[1-6]\s")
BRANDS = {b"avif": "AVIF", b"avis": "AVIF"} | dict.fromkeys(
    (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"), "HEIC"
)
TEXTS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".json": "jsonl",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".arff": "arff",
    ".txt": "txt",
    ".data": "txt",
    ".dat": "txt",
    ".test": "txt",
    ".train": "txt",
    ".libsvm": "txt",
    ".svm": "txt",
    ".svmlight": "txt",
    "": "txt",
}
PACKED = (".gz", ".bz2", ".xz")
SYSTEM = ("thumbs.db", "desktop.ini")  # files that file managers leave behind
STATISTICS = {".dta": "stata"} | dict.fromkeys((".sav", ".zsav", ".por"), "spss")
STATISTICS |= dict.fromkeys((".sas7bdat", ".xpt"), "sas")
SHEETS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
TEXTS |= dict.fromkeys(
    (".md", ".rst", ".srt", ".vtt", ".log", ".tex", ".py", ".js", ".r", ".htm", ".html"), "txt"
)
DOCUMENTS = {".docx": "docx", ".epub": "epub", ".html": "html", ".htm": "html"}
IDX_TYPES = (8, 9, 11, 12, 13, 14)


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
        volume: name of the file that it is a slice of.
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

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix.lower()

    def head(self, count: int = 512) -> bytes:
        if self.path:
            with open(self.path, "rb") as file:
                return file.read(count)
        return self.begin(count) if self.begin else self.read()[:count]


def identify(name: str, head: bytes) -> str:
    """Format of a file from its first bytes, and for text from its name.

    Returns: csv, jsonl, txt, parquet, npy, hdf5, mat, idx, cifar, gz, zip, image, wav and others, see
    `inspect.FORM_NAMES`.

    Raises:
        DataError: nothing that can be read; says how to convert where there is a way.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if head and document_form(name, head):
        return "txt"
    if not head:
        raise DataError(f"{name} is empty.", code="empty-file", remedy="Choose a file with content.")
    if suffix and suffix in TEXTS and all(32 <= b < 127 or b in b"\t\r\n" for b in head[:16]):
        return TEXTS[suffix]  # a table may begin with "BMI" or "PAR1"
    if is_image(name, head):
        return "image"
    if is_riff(head, b"WAVE") or is_packed_sound(name, head):
        return "wav"
    if suffix in SHEETS and head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x09\x08", b"\x09\x04")):
        return "excel"
    if suffix in STATISTICS:
        return STATISTICS[suffix]
    if suffix == ".mat":
        return "mat"
    if head.startswith(HDF5):
        return "hdf5"
    if head[4:8] == b"ftyp" and suffix in (".m4a", ".mp4", ".aac", ".m4b"):
        raise DataError(
            f"{name} is an M4A sound (AAC), which cannot be read.",
            code="unknown-format",
            remedy=f"Convert it with ffmpeg -i {name} {PurePosixPath(name).stem}.wav",
        )
    for magic, found in (
        (b"ARROW1", "feather"),
        (b"PK\x03\x04", "zip"),
        (b"PK\x05\x06", "zip"),
        (b"\x93NUMPY", "npy"),
        (b"PAR1", "parquet"),
        (b"\x1f\x8b", "gz"),
        (b"BZh", "gz"),
        (XZ, "gz"),
    ):
        if head.startswith(magic):
            return found
    if head[:2] == b"\0\0" and len(head) > 3 and head[2] in IDX_TYPES and 1 <= head[3] <= 4:
        return "idx"
    if suffix in PICKLES or (head[0] == 0x80 and len(head) > 1 and head[1] in (2, 3, 4, 5)):
        raise DataError(
            f"{name} may run code when it is loaded (pickle or a model file).",
            code="pickle-refused",
            remedy="Save arrays with numpy.savez, tables as CSV or Parquet.",
        )
    if suffix == ".bin":
        return "cifar"
    if suffix in (
        *IMAGE_ENDINGS,
        ".wav",
        ".h5",
        ".hdf5",
        ".h5ad",
        ".parquet",
        ".npy",
        ".npz",
        ".zip",
    ):
        raise DataError(
            f"{name} is not a {suffix[1:].upper()} file: its first bytes are something else.",
            code="wrong-content",
            remedy="Save it again in that format.",
        )
    if suffix in TEXTS and (suffix or not any(b < 9 or 13 < b < 32 for b in head)):
        return TEXTS[suffix]
    if (not suffix or suffix[1:].isdigit()) and is_plain(head):
        return "txt"
    if head[257:262] == b"ustar":
        raise DataError(
            f"{name} is a TAR archive, which cannot be read.",
            code="unknown-format",
            remedy="Unpack it, and put its files into a ZIP file.",
        )
    raise DataError(
        f"{name} is of a kind that cannot be read.",
        code="unknown-format",
        remedy="Give CSV, TSV, Excel, ODS, JSON, JSONL, Parquet, Feather, Stata, SPSS, SAS, ARFF, libsvm, "
        "NPY, NPZ, HDF5, AnnData, MATLAB, IDX, TXT, PDF, DOCX, EPUB, HTML, WAV, FLAC, MP3, OGG, AIFF, "
        "images, DICOM, NIfTI, or a ZIP of these.",
    )


def is_image(name: str, head: bytes) -> bool:
    """Raises DataError: an image whose reader is missing, or a drawing."""
    if head[4:8] == b"ftyp" and head[8:12] in BRANDS:
        if not is_heic(head):
            return True
        load_reader(
            name,
            "pillow_heif",
            package="pillow-heif",
            instead='save it as JPEG or PNG (an iPhone takes JPEG with the camera format "Most Compatible")',
        )
        return True
    if scan_form(name, head):
        return True
    if PurePosixPath(name).suffix.lower() == ".svg":
        raise DataError(
            f"{name} is a drawing (SVG), not an image of pixels.",
            code="drawing",
            remedy="Export it as PNG.",
        )
    return head.startswith(IMAGES) or is_riff(head, b"WEBP") or NETPBM.match(head) is not None


def is_heic(head: bytes) -> bool:
    # The first brand of some AVIF files is the general one, "mif1".
    return head[4:8] == b"ftyp" and BRANDS.get(head[8:12]) == "HEIC" and b"avif" not in head[:64]


def scan_form(name: str, head: bytes) -> str:
    """dicom, nifti or ""."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in (".dcm", ".dicom") or head[128:132] == b"DICM":
        return "dicom"
    return "nifti" if head[344:348] == b"n+1\0" or head[4:8] == b"n+2\0" or suffix == ".nii" else ""


def document_form(name: str, head: bytes) -> str | None:
    """pdf, docx, epub or html; None for anything else."""
    if head.startswith(b"%PDF-"):
        return "pdf"
    form = DOCUMENTS.get(PurePosixPath(name).suffix.lower())
    return None if form in ("docx", "epub") and not head.startswith(b"PK") else form


def is_plain(head: bytes) -> bool:
    """Whether a file without an ending begins with text."""
    return all(b >= 32 or b in b"\t\r\n\f" for b in head)


def is_packed_sound(name: str, head: bytes) -> bool:
    """FLAC, OGG, AIFF or MP3."""
    if head.startswith((b"fLaC", b"OggS")) or (head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC")):
        return True
    is_frame = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2  # layer III
    return head.startswith(b"ID3") or (is_frame and PurePosixPath(name).suffix.lower() == ".mp3")


def is_riff(head: bytes, kind: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == kind


def open_files(paths: list[Path]) -> list[Member]:
    """Uploaded files as members; archives are replaced by what is in them.

    Raises:
        DataError: too many, too large, or an unsafe archive.
    """
    if len(paths) > LIMITS.files:
        raise DataError(
            f"{len(paths)} files; at most {LIMITS.files} at once.",
            code="too-many-files",
            remedy="Put them into one ZIP.",
        )
    members: list[Member] = []
    for path in paths:
        member = Member(path.name, path.stat().st_size, path.read_bytes, path)
        form = identify(path.name, member.head())
        # An archive is read member by member; other files are held in memory as a whole.
        most = LIMITS.archive_bytes if form == "zip" else LIMITS.file_bytes
        if member.size > most:
            raise DataError(
                f"{path.name} has {member.size / MB:.0f} MB; at most {most // MB:,} MB.",
                code="file-too-large",
                remedy="Make the images smaller, or take a sample."
                if form == "zip"
                else "Split it or take a sample.",
            )
        if form == "zip":
            members += [unpack_inner(inner) for inner in open_archive(path)]
        elif form == "gz":
            members.append(unpack_gzip(member))
        else:
            members.append(member)
    if sum(member.size for member in members) > LIMITS.archive_bytes:
        raise DataError(
            f"The files hold more than {LIMITS.archive_bytes // MB} MB.",
            code="too-large",
            remedy="Take a sample.",
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
                raise EOFError("it ends too early")
        else:
            opened = bz2.open if packed.startswith(b"BZh") else gzip.open
            with opened(io.BytesIO(packed)) as file:
                data = file.read(most + 1)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise DataError(
            f"{member.name} is damaged ({error}).", code="damaged-file", remedy="Pack it again."
        ) from error
    if len(data) > most:
        raise DataError(
            f"{member.name} grows to more than {LIMITS.archive_ratio} times its size.",
            code="archive-bomb",
            remedy="Upload it unpacked.",
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
            f"{name} is a damaged archive ({error}).",
            code="damaged-archive",
            remedy="Pack it again.",
        ) from error
    check_entries(name, path.stat().st_size, entries)
    names, notes = rename_members(name, entries)
    kept = [(entry, called) for entry, called in zip(entries, names, strict=True) if not is_hidden(called)]
    if not kept:
        raise DataError(f"{name} holds no files.", code="empty-archive", remedy="Pack it again.")

    def begin(entry: zipfile.ZipInfo, count: int) -> bytes:
        try:
            with archive.open(entry) as file:
                return file.read(count)
        except MemoryError:
            raise
        except Exception as error:  # each way of packing has errors of its own
            raise DataError(
                f"{entry.filename} in {name} is damaged ({error}).", code="damaged-member"
            ) from error

    def read(entry: zipfile.ZipInfo) -> bytes:
        data = begin(entry, entry.file_size + 1)
        if len(data) != entry.file_size:
            raise DataError(
                f"{entry.filename} in {name} is longer or shorter than it says.",
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
            f"{name} has {len(entries):,} files; at most {LIMITS.archive_entries:,}.",
            code="archive-entries",
            remedy="Take a sample, or split it.",
        )
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > LIMITS.archive_bytes:
        raise DataError(
            f"{name} unpacks to {unpacked / MB:,.0f} MB; at most {LIMITS.archive_bytes // MB:,} MB.",
            code="archive-too-large",
            remedy="Take a sample, or make the images smaller.",
        )
    if unpacked > 10 * MB and unpacked > LIMITS.archive_ratio * size:
        raise DataError(
            f"{name} grows to {unpacked / max(size, 1):.0f} times its size; at most {LIMITS.archive_ratio}.",
            code="archive-bomb",
            remedy="Upload the files themselves.",
        )
    end = 0
    for entry in sorted(entries, key=lambda e: e.header_offset):
        if entry.flag_bits & 1:
            raise DataError(
                f"{entry.filename} in {name} is encrypted.",
                code="archive-encrypted",
                remedy="Pack it without a password.",
            )
        if entry.header_offset < end:
            raise DataError(f"{name} has entries that overlap.", code="archive-bomb", remedy="Pack it again.")
        end = entry.header_offset + entry.compress_size
        if PurePosixPath(entry.filename).suffix.lower() in (".zip", ".7z", ".rar", ".tar", ".tgz"):
            raise DataError(
                f"{name} holds another archive, {entry.filename}.",
                code="archive-nested",
                remedy="Unpack the inner one first.",
            )
