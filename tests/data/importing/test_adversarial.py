"""Bad files on purpose: each is refused with the expected code, or read, and nothing else happens."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet

from selfsup_core.data.importing import arrays, delimited, files, images, look, sounds, table, tables
from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.inspect import inspect_files
from selfsup_core.data.library import child, limited
from selfsup_core.data.library.child import run_job
from selfsup_core.data.library.own import import_files
from selfsup_core.data.limits import LIMITS
from selfsup_core.errors import DataError, StudioError
from tests.data.importing.make import archive, idx, png, wav, write

GOOD = "a,b\n" + "".join(f"{i},{i * 2}\n" for i in range(30))
SCRIPT = "<img src=x onerror=alert(1)>"


def stored(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as made:
        for name, content in entries.items():
            made.writestr(name, content)
    return buffer.getvalue()


def packed_with(method: int) -> bytes:
    """A ZIP whose only member is packed by this method and then damaged in its middle."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as made:
        made.writestr("t.csv", np.random.default_rng(0).bytes(2000))
    data = bytearray(buffer.getvalue())
    data[60:400] = bytes(range(170)) * 2
    return bytes(data)


def directory(data: bytes) -> list[int]:
    """Where each entry of a ZIP's directory begins."""
    places, place = [], data.find(b"PK\x01\x02")
    while place >= 0:
        places.append(place)
        place = data.find(b"PK\x01\x02", place + 4)
    return places


def patched(data: bytes, offset: int, value: bytes, *, only: int | None = None) -> bytes:
    """Overwrite a field of every entry of a ZIP's directory, or of one."""
    made = bytearray(data)
    for count, place in enumerate(directory(data)):
        if only is None or count == only:
            made[place + offset : place + offset + len(value)] = value
    return bytes(made)


def overlapping() -> bytes:
    """Two entries of the directory that point to the same bytes."""
    return patched(stored({"a.csv": GOOD.encode(), "b.csv": GOOD.encode()}), 42, b"\0\0\0\0")


def shifted_overlap() -> bytes:
    """The second entry begins inside the first one's bytes."""
    return patched(stored({"a.csv": GOOD.encode() * 20, "b.csv": b"x"}), 42, struct.pack("<I", 60), only=1)


def encrypted() -> bytes:
    return patched(stored({"a.csv": GOOD.encode()}), 8, b"\x01\0")


def nameless() -> bytes:
    """An entry whose name is a zero byte, which zipfile reads as no name at all."""
    return stored({"t.csv": GOOD.encode(), "Q": b"x"}).replace(b"Q", b"\0")


