"""Sounds with a table of what is said in them: LJSpeech's `metadata.csv` (name|transcript|normalized
transcript, without a header), or a table with a column of files and one of transcripts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np

from selfsup_core.data.importing.beside import match_paths, match_rows
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.decode import decode
from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.made import Made
from selfsup_core.data.importing.sounds import RATE, read_header, read_sound
from selfsup_core.data.importing.table import check_decoded
from selfsup_core.data.importing.tables import read_table
from selfsup_core.data.spoken import BANDS, FRAME_SECONDS, TRANSCRIPT, pack_clips
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

COLUMNS = ("normalized_transcript", "transcript", "transcription", "sentence", "normalized_text", "text")
SPEAKERS = ("speaker", "speaker_id", "client_id", "voice")
LONGEST = 20.0  # seconds of a clip: what is cut would no longer fit its transcript
LEAST = 4  # clips with a transcript
MOST_LETTERS = 5000  # of a transcript
PIPED = 0.8  # share of the lines of LJSpeech's table that hold a "|"


@dataclass
class Transcripts:
    """What a table says of the sounds.

    Attributes:
        texts: of each sound, "" for none. speakers: the same; [] where they are not known.
        table: its name. missing: how many of its rows name no sound that is there.
    """

    texts: list[str]
    table: str
    missing: int = 0
    speakers: list[str] = field(default_factory=list)

    @property
    def notes(self) -> list[str]:
        known = sum(map(bool, self.texts))
        said = [
            tr("{table} holds the transcripts of {known:,} of {count:,} sounds.").format(
                table=self.table, known=known, count=len(self.texts)
            )
        ]
        if known < len(self.texts):
            said.append(
                tr("{count:,} sounds have no transcript; a run writes one itself.").format(
                    count=len(self.texts) - known
                )
            )
        if self.missing:
            said.append(
                tr("{count:,} rows of {table} name a sound that is not there.").format(
                    count=self.missing, table=self.table
                )
            )
        return said


def find_transcripts(names: Sequence[str], beside: list[Member], config: ImportConfig) -> Transcripts | None:
    """Of the first table that has them; None where no table has, or where a class was asked for.

    Raises:
        DataError: hardly a transcript is left.
    """
    for member in beside if config.label in ("", *COLUMNS) else []:
        found = read_piped(member, names) or read_columns(member, names, config)
        if found is None:
            continue
        if sum(map(bool, found.texts)) < LEAST:
            raise DataError(
                tr(
                    "{table} holds the transcripts of {count} of the sounds; at least {least} are needed."
                ).format(table=found.table, count=sum(map(bool, found.texts)), least=LEAST),
                code="few-transcripts",
                remedy=tr("Check that its first column names the files, and that transcripts are not empty."),
            )
        return found
    return None


def read_piped(member: Member, names: Sequence[str]) -> Transcripts | None:
    """LJSpeech's layout; None where it is another one."""
    try:
        lines = [line for line in decode(member.name, member.read())[0].splitlines() if line.strip()]
    except DataError:
        return None
    rows = [line.split("|") for line in lines if "|" in line]
    if not rows or len(rows) < PIPED * len(lines):
        return None
    places = match_paths([plain_path(row[0]) for row in rows], names, PurePosixPath(member.name).parent)
    if not any(place >= 0 for place in places):
        return None
    # The last column is the normalized one, where numbers are written as words.
    texts = [next((cell for cell in reversed(row[1:]) if cell.strip()), "") for row in rows]
    if places[0] < 0 and {cell.strip().lower() for cell in rows[0]} & set(COLUMNS):
        places, texts = places[1:], texts[1:]  # a header
    return sort_in(member, names, places, texts)


