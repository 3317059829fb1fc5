"""What is asked of a run's transcriber: what is said in a recording of one's own."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from typing_extensions import TypedDict

from selfsup_core.errors import DataError
from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.asking import EpochAsk
from selfsup_core.inspection.kinds import about_transcriber
from selfsup_core.settings import setting
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import numpy as np

    from selfsup_core.data.importing.files import Member
    from selfsup_core.features.letters import Letters
    from selfsup_core.tasks.parts.transcriber_files import RunTranscriber

MOST_CLIPS = 50
MOST_SECONDS = 60
DECIBEL = 1e-3  # of full scale: the loudest sample of what counts as silence


class TranscribeAsk(EpochAsk):
    """Recordings, at an epoch of the run."""

    files: list[str] = setting(..., "Paths of sound files, or ZIP files of them.", title="Files")
    beam: int = setting(
        0,
        "Transcripts that are followed at once; 1 takes the likeliest letter each time, 0 is the run's own "
        "setting.",
        title="Beam",
        zero="as in the run",
        ge=0,
        le=64,
    )


class Word(TypedDict):
    """A word of the likeliest path, when it is heard, and the lowest probability of its letters."""

    text: str
    start: float
    end: float
    probability: float


class Said(TypedDict):
    """What is heard in a clip. sure: mean probability of the likeliest path per column; note: "" or a
    warning.
    """

    name: str
    text: str
    sure: float
    seconds: float
    words: list[Word]
    note: str


@about_transcriber("transcribe", TranscribeAsk)
def transcribe(transcriber: RunTranscriber, ask: TranscribeAsk) -> Answer:
    """What is said in each file, when, and how sure the network is of it."""
    from selfsup_core.data.importing.files import open_files

    members = open_files([Path(file) for file in ask.files])
    if not members:
        raise DataError(tr("There is no sound in what was given."), code="no-samples")
    if len(members) > MOST_CLIPS:
        raise DataError(
            tr("{count} clips; at most {most} at once.").format(count=len(members), most=MOST_CLIPS),
            code="too-many-samples",
        )
    clips = [transcribe_one(transcriber, member, ask.beam or transcriber.beam) for member in members]
    return Answer(about={"epoch": transcriber.epoch, "clips": clips})


def transcribe_one(transcriber: RunTranscriber, member: Member, beam: int) -> Said:
    """Raises DataError: it is no sound that can be read, or is too long."""
    import numpy as np
    import torch

    from selfsup_core.data.spoken import spectrogram
    from selfsup_core.evaluate.reading.transcribing import hear, read, sureness

    wave = read_clip(member, transcriber.rate)
    picture = torch.from_numpy(spectrogram(wave, transcriber.rate)).float()[None] / 255
    (log_p,), _ = hear(transcriber.network, picture, torch.tensor([picture.shape[2]]))
    is_silent = np.abs(wave).max() < DECIBEL
    return {
        "name": member.name,
        "text": "" if is_silent else transcriber.letters.decode(read(log_p, beam)),
        "sure": math.exp(sureness(log_p)),
        "seconds": round(len(wave) / transcriber.rate, 3),
        "words": [] if is_silent else find_words(log_p, transcriber.letters),
        "note": tr("Nothing is heard in it: the sound is silent.") if is_silent else "",
    }


def read_clip(member: Member, rate: int) -> np.ndarray:
    """(samples,) from −1 to 1, at the rate that the network was trained on."""
    import numpy as np

    from selfsup_core.data.importing.formats import identify
    from selfsup_core.data.importing.sounds import read_header, read_sound

    if identify(member.name, member.head()) != "wav":
        raise DataError(
            tr("{name} is not a file of sound.").format(name=member.name),
            code="wrong-kind",
            remedy=tr("Give WAV, FLAC, MP3 or OGG."),
        )
    seconds = read_header(member)[2]
    if seconds > MOST_SECONDS:
        raise DataError(
            tr("{name} lasts {seconds:.0f} seconds; at most {most} can be transcribed at once.").format(
                name=member.name, seconds=seconds, most=MOST_SECONDS
            ),
            code="sound-too-long",
            remedy=tr("Cut it into sentences."),
        )
    return read_sound(member, seconds, rate).astype(np.float32) / 32767


def find_words(log_p: np.ndarray, letters: Letters) -> list[Word]:
    """Words of the likeliest path, in seconds."""
    from selfsup_core.data.spoken import FRAME_SECONDS
    from selfsup_core.evaluate.reading.transcribing import align
    from selfsup_core.models.transcriber import STRIDE

    step = FRAME_SECONDS * STRIDE
    found: list[Word] = []
    is_new = True
    for one in align(log_p):
        letter = letters.alphabet[one.token - 1]
        if letter == " ":
            is_new = True
            continue
        if is_new:
            found.append({"text": "", "start": round(one.start * step, 3), "end": 0.0, "probability": 1.0})
            is_new = False
        word = found[-1]
        word["text"] += letter
        word["end"] = round(one.end * step, 3)
        word["probability"] = round(min(word["probability"], one.probability), 4)
    return found
