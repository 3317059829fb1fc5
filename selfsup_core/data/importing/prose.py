"""Text files → texts: one a line, one a paragraph (its lines and indentation kept), or one a file."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from selfsup_core.data.importing.beside import free_unlabeled
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.decode import has_old_line_ends
from selfsup_core.data.importing.documents import SUBTITLES, read_document
from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.formats import document_form
from selfsup_core.data.importing.layout import Layout, read_layout
from selfsup_core.data.importing.table import check_size
from selfsup_core.data.limits import LIMITS, MB
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

BLANK_SHARE = 0.1  # blank lines among all, above which they part paragraphs
SAMPLE = 200_000


def choose_unit(members: list[Member], config: ImportConfig) -> str:
    """Lines, paragraphs or files, by the number of files and the first one's layout."""
    if config.unit != "auto":
        return config.unit
    if len(members) > 1 and read_layout([m.name for m in members], config).labels is not None:
        return "files"
    if members[0].suffix in SUBTITLES:
        return "lines"
    sample = members[0].head(SAMPLE)
    if document_form(members[0].name, sample):
        return "paragraphs"
    if has_old_line_ends(sample.decode("latin-1")):
        return "lines"
    lines = [line.rstrip() for line in sample.splitlines()]
    is_block = any(a and b for a, b in pairwise(lines)) and any(
        line[:1] in (b" ", b"\t") or not line for line in lines
    )
    blank = lines.count(b"")
    return "paragraphs" if is_block and blank > max(1, BLANK_SHARE * len(lines)) else "lines"


def read_blocks(members: list[Member], config: ImportConfig, unit: str) -> tuple[Texts, str, Layout]:
    """(texts, encoding, what is said of each text), one text per paragraph or per file.

    A paragraph keeps the blank lines behind it, so that joined lines give the file again.

    Raises:
        DataError: nothing in them, or more than a data set may hold.
    """
    layout = read_layout([m.name for m in members], config)
    notes = layout.notes
    texts: list[str] = []
    counts: list[int] = []
    encoding = "utf-8"
    for member in members:
        text, encoding, note = read_document(member, config.encoding)
        notes += [note] if note else []
        text = text.replace("\r\n", "\n").strip("\n")
        found = [text] if unit == "files" else paragraphs(text)
        found = [t for t in found if t.strip()]
        texts += found
        counts.append(len(found))
        check_size(member.name, len(texts), 1)
        if any(len(t) > LIMITS.line_bytes for t in found):
            raise DataError(
                tr("{name} holds a text of over {line_bytes} MB.").format(
                    name=member.name, line_bytes=LIMITS.line_bytes // MB
                ),
                code="line-too-long",
                remedy=tr("Choose one text per line, or part it by blank lines."),
            )
    if not texts:
        raise DataError(
            tr("{name} holds only blanks.").format(name=members[0].name),
            code="no-rows",
            remedy=tr("Add text."),
        )
    notes.append(tr("One text per {unit}; blank lines and indentation are kept.").format(unit=unit[:-1]))
    if layout.labels is not None:
        layout.labels = np.repeat(np.array(layout.labels, object), counts).tolist()
    if layout.parts is not None:
        layout.parts = np.repeat(layout.parts, counts)
        if layout.labels is not None:
            free_unlabeled(layout)
    return Texts.pack(texts), encoding, layout


def paragraphs(text: str) -> list[str]:
    """Parts between blank lines, each with all but one of the line ends that follow it."""
    found: list[list[str]] = []
    for line in text.split("\n"):
        line = line.rstrip()
        if not found or (line and found[-1][-1] == "" and any(found[-1])):
            found.append([])
        found[-1].append(line)
    return ["\n".join(block) for block in found]