def png_header(width: int, height: int) -> bytes:
    """A PNG that says its size and holds next to no pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0"))
        + chunk(b"IEND", b"")
    )


def picture(form: str, size: tuple[int, int] = (40, 40)) -> bytes:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, form)
    return buffer.getvalue()


def animated() -> bytes:
    frames = [Image.new("L", (9, 9), shade) for shade in (10, 200, 90)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def npy(array: np.ndarray, *, allow: bool = False) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=allow)
    return buffer.getvalue()


def npy_header(text: str, body: bytes = b"") -> bytes:
    """An NPY file with any header."""
    head = text.encode("latin-1")
    head += b" " * (-(len(head) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + body


def says(shape: str, kind: str = "<f4", body: bytes = b"") -> bytes:
    return npy_header(f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}", body)


def npz(**parts: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **parts)
    return buffer.getvalue()


def parquet_of(table: pa.Table, **options: object) -> bytes:
    buffer = io.BytesIO()
    parquet.write_table(table, buffer, **options)
    return buffer.getvalue()


def small_parquet() -> bytes:
    return parquet_of(pa.table({"a": list(range(30)), "b": [i / 2 for i in range(30)]}))


def swelling_parquet() -> bytes:
    """One long word, stored once and used in every row."""
    words = pa.DictionaryArray.from_arrays(pa.array([0] * 3000, pa.int32()), ["long " * 200])
    return parquet_of(pa.table({"text": words}))


def bad_words() -> bytes:
    """A column of strings that are not UTF-8."""
    raw = pa.array([b"\xff\xfe%d" % i for i in range(20)], pa.binary())
    return parquet_of(pa.table({"w": raw.view(pa.string()), "n": list(range(20))}))


def twice_named() -> bytes:
    return parquet_of(pa.Table.from_arrays([pa.array([1.0, 2.5])] * 2, names=["a", "a"]))


def sound(
    channels: int = 1,
    rate: int = 8000,
    bits: int = 16,
    form: int = 1,
    body: bytes = b"",
    says_size: int | None = None,
) -> bytes:
    frame = channels * bits // 8
    head = struct.pack(
        "<4sIHHIIHH", b"fmt ", 16, form, channels, rate, rate * frame % 2**32, frame % 65536, bits
    )
    size = len(body) if says_size is None else says_size
    return (
        b"RIFF"
        + struct.pack("<I", 36 + len(body))
        + b"WAVE"
        + head
        + b"data"
        + struct.pack("<I", size)
        + body
    )


def floats(*values: float) -> bytes:
    return np.array(values * 400, "<f4").tobytes()


def lines_of(*values: object) -> str:
    return "\n".join(json.dumps(v) for v in values)


NOISE = bytes(range(1, 256)) * 3
OK = ""  # is read
ANY = "*"  # read or refused, both are fine

# (file name, its content, the expected code)
CASES: list[tuple[str, bytes | str | Callable[[], bytes | str], str]] = [
    # Archives
    ("ratio.zip", lambda: archive({"a.csv": bytes(30_000_000)}), "archive-bomb"),
    ("overlap.zip", overlapping, "archive-bomb"),
    ("overlap-inside.zip", shifted_overlap, "archive-bomb"),
    ("nested.zip", lambda: archive({"in.zip": archive({"a.csv": b"a"})}), "archive-nested"),
    ("nested-hidden.zip", lambda: archive({"a.csv": archive({"a.csv": b"a"})}), "archive-nested"),
    ("nested-gz.zip", lambda: archive({"a.csv.gz": gzip.compress(b"a,b\n1,2\n")}), "archive-nested"),
    ("encrypted.zip", encrypted, "archive-encrypted"),
    ("truncated.zip", lambda: archive({"a.csv": GOOD.encode()})[:-30], "damaged-archive"),
    ("head.zip", b"PK\x03\x04", "damaged-archive"),
    ("empty.zip", lambda: archive({}), "empty-archive"),
    ("up.zip", lambda: archive({"../../../etc/t.csv": GOOD.encode()}), OK),
    ("absolute.zip", lambda: archive({"/etc/cron.d/t.csv": GOOD.encode()}), OK),
    ("windows.zip", lambda: archive({"C:\\Windows\\t.csv": GOOD.encode()}), OK),
    ("unicode.zip", lambda: archive({"é\u202efdp/📷.png": png(1), "ü/b.png": png(2)}), OK),
    ("script.zip", lambda: archive({f"{SCRIPT}/1.png": png(1), "$(rm -rf ~)/2.png": png(2)}), OK),
    ("hidden.zip", lambda: archive({".a": b"x", "__MACOSX/b.png": b"y"}), "empty-archive"),
    ("nameless.zip", nameless, OK),
    ("folders.zip", lambda: stored({"a/": b"", "b/": b""}), "empty-archive"),
    ("long-size.zip", lambda: patched(stored({"a.csv": b"a,b\n1,2"}), 24, b"\xff\0\0\0"), "damaged-member"),
    (
        "huge-size.zip",
        lambda: patched(stored({"a.csv": b"a,b"}), 24, b"\xf0\xff\xff\xff"),
        "archive-too-large",
    ),
    ("crc.zip", lambda: patched(stored({"a.csv": b"a,b\n1,2"}), 16, b"\1\2\3\4"), "damaged-member"),
    ("method.zip", lambda: patched(stored({"a.csv": b"a,b\n1,2"}), 10, b"\x63\0"), "damaged-member"),
    ("lzma.zip", lambda: packed_with(zipfile.ZIP_LZMA), "damaged-member"),
    ("bzip.zip", lambda: packed_with(zipfile.ZIP_BZIP2), "damaged-member"),
    ("deflate.zip", lambda: packed_with(zipfile.ZIP_DEFLATED), "damaged-member"),
    ("mixed.zip", lambda: archive({"a.csv": GOOD.encode(), "b.jsonl": b'{"a": 1}'}), "mixed-kinds"),
    ("unreadable.zip", lambda: archive({"a.exe": b"MZ1", "b.pdf": b"%PDF"}), "nothing-readable"),
    (
        "one-bad.zip",
        lambda: archive({f"{i}.png": png(i) for i in range(9)} | {"x.png": b"\x89PNG\r\n\x1a\n"}),
        OK,
    ),
    ("bomb.csv.gz", lambda: gzip.compress(bytes(30_000_000)), "archive-bomb"),
    ("cut.csv.gz", lambda: gzip.compress(GOOD.encode())[:-12], "damaged-file"),
    ("head.csv.gz", b"\x1f\x8b", "damaged-file"),
    ("noise.csv.gz", b"\x1f\x8b\x08\0" + NOISE, "damaged-file"),
    ("twice.csv.gz", lambda: gzip.compress(gzip.compress(GOOD.encode())), "archive-nested"),
    ("zip.csv.gz", lambda: gzip.compress(archive({"a.csv": b"a"})), "archive-nested"),
    ("nothing.csv.gz", lambda: gzip.compress(b""), "empty-file"),
    ("LOUD.CSV.GZ", lambda: gzip.compress(GOOD.encode()), OK),
    # Images
    ("wide.png", lambda: png_header(41_000, 1001), "image-too-large"),
    ("bomb.png", lambda: png_header(60_000, 60_000), "image-too-large"),
    ("flat.png", lambda: png_header(0, 5), "damaged-image"),
    ("cut.png", lambda: picture("PNG")[:300], "damaged-image"),
    ("cut.jpg", lambda: picture("JPEG")[:300], "damaged-image"),
    ("cut.gif", lambda: picture("GIF")[:20], "damaged-image"),
    ("cut.webp", lambda: picture("WEBP")[:60], "damaged-image"),
    ("cut.bmp", lambda: picture("BMP")[:60], "damaged-image"),
    ("really.jpg", lambda: picture("PNG"), OK),
    ("table.csv", lambda: picture("PNG"), OK),
    ("words.png", "no picture", "wrong-content"),
    ("animated.gif", animated, OK),
    ("thin.png", lambda: picture("PNG", (1, 5000)), OK),
    ("long.png", lambda: picture("PNG", (9000, 1)), OK),
    ("bm.txt", "BMW is a car\nand this is a text", OK),
    # Arrays
    ("model.npy", lambda: pickle.dumps({"a": 1}), "pickle-refused"),
    ("model.pkl", lambda: pickle.dumps([1, 2]), "pickle-refused"),
    ("old.pkl", lambda: pickle.dumps([1, 2], protocol=0), "pickle-refused"),
    ("model.pt", lambda: stored({"model/data.pkl": pickle.dumps([1])}), "pickle-refused"),
    ("weights.h5", b"\x89HDF\r\n\x1a\n", "damaged-array"),
    ("records.bin", bytes(3072), "unknown-format"),
    ("objects.npy", lambda: npy(np.array([{}, []], object), allow=True), "pickle-refused"),
    ("objects.npz", lambda: archive({"x.npy": npy(np.array([{}], object), allow=True)}), "pickle-refused"),
    ("huge.npy", says("(99999999999, 99999999999)"), "damaged-array"),
    ("negative.npy", says("(-1, -4)", body=bytes(16)), "damaged-array"),
    ("no-width.npy", says("(9999999999, 4)", "<U0"), "damaged-array"),
    ("no-width.npz", lambda: archive({"x.npy": says("(5, 4)", "|S0")}), "damaged-array"),
    ("truth.npy", says("(True, 4)", body=bytes(16)), ANY),
    ("deep.npy", npy_header("(" * 5000), "damaged-array"),
    ("code.npy", npy_header("__import__('os').abort()"), "damaged-array"),
    ("record.npy", lambda: npy(np.zeros(3, [("a", "f4")])), "bad-array"),
    ("complex.npy", lambda: npy(np.zeros((3, 3), complex)), "bad-array"),
    ("date.npy", lambda: npy(np.zeros((3, 3), "M8[s]")), "bad-array"),
    ("scalar.npy", lambda: npy(np.float32(3)), "no-samples"),
    ("labels.npy", lambda: npy(np.float32(3)), "no-samples"),
    ("no-rows.npy", lambda: npy(np.zeros((0, 4))), "no-rows"),
    ("no-columns.npy", lambda: npy(np.zeros((4, 0))), "no-rows"),
    ("no-pixels.npy", lambda: npy(np.zeros((4, 0, 7), np.uint8)), "no-rows"),
    ("no-channels.npy", lambda: npy(np.zeros((4, 5, 5, 0))), "no-rows"),
    ("five.npy", lambda: npy(np.zeros((2, 2, 2, 2, 2))), "other-shapes"),
    ("strips.npy", lambda: npy(np.zeros((3, 1, 40_000), np.uint8)), OK),
    ("wide.npy", lambda: npy(np.zeros((3, 5001), np.uint8)), "too-many-columns"),
    ("nan.npy", lambda: npy(np.full((3, 4, 4), np.nan)), OK),
    ("inf.npy", lambda: npy(np.array([[1e308, -np.inf], [np.nan, 1e-320]])), OK),
    ("half.npy", lambda: npy(np.zeros((3, 4, 4), np.float16)), OK),
    ("words.npy", lambda: npy(np.array([["a", "b"]])), "bad-array"),
    ("points.npz", lambda: npz(x=np.eye(3), y=np.frombuffer(b"\xff" * 12, "<U1")), "damaged-array"),
    ("half-pair.npz", lambda: npz(x=np.eye(3), y=np.array(["\ud800", "b", "c"])), OK),
    ("lengths.npz", lambda: npz(x=np.zeros((5, 2)), y=np.zeros(4)), "labels-do-not-fit"),
    ("two.npz", lambda: npz(x=np.zeros((5, 2)), y=np.zeros(5), z=np.zeros(4)), OK),
    ("shapes.npz", lambda: npz(a=np.zeros((5, 2)), b=np.zeros((5, 3))), "other-shapes"),
    ("only-labels.npz", lambda: npz(y=np.zeros(5)), "no-samples"),
    ("scalar-label.npz", lambda: npz(x=np.zeros((5, 2)), label=np.int64(4)), ANY),
    ("dims.idx", b"\0\0\x08\x04\0\0\0\x01", "damaged-array"),
    ("length.idx", lambda: idx(np.zeros((3, 4, 4)))[:-1], "damaged-array"),
    ("huge.idx", b"\0\0\x08\x03" + b"\xff" * 12, "damaged-array"),
    ("none.idx", lambda: idx(np.zeros((3, 0, 4))), "no-rows"),
    ("labels.idx", lambda: idx(np.zeros(5)), "no-samples"),
    ("kind.idx", b"\0\0\x07\x01\0\0\0\x01\0", "unknown-format"),
    # Parquet
    ("cut.parquet", lambda: small_parquet()[:-20], "damaged-table"),
    ("noise.parquet", b"PAR1" + NOISE, "damaged-table"),
    ("tail.parquet", b"PAR1" + NOISE + b"\xff\xff\xff\x7fPAR1", "damaged-table"),
    ("text.parquet", "a,b\n1,2\n", "wrong-content"),
    ("no-rows.parquet", lambda: parquet_of(pa.table({"a": pa.array([], pa.int32())})), "no-rows"),
    ("lists.parquet", lambda: parquet_of(pa.table({"a": [[1], [2]]})), "no-columns"),
    ("bytes.parquet", bad_words, "damaged-table"),
    (
        "fixed.parquet",
        lambda: parquet_of(pa.table({"a": pa.array([b"\xff1"] * 3, pa.binary(2)), "b": [1, 2, 3]})),
        ANY,
    ),
    ("names.parquet", twice_named, ANY),
    ("nulls.parquet", lambda: parquet_of(pa.table({"a": pa.nulls(5)})), "no-columns"),
    ("spans.parquet", lambda: parquet_of(pa.table({"a": pa.array([1, 2], pa.duration("s"))})), ANY),
    ("wide.parquet", lambda: parquet_of(pa.table({f"c{i}": [1] for i in range(5001)})), "too-many-columns"),
    # Tables of text
    ("quote.csv", 'a,b\n1,"2\n' + "3,4\n" * 30, ANY),
    ("ragged.csv", "a,b\n1,2\n" + "1,2,3,4\n1\n" * 20, "ragged-table"),
    ("header.csv", "a,b,c\n", "no-rows"),
    ("header-only.tsv", "name\tlabel\n\n", "no-rows"),
    ("twice.jsonl", '{"a": 1, "b": 2}\n{"a": 1, "b": 2, "a": 3}\n', "damaged-json"),
    ("twice-inside.jsonl", '{"a": {"b": 2, "b": 3}}\n', "damaged-json"),
    ("blank.csv", "\n \n\t\n\n", "no-rows"),
    ("commas.csv", ",,,\n" * 5, "no-columns"),
    ("empty.csv", "", "empty-file"),
    ("zeros.csv", b"a,b\n1,\x002\n3,4\n", "not-text"),
    ("late-zero.csv", GOOD.encode() * 60 + b"1,\0\n", ANY),
    ("wide.csv", ",".join("x" * 5001) + "\n" + ",".join("1" * 2001), "too-many-columns"),
    ("returns.csv", "a,b\r1,2\r3,4\r", OK),
    ("names.csv", "a,a,a\n" + "1,2,3\n" * 5, OK),
    ("numbers.csv", "n,m\n+5,1e999\n5.,-1e-999\n.5,00000\n" + "9" * 400 + ",1\n", OK),
    ("formula.csv", "=cmd|'/C calc'!A0,b\n" + "=1+1,2\n" * 5, OK),
    ("$(reboot);`id`.csv", GOOD, OK),
    (f"{SCRIPT}.csv", GOOD, OK),
    (f"{SCRIPT}.xyz", "what", "unknown-format"),
    ("'; DROP TABLE runs; --.csv", "", "empty-file"),
    ("{0.__class__} %s %n.csv", GOOD, OK),
    ("mark.csv", b"\xff\xfea", "bad-encoding"),
    ("mark-only.csv", b"\xef\xbb\xbf", "no-rows"),
    ("ids.csv", "n,label\n" + "".join(f"{i},\U0001f600{i}\n" for i in range(40)), OK),
    ("list.jsonl", "[1, 2]\n", "damaged-json"),
    ("number.jsonl", "1\n", "damaged-json"),
    ("deep.jsonl", "[" * 100_000, "damaged-json"),
    ("deep-object.jsonl", '{"a":' * 100_000, "damaged-json"),
    ("deep-good.jsonl", '{"a":' + "[" * 900 + "]" * 900 + ', "b": 1}\n', ANY),
    ("digits.jsonl", '{"a": ' + "9" * 5000 + "}", "damaged-json"),
    ("nan.jsonl", '{"a": NaN}\n{"a": -Infinity}\n{"a": 1}', OK),
    ("bytes.jsonl", b'{"a": "\xff\xfe\x80"}\n' * 3, ANY),
    ("cut.jsonl", '{"a": 1}\n{"a": ', "damaged-json"),
    ("nothing.jsonl", "{}\n{}\n", "no-rows"),
    ("half-pair.jsonl", '{"\\ud800": "\\udfff b", "n": 1, "label": "\\ud801"}\n' * 4, OK),
    ("zero.jsonl", lines_of(*({"t\0": "a\0b", "n": i} for i in range(5))), OK),
    ("keys.jsonl", lambda: lines_of({f"k{i}": 1 for i in range(5001)}), "too-many-columns"),
    ("line.jsonl", lambda: '{"a": "' + "x" * 2_000_000 + '"}', "line-too-long"),
    ("line.txt", lambda: "word " * 400_000, "line-too-long"),
    ("blank.txt", " \n\t\n\n", "no-rows"),
    ("odd.txt", "\x0b\x0c\x1c\x85\u2028 \n", "no-rows"),
    ("zeros.txt", b"a\0b\nc", "not-text"),
    # Sounds
    ("cut.wav", lambda: wav()[:20], "damaged-sound"),
    ("riff.wav", b"RIFF\0\0\0\0WAVE", "damaged-sound"),
    ("nine.wav", sound(channels=9, body=bytes(1800)), "sound-channels"),
    ("slow.wav", sound(rate=1, body=bytes(200)), "sound-rate"),
    ("fast.wav", sound(rate=2**32 - 1, body=bytes(200)), "sound-rate"),
    ("odd-rate.wav", sound(rate=8001, body=bytes(2000)), OK),
    ("silent.wav", sound(), "empty-sound"),
    ("half-frame.wav", sound(body=b"\1"), ANY),
    ("size.wav", sound(body=bytes(2000), says_size=2**32 - 1), ANY),
    ("nan.wav", sound(bits=32, form=3, body=floats(np.nan, np.inf, -np.inf, 1e38)), "no-sounds"),
    ("bits.wav", sound(bits=7, body=bytes(200)), ANY),
    ("coded.wav", sound(form=2, body=bytes(2000)), "no-sounds"),
    ("no-channel.wav", sound(channels=0, body=bytes(200)), "damaged-sound"),
    # Kinds that cannot be read
    ("paper.pdf", b"%PDF-1.7\n" + NOISE, "damaged-document"),
    (
        "book.xlsx",
        lambda: archive({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}),
        "damaged-table",
    ),
    ("tool.exe", b"MZ\x90\0" + NOISE, "unknown-format"),
    ("page.html", "<script>alert(1)</script>", "no-rows"),
    ("none", NOISE, "unknown-format"),
    ("data.tar", bytes(600), "unknown-format"),
    ("data.rar", b"Rar!\x1a\x07" + NOISE, "unknown-format"),
]


def check_refusal(error: StudioError, folder: Path, *names: str) -> None:
    """A sentence for people: a code, the file, and nothing of the machine."""
    shown = str(error)
    assert error.code
    assert error.message.strip()
    assert str(folder) not in shown
    assert "Traceback" not in shown
    assert "selfsup_core" not in shown
    assert " at 0x" not in shown
    assert len(shown) < 1500
    assert not names or any(name.lower() in shown.lower() for name in names)


def attempt(path: Path, config: ImportConfig | None = None, *names: str) -> str:
    """The code of the refusal, or OK. Looking and building may differ only by reading more."""
    outcomes = []
    for task in (inspect_files, lambda p, c: build_dataset(p, c, "my-x")):
        try:
            task([path], config or ImportConfig())
            outcomes.append(OK)
        except StudioError as error:
            check_refusal(error, path.parent, *(names or (path.name.removesuffix(".gz"),)))
            outcomes.append(error.code)
    assert outcomes[0] in (OK, outcomes[1])
    return outcomes[1]


def inner_names(content: bytes) -> list[str]:
    """Names inside an archive: a message may name one of these."""
    try:
        return [n for n in zipfile.ZipFile(io.BytesIO(content)).namelist() if len(n) > 2][:50]
    except (zipfile.BadZipFile, NotImplementedError):
        return []


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "content", "code"), CASES, ids=[c[0] for c in CASES])
def test_bad_file(name: str, content, code: str, tmp_path: Path) -> None:
    made = content() if callable(content) else content
    path = write(tmp_path, name.replace("/", "_"), made)
    base = path.name.lower().removesuffix(".gz")
    inner = inner_names(made) if isinstance(made, bytes) else []
    # Of columns as a whole, no file is to blame: the message says what to choose.
    extra = ["No column", "The array holds", "The arrays hold", "An array of", "different kinds"]
    found = attempt(path, None, base, *inner, *extra, "arrays of samples")
    assert found == code or code == ANY


def test_there_are_enough_bad_files() -> None:
    assert len(CASES) >= 60
    assert len({c[0] for c in CASES}) == len(CASES)


LOWERED = [
    ("swell.parquet", swelling_parquet, {"decoded_bytes": 1_000_000}, "too-large"),
    ("cell.csv", lambda: "a,b\n" + "1,2\n" * 9 + "x" * 3000 + ",2\n", {"cell_bytes": 1000}, ANY),
    ("cell.tsv", lambda: 't\tn\n"' + "x\n" * 900 + '"\t1\n' + "a\t2\n" * 9, {"cell_bytes": 1000}, ANY),
    (
        "cell.parquet",
        lambda: parquet_of(pa.table({"t": ["x" * 3000, "y"]})),
        {"cell_bytes": 1000},
        "cell-too-large",
    ),
    ("cell.jsonl", lambda: lines_of({"t": "x" * 3000}), {"cell_bytes": 1000}, "cell-too-large"),
    ("rows.csv", lambda: GOOD, {"table_rows": 20}, "too-many-rows"),
    ("rows.parquet", small_parquet, {"table_rows": 20}, "too-many-rows"),
    ("rows.npy", lambda: npy(np.zeros((30, 3))), {"table_rows": 20}, "too-many-rows"),
    ("grow.csv.gz", lambda: gzip.compress(GOOD.encode()), {"decoded_bytes": 100}, "archive-bomb"),
    ("sum.zip", lambda: archive({"a.csv": GOOD.encode() * 9}), {"archive_bytes": 400}, "archive-too-large"),
    (
        "entries.zip",
        lambda: stored({f"{i}.txt": b"" for i in range(5)}),
        {"archive_entries": 4},
        "archive-entries",
    ),
    ("large.csv", lambda: GOOD, {"file_bytes": 100}, "file-too-large"),
    ("pixels.png", lambda: png(1), {"image_pixels": 100}, "image-too-large"),
    (
        "pictures.zip",
        lambda: archive({f"{i}.png": png(i) for i in range(9)}),
        {"images_pixels": 1200},
        "images-too-large",
    ),
    (
        "size.zip",
        lambda: archive({f"{i}.png": png(i) for i in range(9)}),
        {"decoded_bytes": 7000},
        "too-large",
    ),
    ("lines.txt", lambda: "a line\n" * 30, {"table_rows": 20}, "too-many-rows"),
    ("returned-lines.txt", lambda: "a line\r" * 30, {"table_rows": 20}, "too-many-rows"),
    ("cells.csv", lambda: GOOD, {"table_cells": 50}, "too-many-cells"),
    ("cells.npy", lambda: npy(np.zeros((30, 3))), {"table_cells": 80}, "too-many-cells"),
    (
        "cells.jsonl",
        lambda: lines_of(*({f"k{i}": 1} for i in range(20))),
        {"table_cells": 100},
        "too-many-cells",
    ),
    ("rows.jsonl", lambda: lines_of(*({"a": i} for i in range(30))), {"table_rows": 20}, "too-many-rows"),
    (
        "sounds.zip",
        lambda: archive({f"{i}.wav": wav(i) for i in range(9)}),
        {"decoded_bytes": 50_000},
        "too-large",
    ),
    (
        "levels.csv",
        lambda: "n,c,y\n" + "".join(f"{i},c{i % 40},z\n" for i in range(99)),
        {"decoded_bytes": 15_000},
        "too-large",
    ),
    ("long.wav", lambda: wav(), {"sound_seconds": 0}, "sound-too-long"),
    ("floats.npy", lambda: npy(np.zeros((9, 9, 9))), {"decoded_bytes": 1000}, "too-large"),
]


@pytest.mark.parametrize(("name", "content", "limits", "code"), LOWERED, ids=[c[0] for c in LOWERED])
def test_limits(name: str, content, limits, code: str, tmp_path: Path, monkeypatch) -> None:
    for module in (arrays, delimited, files, images, look, sounds, table, tables):
        monkeypatch.setattr(module, "LIMITS", replace(LIMITS, **limits))
    found = attempt(
        write(tmp_path, name, content()),
        None,
        name.removesuffix(".gz"),
        "images",
        "sounds of",
        "rows of",
        "line",
    )
    assert found == code or (code == ANY and found in ("cell-too-large", "damaged-table"))


@pytest.mark.parametrize(
    "values",
    [
        {"delimiter": "\n"},
        {"delimiter": '"'},
        {"delimiter": "\r"},
        {"delimiter": "é"},
        {"delimiter": "\0"},
        {"delimiter": " "},
        {"encoding": "no-such"},
        {"encoding": "base64"},
        {"encoding": "utf-16"},
        {"encoding": "idna"},
        {"encoding": "undefined"},
        {"encoding": "rot13"},
        {"encoding": "a\0b"},
        {"label": "none such"},
        {"text": "a"},
        {"label": "-", "text": "-"},
        {"roles": {"a": "category", "b": "ignore"}},
        {"roles": {"a": "date", "b": "id"}},
        {"kind": "image"},
        {"kind": "sound"},
        {"kind": "text"},
        {"header": "no"},
    ],
    ids=str,
)
def test_odd_settings(values, tmp_path: Path) -> None:
    try:
        config = ImportConfig(**values)
    except ValueError:
        return  # the setting itself refuses it
    for name, content in (("t.csv", GOOD), ("t.txt", "one\ntwo"), ("t.jsonl", '{"a": 1, "b": 2}')):
        attempt(write(tmp_path, name, content), config, name, "column", "encoding", "delimiter")


def test_pictures_with_a_damaged_table_beside_them(tmp_path: Path) -> None:
    content = archive({"a.png": png(1), "b.png": png(2), "labels.csv": b'file,label\n"a.png,x'})
    assert attempt(write(tmp_path, "p.zip", content), None, "labels.csv") in (
        OK,
        "damaged-table",
        "no-rows",
    )


THROUGH_CHILD = [
    "ratio.zip",
    "overlap.zip",
    "bomb.png",
    "objects.npy",
    "tail.parquet",
    "deep.jsonl",
    "silent.wav",
    "half-pair.jsonl",
    "half-pair.npz",
    "script.zip",
]


TITLES_LOCK = ".titles.lock"  # stays; whoever removed it could remove the one that another process waits for


def left_over(workspace: Path) -> list[str]:
    return [str(p.relative_to(workspace)) for p in workspace.rglob("*") if p.is_file()]


@pytest.mark.parametrize("name", THROUGH_CHILD)
def test_nothing_is_left_behind(name: str, workspace: Path, tmp_path: Path) -> None:
    content, code = next((c[1], c[2]) for c in CASES if c[0] == name)
    path = write(tmp_path, name, content() if callable(content) else content)
    if code == OK:
        made = import_files(workspace, [path])
        assert {p.name for p in (workspace / "datasets").iterdir()} == {made, TITLES_LOCK}
    else:
        with pytest.raises(DataError) as caught:
            import_files(workspace, [path])
        check_refusal(caught.value, tmp_path)
        assert caught.value.code == code
        assert not left_over(workspace)
    assert {p.name for p in workspace.rglob(".*")} <= {TITLES_LOCK}


def test_task_that_is_not_there_is_a_plain_error(workspace: Path) -> None:
    with pytest.raises(DataError) as caught:
        run_job("nonsense", workspace)
    check_refusal(caught.value, workspace)
    assert caught.value.code == "import-failed"
    assert not list(workspace.iterdir())


def false_child(folder: Path, monkeypatch, body: str) -> None:
    """Have `run_job` start another program than the real reader, in a new interpreter."""
    package = folder / "false" / "selfsup_core" / "data" / "library"
    package.mkdir(parents=True)
    for parent in (package, package.parent, package.parent.parent):
        (parent / "__init__.py").touch()
    (package / "child.py").write_text(body)
    monkeypatch.setattr(limited, "fork_prepared", lambda *asked: None)
    monkeypatch.setattr(limited, "ROOT", folder / "false")
    monkeypatch.chdir(folder / "false")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("import os; os.abort()", "import-crashed"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "import-crashed"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "import-too-long"),
        ("import sys; sys.exit('terminate: std::bad_alloc')", "import-memory"),
        ("", "import-crashed"),
    ],
    ids=["abort", "segfault", "killed", "memory", "silent"],
)
def test_child_that_dies_is_a_plain_error(
    body: str, code: str, workspace: Path, tmp_path: Path, monkeypatch
) -> None:
    false_child(tmp_path, monkeypatch, body)
    with pytest.raises(DataError) as caught:
        run_job("build", workspace, name="my-x")
    check_refusal(caught.value, workspace)
    assert caught.value.code == code
    assert not list(workspace.iterdir())


def test_child_that_never_ends_is_ended(workspace: Path, tmp_path: Path, monkeypatch) -> None:
    false_child(tmp_path, monkeypatch, "import signal; signal.pause()")
    monkeypatch.setattr(child, "LIMITS", replace(LIMITS, cpu_seconds=0.25))
    with pytest.raises(DataError) as caught:
        run_job("build", workspace, name="my-x")
    assert caught.value.code == "import-too-long"
    assert not list(workspace.iterdir())


HUNGRY = """
import resource, sys
from pathlib import Path
from selfsup_core.data.library.own import import_files
from selfsup_core.errors import DataError
resource.setrlimit(resource.RLIMIT_AS, (1_200_000_000,) * 2)
try:
    import_files(Path(sys.argv[1]), [Path(sys.argv[2])])
except DataError as error:
    print(error.code)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")
def test_child_out_of_memory_is_a_plain_error(workspace: Path, tmp_path: Path) -> None:
    path = tmp_path / "hungry.npy"
    with open(path, "wb") as file:  # a hole: takes no place on the disk
        head = says("(190, 1000, 1000)", "|i1")
        file.write(head)
        file.truncate(len(head) + 190_000_000)
    command = [sys.executable, "-c", HUNGRY, str(workspace), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.strip() == "import-memory", done.stderr[-2000:]
    assert not left_over(workspace)
    assert not list(workspace.rglob(".*"))
