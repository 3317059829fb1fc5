"""What files of images, sounds and lines hold, looked at before anything is built."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from selfsup_core.data.importing.beside import label_files
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.documents import read_document
from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.formats import document_form
from selfsup_core.data.importing.images import (
    check_pixels,
    choose_size,
    choose_tone,
    image_sizes,
    look_at_some,
    open_image,
)
from selfsup_core.data.importing.labels import count_cells, doubtful_values, parts_of
from selfsup_core.data.importing.layout import Layout
from selfsup_core.data.importing.plan import ImportPlan, Kept
from selfsup_core.data.importing.sounds import read_header
from selfsup_core.data.importing.table import check_size
from selfsup_core.data.importing.transcripts import find_transcripts
from selfsup_core.data.limits import LIMITS, MB
from selfsup_core.data.splits import PARTS
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

LONGEST_SOUND = 30.0  # seconds


def count_labels(labels: list[str]) -> dict[str, int]:
    """The 100 most frequent labels; "" counts the rows without one."""
    return dict(Counter(labels).most_common(100))


def look_at_image_files(
    members: list[Member], beside: list[Member], config: ImportConfig, keep: Kept | None = None
) -> ImportPlan:
    if len(members) == 1:
        open_image(members[0])  # the reader reports what is wrong with it
    sizes = image_sizes(members)
    check_pixels(members, sizes)
    look = look_at_some(members)
    tone, notes = choose_tone(look, config)
    is_color = look.is_color if config.color == "auto" else config.color == "color"
    if not sizes:
        raise DataError(
            tr("None of the images can be read (the first is {name}).").format(name=members[0].name),
            code="no-images",
            remedy=tr("Open them in a viewer and save them again."),
        )
    widths, heights = zip(*sizes, strict=True)
    layout = label_files([m.name for m in members], beside, config)
    if keep is not None:
        keep["layout"] = layout
    said = describe_layout(layout, config)
    return {
        "kind": "image",
        "rows": len(members),
        "aside": look.aside,
        "tone": tone.as_dict(),
        "transparent": look.transparent,
        "size": config.size or choose_size(sizes),
        "color": is_color,
        "median": [int(np.median(widths)), int(np.median(heights))],
        **said,
        "notes": notes + said["notes"],
    }


def describe_layout(layout: Layout, config: ImportConfig) -> ImportPlan:
    """Classes, the given split and what may be chosen otherwise, as part of a plan."""
    said: ImportPlan = {
        "classes": count_labels(layout.labels or []),
        "notes": layout.notes,
        "offers": layout.offers,
    }
    if layout.columns:
        said |= {"beside": layout.columns, "label": layout.label}
        cells = count_cells(layout.cells)
        said |= {"doubtful": doubtful_values(cells), "labels": parts_of(cells)}
    if layout.parts is not None:
        counts = np.bincount(layout.parts, minlength=len(PARTS)).tolist()
        said["parts"] = dict(zip(PARTS, counts, strict=True))
    return said


def look_at_sounds(
    members: list[Member], beside: list[Member], config: ImportConfig, keep: Kept | None = None
) -> ImportPlan:
    lengths: list[float] = []
    rates: Counter[str] = Counter()
    aside: dict[str, str] = {}
    for member in members[:: max(1, len(members) // 200)]:
        try:
            channels, rate, seconds = read_header(member)
        except DataError as error:
            if len(members) == 1:
                raise
            aside[member.name] = error.message
            continue
        lengths.append(seconds)
        rates[f"{rate:,} Hz, {channels} ch."] += 1
    if not lengths:
        raise DataError(
            tr("None of the sounds can be read: {next}").format(next=next(iter(aside.values()))),
            code="no-sounds",
            remedy=tr("Save them as WAV."),
        )
    names = [m.name for m in members]
    transcripts = find_transcripts(names, beside, config)
    layout = label_files(names, [] if transcripts else beside, config)
    if keep is not None:
        keep["layout"] = layout
    seconds = round(min(LONGEST_SOUND, float(np.median(lengths))), 2)
    layout.notes += transcripts.notes if transcripts else cut_note(lengths, config.seconds or seconds)
    return {
        "kind": "sound",
        "rows": len(members),
        "aside": aside,
        "seconds": seconds,
        "rates": dict(rates),
        **describe_layout(layout, config),
    }


def cut_note(lengths: list[float], seconds: float) -> list[str]:
    """That long sounds lose their end, where one loses more than half of itself."""
    if max(lengths) <= 2 * seconds:
        return []
    return [
        tr(
            "Of each sound the first {seconds:g} s are kept; the longest has {lengths:.0f} s. To keep all "
            "of it, cut it into pieces first, one file each."
        ).format(seconds=seconds, lengths=max(lengths))
    ]


def read_lines(members: list[Member], config: ImportConfig) -> tuple[Texts, str, list[str]]:
    """One text a line, blank lines left out. Raises DataError."""
    notes: list[str] = []
    encodings: list[str] = []
    lines = Texts.pack(each_line(members, config, encodings, notes))
    if not len(lines):
        raise DataError(
            tr("{name} holds only blanks.").format(name=members[0].name),
            code="no-rows",
            remedy=tr("Add lines."),
        )
    return lines, encodings[-1], notes


def each_line(
    members: list[Member], config: ImportConfig, encodings: list[str], notes: list[str]
) -> Iterator[str]:
    """The lines that are not blank, one at a time: as strings, all of them would take many times their
    letters.

    Args:
        encodings, notes: are given what is found of each file.
    """
    rows = 0
    for member in members:
        if not document_form(member.name, member.head()):
            check_size(member.name, rows + member.read().count(b"\n"), 1)
        text, encoding, note = read_document(member, config.encoding)
        encodings.append(encoding)
        notes += [note] if note else []
        blank = 0
        for number, line in enumerate(lines_of(text), 1):
            if len(line) > LIMITS.line_bytes:
                raise DataError(
                    tr("{name}, line {number} has over {line_bytes} MB.").format(
                        name=member.name, number=number, line_bytes=LIMITS.line_bytes // MB
                    ),
                    code="line-too-long",
                    remedy=tr("Break it into lines."),
                )
            if kept := line.strip() if member.suffix in ("", ".txt") else line.rstrip():  # code is indented
                rows += 1
                if rows > LIMITS.table_rows:
                    check_size(member.name, rows, 1)
                yield kept
            else:
                blank += 1
        if blank:
            message = (
                tr("1 blank line of {name} was left out.")
                if blank == 1
                else tr("{blank:,} blank lines of {name} were left out.")
            )
            notes.append(message.format(blank=blank, name=member.name))


def lines_of(text: str, piece: int = MB) -> Iterator[str]:
    """`text.splitlines()`, but no more than a piece of the text at a time."""
    start = 0
    while start < len(text):
        end = text.find("\n", start + piece) + 1 or len(text)
        yield from text[start:end].splitlines()
        start = end
