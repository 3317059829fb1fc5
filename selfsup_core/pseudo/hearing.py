"""Transcripts that a Whisper model writes of clips, each once: they are kept by what they depend on, so that
a job that ended early continues, and another run asks again for nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from typing_extensions import TypedDict

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.spoken import wave_of
from selfsup_core.files import sha256
from selfsup_core.pretrained.encoders.catalogue import file_digest
from selfsup_core.pseudo.language_model import Answers
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.pretrained.whisper import Whisper
    from selfsup_core.pretrained.whisper_folder import WhisperFacts

FORMAT = 1  # of the kept transcripts
CLIPS = 8  # that are heard at once
MOST_LETTERS = 2_000  # of a transcript that are kept
Say = Callable[[str], None]


class Transcribed(TypedDict):
    """What was written of a clip. p: mean probability of its tokens; whole: whether it came to an end."""

    text: str
    p: float
    whole: bool


def is_transcribed(value: Any) -> TypeGuard[Transcribed]:
    return (
        isinstance(value, dict)
        and isinstance(value.get("text"), str)
        and isinstance(value.get("p"), float | int)
        and 0 <= value["p"] <= 1
        and isinstance(value.get("whole"), bool)
    )


def kept_in(workspace: Path, facts: WhisperFacts, data: str, language: str) -> Path:
    """Where transcripts lie that depend on these alone: the contents of a model's files, and the data."""
    files = sorted((*facts.folder.glob("*.safetensors"), *facts.folder.glob("*.json")))
    model = [(file.name, file_digest(file)) for file in files if file.name != "studio.json"]
    key = json.dumps([FORMAT, "whisper", model, data, language])
    return workspace / "labels" / f"{sha256(key.encode())}.jsonl"


def hear_clips(
    load: Callable[[], Whisper],
    dataset: Dataset,
    rows: Sequence[int],
    *,
    kept: Path,
    say: Say = lambda text: None,
) -> dict[int, Transcribed]:
    """Row → what is written of it; the model is loaded when a clip is left to be heard.

    Args:
        rows: clips, none longer than the model hears at once. Only their sound is read.
    """
    store = Answers(kept)
    before = {row: store.found.get(row) for row in rows}
    found = {row: one for row, one in before.items() if is_transcribed(one)}
    # Clips of like length together: the longest transcript of a batch decides what it costs.
    lengths = dataset.extra["frames"]
    left = sorted((row for row in rows if row not in found), key=lambda row: (int(lengths[row]), row))
    if not left:
        return found
    from selfsup_core.pretrained.whisper import to_16_khz

    model, rate = load(), int(dataset.details["rate"])
    start = time.monotonic()
    for at in range(0, len(left), CLIPS):
        seconds = (time.monotonic() - start) / at * (len(left) - at) if at else None
        say(say_progress(len(rows) - len(left) + at, len(rows), seconds))
        some = left[at : at + CLIPS]
        heard = model.write([to_16_khz(wave_of(dataset, row), rate) for row in some])
        for row, one in zip(some, heard, strict=True):
            said: Transcribed = {
                "text": one.text[:MOST_LETTERS],
                "p": round(one.probability, 6),
                "whole": one.is_whole,
            }
            store.add(row, said)
            found[row] = said
    return found


def say_progress(done: int, count: int, seconds: float | None) -> str:
    """How far it is, and how long the rest takes once that is known."""
    said = tr("Whisper has transcribed {done:,} of {count:,} clips").format(done=done, count=count)
    if seconds is None:
        return f"{said}."
    left = tr("about {minutes:.0f} min left").format(minutes=seconds / 60)
    if seconds < 90:
        left = tr("about {seconds:.0f} s left").format(seconds=seconds)
    return f"{said}, {left}."
