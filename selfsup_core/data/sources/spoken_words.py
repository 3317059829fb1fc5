"""Spoken words: 20 words by 40 synthetic voices, 8 kHz; all words of a voice are on one side of a split.

Files in `assets/data/`, read by `selfsup_core/data/shipped.py`. Sound is stored as 8-bit μ-law.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from typing_extensions import TypedDict

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.logmel import log_mel
from selfsup_core.data.mu_law import decode_mu_law
from selfsup_core.data.shipped import explain_missing, read_gzip, read_json
from selfsup_core.data.sources import SOURCES, Source
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.translation import tr, tr_later

SOUNDS = "spoken-words.ulaw.gz", "9e8d567cc2dce1ad4e6e19a22ecd0d1cdfd3501dbd669ff3535355aa52ef5bad"
ABOUT = "spoken-words.json", "5f97f6c10f16f99b0db08474eb946b60b2cc01b89d875fbb6f04a2ceb602fa82"


class About(TypedDict):
    """The JSON file. length: (800,) samples of each clip; word, speaker: (800,) their numbers."""

    rate: int
    words: list[str]
    word: list[int]
    speaker: list[int]
    length: list[int]
    speakers: list[dict[str, str]]


LICENCE = tr_later("Apache-2.0 (this program)")
ORIGIN = tr_later("synthesized with espeak-ng 1.51 for this program")


def cut(samples: np.ndarray, lengths: list[int], width: int) -> np.ndarray:
    """Clips that lie end to end → (N, width), padded with silence.

    Raises:
        DataError: the lengths are not those of the samples, or one is longer than `width`.
    """
    if sum(lengths) != len(samples) or max(lengths) > width:
        raise DataError(
            tr(
                "{about} has clips of {sum:,} samples, the longest {lengths:,}; "
                "expected {count:,} and at most {width:,}."
            ).format(about=ABOUT[0], sum=sum(lengths), lengths=max(lengths), count=len(samples), width=width)
        )
    made = np.zeros((len(lengths), width), samples.dtype)
    made[np.arange(width) < np.array(lengths)[:, None]] = samples
    return made


def read_words() -> tuple[np.ndarray, About]:
    """(800, 8000) int16, a second each, sorted by voice; and what the file says of them.

    Raises:
        DataError: a file is missing or damaged.
    """
    about = cast("About", read_json(*ABOUT))
    samples = decode_mu_law(np.frombuffer(read_gzip(*SOUNDS), np.uint8))
    return cut(samples, about["length"], about["rate"]), about


def build() -> Dataset:
    """Raises DataError as `read_words`."""
    audio, about = read_words()
    rate = about["rate"]
    # The file is sorted by voice: an order drawn once keeps any prefix balanced.
    order = np.random.default_rng(0).permutation(len(audio))
    audio, speaker = audio[order], np.array(about["speaker"])[order]
    voices = [f"{i:02d} {v['voice']} {v['variant']}" for i, v in enumerate(about["speakers"], 1)]
    return Dataset(
        id="spoken-words",
        kind="sound",
        title=tr_later("Spoken words"),
        x=np.stack([log_mel(wave, rate) for wave in audio]),  # (800, 32, 32)
        y=np.array(about["word"], np.int32)[order],
        classes=tuple(about["words"]),
        scale=1 / 255,
        groups=speaker.astype(np.int64),
        extra={"audio": audio, "speaker": Texts.pack(voices[i] for i in speaker)},
        provenance={
            "source": ORIGIN,
            "citation": "eSpeak NG, https://github.com/espeak-ng/espeak-ng",
            "licence": LICENCE,
            "steps": tr_later(
                "8 kHz, 8-bit μ-law; padded to 1 s; shuffled with seed 0; log-mel spectrogram 32 × 32"
            ),
        },
        details={
            "rows": len(audio),
            "shape": [32, 32],
            "rate": rate,
            "seconds": 1.0,
            "grouped_by": "speaker",
            "categories": ["speaker"],
        },
    )


SOURCES.register("spoken-words")(
    Source(
        title=tr_later("Spoken words"),
        kind="sound",
        samples=800,
        shape=(32, 32),
        classes=20,
        licence=LICENCE,
        about=tr_later(
            "Digits and commands (yes, stop, left …) by 40 synthetic voices; no voice is on two sides of a "
            "split."
        ),
        build=build,
        missing=lambda: explain_missing(tr("Spoken words"), SOUNDS[0], ABOUT[0]),
        origin=ORIGIN,
    )
)
