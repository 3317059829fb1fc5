"""Transcripts of a data set of clips: what is said, in plain letters."""

from __future__ import annotations

import unicodedata
from typing import cast

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.spoken import FRAME_SECONDS, TRANSCRIPT, has_transcripts
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

MOST_LETTERS = 400  # of a transcript
KEPT_MARKS = "'’"


def plain(text: str) -> str:
    """How a transcript is learned and scored: lower case, words and single spaces, without punctuation."""
    letters = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    kept = (
        letter if letter.isalnum() or letter in KEPT_MARKS or is_mark(letter) else " " for letter in letters
    )
    return " ".join("".join(kept).split())[:MOST_LETTERS]


def is_mark(letter: str) -> bool:
    """Whether it belongs to the letter before it."""
    return unicodedata.category(letter).startswith("M")


def transcripts_of(dataset: Dataset) -> list[str]:
    """Of each row, plain; "" where nothing is said. Raises DataError: the data set has none."""
    if not has_transcripts(dataset):
        raise DataError(
            tr("{title} has no transcripts: each clip needs the words that are spoken in it.").format(
                title=tr(dataset.title)
            ),
            code="no-transcripts",
            remedy=tr("Choose spoken digits, or import a ZIP file of sounds with a table of transcripts."),
        )
    return [plain(text) for text in cast("Texts", dataset.extra[TRANSCRIPT])]


def minutes_of(dataset: Dataset, rows: np.ndarray) -> float:
    """How long these clips are together."""
    frames = np.asarray(dataset.extra["frames"])[rows]
    return float(frames.sum()) * FRAME_SECONDS / 60
