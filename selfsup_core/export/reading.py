"""Files of new samples → what a network's first step takes: the readers, checks and limits of an import, with
what the training data were read by (size, background, decimal commas, dates, columns).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.files import Member, open_files
from selfsup_core.data.importing.formats import identify
from selfsup_core.data.limits import LIMITS, MB
from selfsup_core.errors import DataError
from selfsup_core.export.about import FeaturesAbout
from selfsup_core.export.new_rows import read_rows
from selfsup_core.export.new_samples import MOST_ROWS, Sample, choose_text_column
from selfsup_core.translation import tr
from selfsup_core.wording import kinds

MANY = "too-many-samples"
SET_ASIDE = ("image", "sound")  # a file of these that is damaged does not end the reading of others
Given = str | Path  # a text as it was typed, or a file
MOST_VALUES = 250 * MB  # of all samples together, one byte or float each


@dataclass
class SamplesRead:
    """Samples in the order of the files. notes: what was left out or guessed, in words."""

    samples: list[Sample] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_items(about: FeaturesAbout, given: Sequence[Given]) -> tuple[list[str], list[Any]]:
    """Names and items of `read_samples`."""
    samples = read_samples(about, given).samples
    return [one.name for one in samples], [one.item for one in samples]


def as_given(words: Sequence[str]) -> list[Given]:
    """Words of a command line: files where there are such files, else texts."""
    return [Path(word) if is_file(word) else word for word in words]


def is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # far too long for a path, or a null byte
        return False


def read_samples(about: FeaturesAbout, given: Sequence[Given], column: str = "") -> SamplesRead:
    """What a person gave.

    Args:
        about: of `Features`.
        given: texts, which are never taken for a file's name, and files: text files with one text per line,
        tables, images, sounds, or ZIP files of them.
        column: with the texts of a table; "" finds it.

    Raises:
        DataError: a file cannot be read, is larger than an import's may be, or lacks a column.
    """
    found = SamplesRead()
    errors: list[DataError] = []
    for one in given:
        if isinstance(one, str) and about["kind"] == "text":
            found.samples.append(Sample(one, one))
        elif isinstance(one, str) or not one.is_file():
            name = one if isinstance(one, str) else one.name
            raise DataError(
                tr("There is no file {given!r}; files of {kinds} are needed here.").format(
                    given=name[:200], kinds=kinds(about["kind"])
                ),
                code="no-file",
                remedy=tr("Check the name, and give files of the kind that the run was trained on."),
            )
        else:
            try:
                read_file(about, one, column, found)
            except DataError as error:
                if about["kind"] not in SET_ASIDE or len(given) == 1 or error.code == MANY:
                    raise
                errors.append(error)
                found.notes.append(left_out(one.name, error))
        check_count(about, found)
    if errors and not found.samples:
        raise errors[0]
    if not found.samples:
        raise DataError(tr("There are no samples in what was given."), code="no-samples")
    return found


def check_count(about: FeaturesAbout, found: SamplesRead) -> None:
    """Raises DataError: more samples than are worked on at once."""
    width = 1 if about["kind"] == "text" else max(1, about.get("width", 1))
    most = min(MOST_ROWS, MOST_VALUES // width)
    if len(found.samples) > most:
        raise DataError(
            tr("More than {most_rows:,} samples at once; split them into several files.").format(
                most_rows=most
            ),
            code=MANY,
        )


def left_out(name: str, error: DataError) -> str:
    return tr("{name} was left out: {message}").format(name=name, message=error.message)


def read_file(about: FeaturesAbout, path: Path, column: str, found: SamplesRead) -> None:
    read = READERS[about["kind"]](about, column)
    members = open_files([path])
    errors = []
    for member in members:
        try:
            samples, notes = read(member)
        except DataError as error:
            if len(members) == 1:
                raise
            errors.append(error)
            found.notes.append(left_out(member.name, error))
            continue
        found.samples += samples
        found.notes += notes
        check_count(about, found)
    if len(errors) == len(members):
        raise errors[0]


Read = Callable[[Member], tuple[list[Sample], list[str]]]


def texts_reader(about: FeaturesAbout, column: str) -> Read:
    from selfsup_core.data.importing.documents import read_document
    from selfsup_core.data.importing.tables import TABLES, read_table

    def read(member: Member) -> tuple[list[Sample], list[str]]:
        form = identify(member.name, member.head())
        if form in TABLES:
            table = read_table([member], ImportConfig())
            cells = [one.to_pylist() for one in table.columns]
            rows = [list(row) for row in zip(*cells, strict=True)]
            place = choose_text_column(member.name, table.names, rows, column)
            named = [dict(zip(table.names, row, strict=True)) for row in rows]
            return [
                Sample(row[place], row[place], of) for row, of in zip(rows, named, strict=True)
            ], table.notes
        if form != "txt":
            raise unfit(member, "text")
        text, _, note = read_document(member, "")
        lines = [line for line in text.splitlines() if line.strip()]
        if any(len(line) > LIMITS.line_bytes for line in lines):
            raise DataError(
                tr("{name} has a line of over {line_bytes} MB.").format(
                    name=member.name, line_bytes=LIMITS.line_bytes // MB
                ),
                code="line-too-long",
                remedy=tr("Write one text per line."),
            )
        return [Sample(line, line) for line in lines], [note] if note else []

    return read


def rows_reader(about: FeaturesAbout, column: str) -> Read:
    return lambda member: read_rows(member, about)


def pictures_reader(about: FeaturesAbout, column: str) -> Read:
    from selfsup_core.data.importing.images import read_image
    from selfsup_core.data.importing.tones import Tone

    shape = about["item_shape"]
    if shape[0] != shape[1]:
        raise DataError(tr("New images can be read only for data sets of square images."))
    facts = about.get("picture", {})
    tone: Tone | None = Tone(**facts["tone"]) if facts.get("tone") else None
    # A file's values go to 255, those of a set may go elsewhere: the digits' to 16.
    factor = 1 / (255 * about["scale"])

    def read(member: Member) -> tuple[list[Sample], list[str]]:
        if identify(member.name, member.head()) != "image":
            raise unfit(member, "image")
        picture = read_image(member, shape[0], len(shape) == 3, facts.get("fit", "pad"), tone)[0]
        item = picture if abs(factor - 1) < 1e-6 else picture * np.float32(factor)
        return [Sample(member.name, item)], []

    return read


def sounds_reader(about: FeaturesAbout, column: str) -> Read:
    from selfsup_core.data.importing.sounds import read_sound
    from selfsup_core.data.logmel import log_mel

    if not {"rate", "seconds"} <= set(about["sound"]):
        raise DataError(
            tr(
                "New sounds cannot be read: the sampling rate or length of the data set's "
                "sounds is not known."
            )
        )
    rate = int(about["sound"]["rate"])
    mels, frames = about["item_shape"]

    def read(member: Member) -> tuple[list[Sample], list[str]]:
        if identify(member.name, member.head()) != "wav":
            raise unfit(member, "sound")
        wave = read_sound(member, about["sound"]["seconds"], rate).astype(np.float32) / 32767
        return [Sample(member.name, log_mel(wave, rate, mels=mels, frames=frames))], []

    return read


def unfit(member: Member, kind: str) -> DataError:
    return DataError(
        tr("{name} is not a file of {kinds}.").format(name=member.name, kinds=kinds(kind)),
        code="wrong-kind",
        remedy=tr("Choose files of the kind that the run was trained on."),
    )


READERS: dict[str, Callable[[FeaturesAbout, str], Read]] = {
    "text": texts_reader,
    "table": rows_reader,
    "image": pictures_reader,
    "sound": sounds_reader,
}