def read_columns(member: Member, names: Sequence[str], config: ImportConfig) -> Transcripts | None:
    """A table that says in its header which column holds the transcripts."""
    try:
        table = read_table([member], config)
    except DataError:
        return None  # said by whoever reads the labels
    lower = [name.strip().lower() for name in table.names]
    wanted = config.label or next((name for name in COLUMNS if name in lower), "")
    found = match_rows(table, names, PurePosixPath(member.name).parent)
    if found is None or wanted not in lower or lower.index(wanted) == found[0]:
        return None
    made = sort_in(member, names, found[1], table.columns[lower.index(wanted)].to_pylist())
    voice = next((name for name in SPEAKERS if name in lower), "")
    if voice:
        made.speakers = [""] * len(names)
        for place, cell in zip(found[1], table.columns[lower.index(voice)].to_pylist(), strict=True):
            if place >= 0:
                made.speakers[place] = cell.strip()
    return made


def plain_path(text: str) -> str:
    return text.strip().replace("\\", "/").removeprefix("./")


def sort_in(member: Member, names: Sequence[str], places: list[int], texts: list[str]) -> Transcripts:
    """The texts in the order of the files."""
    found = Transcripts([""] * len(names), PurePosixPath(member.name).name)
    for place, text in zip(places, texts, strict=True):
        if place < 0:
            found.missing += 1
        else:
            found.texts[place] = " ".join(text.split())[:MOST_LETTERS]
    return found


def check_length(member: Member) -> float:
    """Seconds of a clip. Raises DataError: it is too long to be one."""
    seconds = read_header(member)[2]
    if seconds > LONGEST:
        raise DataError(
            tr("{name} lasts {seconds:.0f} seconds; a transcribed clip at most {longest:g}.").format(
                name=member.name, seconds=seconds, longest=LONGEST
            ),
            code="sound-too-long",
            remedy=tr("Cut it into sentences, each with its transcript."),
        )
    return seconds


def from_clips(members: list[Member], found: Transcripts) -> Made:
    """Clips of their own length, each with its transcript."""
    lengths: dict[int, float] = {}
    aside: dict[str, str] = {}
    for row, member in enumerate(members):
        try:
            lengths[row] = check_length(member)
        except DataError as error:
            aside[member.name] = error.message
    longest = max(lengths.values(), default=0.0)
    check_decoded(
        tr("{count:,} clips of up to {seconds:.0f} s").format(count=len(lengths), seconds=longest),
        round(len(lengths) * longest * (RATE + BANDS / FRAME_SECONDS))
        + 4 * round(sum(lengths.values()) * RATE),
        tr("Leave out the longest ones, or take a sample."),
    )
    waves, kept = [], []
    for row, seconds in lengths.items():
        try:
            waves.append(read_sound(members[row], seconds).astype(np.float32) / 32767)
            kept.append(row)
        except DataError as error:
            aside[members[row].name] = error.message
    if sum(bool(found.texts[row]) for row in kept) < LEAST:
        raise DataError(
            tr("Of the sounds with a transcript, {count} can be read; the first problem: {next}").format(
                count=sum(bool(found.texts[row]) for row in kept), next=next(iter(aside.values()), "–")
            ),
            code="no-sounds",
            remedy=tr("Save them as WAV or FLAC, {longest:g} seconds each at most.").format(longest=LONGEST),
        )
    x, extra = pack_clips(waves, RATE)
    made: Made = {
        "kind": "sound",
        "x": x,
        "scale": 1 / 255,
        "aside": aside,
        "labels": None,
        "extra": {
            **extra,
            "names": Texts.pack(members[row].name for row in kept),
            TRANSCRIPT: Texts.pack(found.texts[row] for row in kept),
        },
        "details": {"rate": RATE, "seconds": round(longest, 2)},
        "steps": tr("mono, {rate} kHz, 8-bit μ-law; log-mel spectrogram, a column per 20 ms").format(
            rate=RATE // 1000
        ),
    }
    voices = [found.speakers[row] for row in kept] if found.speakers else []
    if len(set(voices)) >= 3:  # one voice for each part of the split
        numbers = {voice: number for number, voice in enumerate(dict.fromkeys(voices))}
        made["groups"] = np.array([numbers[voice] for voice in voices], np.int64)
        made["details"] |= {"grouped_by": "speaker", "categories": ["speaker"]}
        made["extra"]["speaker"] = Texts.pack(voices)
    return made
