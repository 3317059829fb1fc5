"""Names of a ZIP's members: in which encoding they were written, and with / between folders.

A ZIP that does not say its names are UTF-8 is decoded as cp437 by the standard, and by `zipfile`. Programs
on Chinese, Japanese, Korean or Russian Windows write the code page of the machine.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable

from selfsup_core.translation import tr

UTF8_FLAG = 0x800
# (encoding, title, lead bytes of its frequent characters, in the order of preference where several fit)
WIDE = (
    ("gb18030", "GBK", (range(0xB0, 0xD8),)),
    ("shift_jis", "Shift-JIS", (range(0x82, 0x84), range(0x88, 0x98))),
    ("big5", "Big5", (range(0xA4, 0xC7),)),
    ("euc_kr", "EUC-KR", (range(0xB0, 0xC9),)),
)
CYRILLIC = re.compile(r"[а-яёА-ЯЁ]")


def name_encoding(raw: Iterable[bytes]) -> tuple[str, str]:
    """(encoding, its title) of names without the flag of UTF-8; ("", "") where cp437 is as good as any.

    Statistical detection needs a text; folder names are often two characters, so that each encoding's
    frequent characters decide here.
    """
    names = sorted(set(raw))
    if is_valid(names, "utf-8"):
        return "utf-8", "UTF-8"
    best, most = ("", ""), 0.7
    for encoding, title, leads in WIDE:
        share = frequent_share(names, encoding, leads)
        if share > most:
            best, most = (encoding, title), share
    if best[0]:
        return best
    letters = "".join(name.decode("cp866") for name in names)
    foreign = [letter for letter in letters if ord(letter) > 127]
    if all(CYRILLIC.match(letter) for letter in foreign) and re.search(CYRILLIC.pattern + "{3}", letters):
        return "cp866", "CP866"
    return "", ""


def is_valid(names: list[bytes], encoding: str) -> bool:
    try:
        for name in names:
            name.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def frequent_share(names: list[bytes], encoding: str, leads: tuple[range, ...]) -> float:
    """Share of the characters beyond ASCII that are among the encoding's frequent ones."""
    if not is_valid(names, encoding):
        return 0.0
    letters = [letter for name in names for letter in name.decode(encoding) if ord(letter) > 127]
    first = [letter.encode(encoding)[0] for letter in letters]
    return sum(any(byte in lead for lead in leads) for byte in first) / max(len(first), 1)


def rename_members(archive: str, entries: list[zipfile.ZipInfo]) -> tuple[list[str], list[str]]:
    """(names of the entries as they were meant, notes)."""
    notes: list[str] = []
    old = [e.orig_filename for e in entries if not e.flag_bits & UTF8_FLAG and not e.orig_filename.isascii()]
    encoding, title = name_encoding(name.encode("cp437") for name in old) if old else ("", "")
    if encoding:
        notes.append(
            tr("Names in {archive} are not marked as UTF-8; they were read as {title}.").format(
                archive=archive, title=title
            )
        )
    names = []
    for entry in entries:
        name = entry.orig_filename.split("\0", 1)[0]
        if encoding and not entry.flag_bits & UTF8_FLAG and not name.isascii():
            name = name.encode("cp437").decode(encoding)
        names.append(name)
    if any("\\" in name for name in names) and not any("/" in name for name in names):
        names = [name.replace("\\", "/") for name in names]
        notes.append(
            tr("{archive} writes folders with backslashes; they were read as folders.").format(
                archive=archive
            )
        )
    return names, notes
