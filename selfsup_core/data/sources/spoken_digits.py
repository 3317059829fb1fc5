"""Spoken digits: strings of two to five spoken words, digits and short commands, by 40 synthetic voices.

Made from the single words of `spoken_words`: cut close, each a little faster or slower, with small gaps and
some noise. All clips of a voice are on one side of a split.
"""

from __future__ import annotations

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.shipped import explain_missing
from selfsup_core.data.sources import SOURCES, Source
from selfsup_core.data.sources.spoken_words import ABOUT, LICENCE, ORIGIN, SOUNDS, read_words
from selfsup_core.data.spoken import pack_clips
from selfsup_core.data.texts import Texts
from selfsup_core.translation import tr, tr_later

CLIPS, SEED = 1600, 0
LONGEST = 3.2  # seconds
DIGITS = 10  # the first words are the digits
COMMAND_SHARE = 0.3
# A command; "#" is a digit, "<" a direction.
COMMANDS = (
    "go <",
    "go < #",
    "no stop",
    "yes go #",
    "stop no go <",
    "# on",
    "# off",
    "yes # on # off",
    "< # go",
)
DIRECTIONS = ("up", "down", "left", "right")
QUIET = 0.02  # of the loudest sample: what is quieter at the ends of a word is cut off
SPEEDS = 0.9, 1.2
GAPS = 0.02, 0.15  # seconds
NOISE_DB = -46.0, -24.0  # beside the loudest sample


def draw_words(generator: np.random.Generator, words: list[str]) -> list[int]:
    """Numbers of the words of a clip."""
    if generator.random() >= COMMAND_SHARE:
        return [int(digit) for digit in generator.integers(0, DIGITS, generator.integers(2, 6))]
    said = COMMANDS[generator.integers(len(COMMANDS))].split()
    found = []
    for word in said:
        if word == "#":
            found.append(int(generator.integers(DIGITS)))
        else:
            found.append(words.index(DIRECTIONS[generator.integers(4)] if word == "<" else word))
    return found


def trim(wave: np.ndarray) -> np.ndarray:
    """A word without the silence around it, from −1 to 1."""
    made = wave / max(1, np.abs(wave).max())
    loud = np.flatnonzero(np.abs(made) > QUIET)
    found: np.ndarray = made[loud[0] : loud[-1] + 1]
    return found


def quicken(wave: np.ndarray, speed: float) -> np.ndarray:
    """So many times as fast, and as much higher."""
    places = np.arange(0, len(wave) - 1, speed)
    found: np.ndarray = np.interp(places, np.arange(len(wave)), wave)
    return found


def string_together(words: list[np.ndarray], rate: int, generator: np.random.Generator) -> np.ndarray:
    """Words → one clip with gaps, at a speed of its own, in noise."""
    speed = generator.uniform(*SPEEDS)
    parts = [np.zeros(round(generator.uniform(*GAPS) * rate))]
    for word in words:
        loud = generator.uniform(0.6, 1.0)
        parts += [loud * quicken(word, speed * generator.uniform(0.95, 1.05))]
        parts += [np.zeros(round(generator.uniform(*GAPS) * rate))]
    clip = np.concatenate(parts)
    noise = generator.standard_normal(len(clip)) * 10 ** (generator.uniform(*NOISE_DB) / 20) / 3
    found: np.ndarray = np.clip(0.8 * clip / np.abs(clip).max() + noise, -1, 1)
    return found


def build(count: int = CLIPS) -> Dataset:
    """Raises DataError when a file is missing or damaged."""
    audio, about = read_words()
    rate, names = about["rate"], about["words"]
    generator = np.random.default_rng(SEED)
    spoken = {
        (voice, word): trim(wave)
        for voice, word, wave in zip(about["speaker"], about["word"], audio, strict=True)
    }
    voices = len(about["speakers"])
    waves: list[np.ndarray] = []
    texts: list[str] = []
    speaker: list[int] = []
    while len(waves) < count:
        voice = len(waves) % voices  # as many of each
        said = draw_words(generator, names)
        clip = string_together([spoken[voice, word] for word in said], rate, generator)
        if len(clip) > LONGEST * rate:
            continue
        waves.append(clip)
        texts.append(" ".join(names[word] for word in said))
        speaker.append(voice)
    x, extra = pack_clips(waves, rate)
    titles = [f"{i:02d} {v['voice']} {v['variant']}" for i, v in enumerate(about["speakers"], 1)]
    return Dataset(
        id="spoken-digits",
        kind="sound",
        title=tr_later("Spoken digits and commands"),
        x=x,  # (N, 32, 160)
        scale=1 / 255,
        groups=np.array(speaker, np.int64),
        extra=extra
        | {"transcript": Texts.pack(texts), "speaker": Texts.pack(titles[voice] for voice in speaker)},
        provenance={
            "source": ORIGIN,
            "citation": "eSpeak NG, https://github.com/espeak-ng/espeak-ng",
            "licence": LICENCE,
            "steps": tr_later(
                "two to five words of one voice strung together, at 0.9 to 1.2 of their speed, with gaps and "
                "noise, seed 0; 8 kHz, 8-bit μ-law; log-mel spectrogram, a column per 20 ms"
            ),
        },
        details={
            "rows": count,
            "shape": list(x.shape[1:]),
            "rate": rate,
            "seconds": LONGEST,
            "grouped_by": "speaker",
            "categories": ["speaker"],
        },
    )


SOURCES.register("spoken-digits")(
    Source(
        title=tr_later("Spoken digits and commands"),
        kind="sound",
        samples=CLIPS,
        shape=(32, 160),
        classes=0,
        licence=LICENCE,
        about=tr_later(
            "Two to five words in a row, with their transcript, by 40 synthetic voices; no voice is on two "
            "sides of a split."
        ),
        build=build,
        missing=lambda: explain_missing(tr("Spoken digits and commands"), SOUNDS[0], ABOUT[0]),
        origin=ORIGIN,
        beside=("transcript",),
    )
)
