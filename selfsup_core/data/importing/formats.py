"""The format of a file, from its first bytes, and for text from its name."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from selfsup_core.data.importing.extras import load_reader
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".joblib", ".ckpt")
IMAGE_ENDINGS = (
    *(".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".avif", ".heic", ".heif", ".tif", ".tiff"),
    *(".pgm", ".ppm", ".pbm", ".pnm"),
)
XZ = b"\xfd7zXZ\0"
HDF5 = b"\x89HDF\r\n\x1a\n"
CIFAR = (3073, 3074)  # bytes per record of CIFAR-10 and CIFAR-100: labels, then 32 × 32 red, green, blue
IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*")
TMX = re.compile(rb"<!DOCTYPE\s+tmx\b|<tmx\b")
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
    ".tmx": "tmx",
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
STATISTICS = {".dta": "stata"} | dict.fromkeys((".sav", ".zsav", ".por"), "spss")
STATISTICS |= dict.fromkeys((".sas7bdat", ".xpt"), "sas")
SHEETS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
TEXTS |= dict.fromkeys(
    (".md", ".rst", ".srt", ".vtt", ".log", ".tex", ".py", ".js", ".r", ".htm", ".html"), "txt"
)
DOCUMENTS = {".docx": "docx", ".epub": "epub", ".html": "html", ".htm": "html"}
IDX_TYPES = (8, 9, 11, 12, 13, 14)


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
        raise DataError(
            tr("{name} is empty.").format(name=name),
            code="empty-file",
            remedy=tr("Choose a file with content."),
        )
    if suffix and suffix in TEXTS and all(32 <= b < 127 or b in b"\t\r\n" for b in head[:16]):
        return TEXTS[suffix]  # a table may begin with "BMI" or "PAR1"
    if suffix == ".xml" and TMX.search(head):
        return "tmx"
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
            tr("{name} is an M4A sound (AAC), which cannot be read.").format(name=name),
            code="unknown-format",
            remedy=tr("Convert it with ffmpeg -i {name} {stem}.wav").format(
                name=name, stem=PurePosixPath(name).stem
            ),
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
            tr("{name} may run code when it is loaded (pickle or a model file).").format(name=name),
            code="pickle-refused",
            remedy=tr("Save arrays with numpy.savez, tables as CSV or Parquet."),
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
            tr("{name} is not a {suffix} file: its first bytes are something else.").format(
                name=name, suffix=suffix[1:].upper()
            ),
            code="wrong-content",
            remedy=tr("Save it again in that format."),
        )
    if suffix in TEXTS and (suffix or not any(b < 9 or 13 < b < 32 for b in head)):
        return TEXTS[suffix]
    if (not suffix or suffix[1:].isdigit()) and is_plain(head):
        return "txt"
    if head[257:262] == b"ustar":
        raise DataError(
            tr("{name} is a TAR archive, which cannot be read.").format(name=name),
            code="unknown-format",
            remedy=tr("Unpack it, and put its files into a ZIP file."),
        )
    raise DataError(
        tr("{name} is of a kind that cannot be read.").format(name=name),
        code="unknown-format",
        remedy=tr(
            "Give CSV, TSV, Excel, ODS, JSON, JSONL, Parquet, Feather, Stata, SPSS, SAS, ARFF, libsvm, TMX, "
            "NPY, NPZ, HDF5, AnnData, MATLAB, IDX, TXT, PDF, DOCX, EPUB, HTML, WAV, FLAC, MP3, OGG, AIFF, "
            "images, DICOM, NIfTI, or a ZIP of these."
        ),
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
            instead=tr(
                'save it as JPEG or PNG (an iPhone takes JPEG with the camera format "Most Compatible")'
            ),
        )
        return True
    if scan_form(name, head):
        return True
    if PurePosixPath(name).suffix.lower() == ".svg":
        raise DataError(
            tr("{name} is a drawing (SVG), not an image of pixels.").format(name=name),
            code="drawing",
            remedy=tr("Export it as PNG."),
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
