"""Bytes of a text file → str: byte-order mark, UTF-8, then a guess, which is reported."""

from __future__ import annotations

import codecs

from selfsup_core.data.importing.fixes import DETECT_ENCODING
from selfsup_core.data.importing.western import choose_western, looks_western
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

MIXED = "utf-8+cp1252"  # some lines in each, as where files were joined
MOST_ZEROS = 0.02  # of a text's bytes, which are then left out

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def detect_encoding(name: str, data: bytes) -> tuple[str, str]:
    """(encoding, a note when it is a guess).

    Raises:
        DataError: not text.
    """
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return encoding, ""
    sample = data[:4096]
    if b"\0" in sample:
        for side, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
            if sample[side::2].count(0) > 0.4 * len(sample) / 2 > sample[1 - side :: 2].count(0):
                return encoding, tr("{name} has no byte-order mark and was read as {encoding}.").format(
                    name=name, encoding=encoding
                )
        if sample.count(0) > MOST_ZEROS * len(sample):
            raise DataError(
                tr("{name} is not text: it holds zero bytes.").format(name=name),
                code="not-text",
                remedy=tr("Save it as UTF-8 text."),
            )
    try:
        data.decode("utf-8")
        zeros = data.count(0)
        return "utf-8", tr("{zeros:,} zero bytes of {name} were left out.").format(
            zeros=zeros, name=name
        ) if zeros else ""
    except UnicodeDecodeError as error:
        from charset_normalizer import from_bytes

        if is_mixed(data):
            note = tr(
                "{name} is UTF-8 in some lines and cp1252 in others; each was read as what it is."
            ).format(name=name)
            return MIXED, note
        around = data[max(0, error.start - 30_000) : error.start + 30_000]
        best = from_bytes(
            around,
            cp_isolation=["cp1252", "latin_1", "gb18030", "shift_jis", "big5", "cp1251", "euc_kr", "cp1250"],
        ).best()
        encoding = choose_western(around, best.encoding if best else "cp1252")
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            encoding = "latin-1"
        return encoding, tr("{name} is not UTF-8 (byte {start:,}); it was read as {encoding}.").format(
            name=name, start=error.start, encoding=encoding
        )


def decode(name: str, data: bytes, encoding: str = "") -> tuple[str, str, str]:
    """(text, encoding, note). Raises DataError when the encoding asked for is unknown or does not fit."""
    note = ""
    if not encoding:
        encoding, note = detect_encoding(name, data)
    if 0 in data and not encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32")):
        data = data.replace(b"\0", b"")
    try:
        text = decode_lines(data) if encoding == MIXED else data.decode(encoding)
    except (LookupError, TypeError) as error:
        raise DataError(
            tr("There is no encoding {encoding!r}.").format(encoding=encoding),
            code="bad-encoding",
            remedy=tr("Try utf-8 or cp1252."),
            fix=DETECT_ENCODING,
        ) from error
    except ValueError as error:  # of decoding, or of a name with a zero byte in it
        raise DataError(
            tr("{name} is not {encoding}: {error}.").format(name=name, encoding=encoding, error=error),
            code="bad-encoding",
            remedy=tr("Leave the encoding empty to have it detected."),
            fix=DETECT_ENCODING,
        ) from error
    if has_old_line_ends(text):
        text = text.replace("\r", "\n")
    return text, encoding, note


def is_mixed(data: bytes) -> bool:
    """Whether some lines that are not ASCII are UTF-8, and the others western: a few signs of GBK are UTF-8
    by chance.
    """
    odd = [line for line in data.splitlines() if not line.isascii()]
    others = [line for line in odd if not is_utf8(line)]
    good = len(odd) - len(others)
    return good >= 2 and good >= 0.1 * len(odd) and looks_western(b"\n".join(others))


def is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def decode_lines(data: bytes) -> str:
    """Each line as UTF-8 where it is that, else as cp1252."""
    lines = (
        line.decode("utf-8") if is_utf8(line) else line.decode("cp1252", "replace")
        for line in data.splitlines(keepends=True)
    )
    return "".join(lines)


def has_old_line_ends(text: str) -> bool:
    """Whether lines end as on the Macintosh before 2001, in a carriage return alone."""
    return "\r" in text and "\n" not in text
