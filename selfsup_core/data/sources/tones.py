"""Synthetic sounds of one second: sine, sweep, plucked string [1] and vowel [2], made with numpy from a seed.

[1] K. Karplus, A. Strong, Digital synthesis of plucked-string and drum timbres, 1983.
[2] G. Peterson, H. Barney, Control methods used in a study of the vowels, 1952 (men's formants).
"""

from __future__ import annotations

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.logmel import log_mel
from selfsup_core.data.sources import SOURCES, Source
from selfsup_core.translation import tr_later

ORIGIN = tr_later("made by this program with seed 0")
RATE = 16000
PER_CLASS = 150
# What a string keeps in a period, ρ; without loss, low strings would ring on for many seconds.
LOSS = 0.996
# First three formants in Hz of /a/, /i/ and /u/.
FORMANTS = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240))
BANDWIDTHS = (80, 100, 120)


def draw_log(rng: np.random.Generator, low: float, high: float) -> float:
    """A number as likely in one octave as in another."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def make_sine(rng: np.random.Generator) -> np.ndarray:
    time = np.arange(RATE) / RATE
    return np.sin(2 * np.pi * (draw_log(rng, 150, 2000) * time + rng.random()))


def make_sweep(rng: np.random.Generator) -> np.ndarray:
    """Up or down by one and a half to four octaves, evenly in pitch."""
    start, octaves = draw_log(rng, 150, 400), rng.uniform(1.5, 4)
    pitch = start * 2 ** (octaves * np.arange(RATE) / RATE)
    if rng.random() < 0.5:
        pitch = pitch[::-1]
    return np.sin(2 * np.pi * np.cumsum(pitch) / RATE)


def make_pluck(rng: np.random.Generator) -> np.ndarray:
    """y[n] = ½ ρ (y[n − P] + y[n − P − 1]), begun with noise: each period is a smoother copy of the last."""
    period = round(RATE / draw_log(rng, 100, 600))
    wave = np.zeros(RATE + period + 1)
    burst = rng.uniform(-1, 1, period + 1)
    # Smoothing does not damp frequency 0, so the mean is removed: it would outlast the tone.
    wave[: period + 1] = burst - burst.mean()
    # One period at a time, since each depends on earlier ones only.
    for i in range(period + 1, len(wave), period):
        block = wave[i : i + period]
        block[:] = LOSS / 2 * (wave[i - period : i] + wave[i - period - 1 : i - 1])[: len(block)]
    return wave[:RATE]


def make_vowel(rng: np.random.Generator) -> np.ndarray:
    """Glottal pulses through three resonators 1 / (1 − 2 r cos θ z⁻¹ + r² z⁻²), r = exp(−π bandwidth /
    rate).
    """
    formants = np.array(FORMANTS[rng.integers(len(FORMANTS))]) * rng.uniform(0.9, 1.2)
    pulses = np.zeros(RATE)
    pulses[np.arange(0, RATE, RATE / draw_log(rng, 90, 250)).astype(int)] = 1
    # Filtered in the frequency domain; the padding holds the tail, which dies within a tenth of a second.
    size = 2 * RATE
    delay = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)  # z⁻¹
    response = 1 / (1 - 0.95 * delay)  # the glottis: its pulses are rounder than ours
    for formant, bandwidth in zip(formants, BANDWIDTHS, strict=True):
        radius = np.exp(-np.pi * bandwidth / RATE)
        angle = 2 * np.pi * formant / RATE
        response = response / (1 - 2 * radius * np.cos(angle) * delay + radius**2 * delay**2)
    wave = np.fft.irfft(np.fft.rfft(pulses, size) * response, size)[:RATE]
    found: np.ndarray = wave - wave.mean()
    return found


MAKERS = {"sine": make_sine, "sweep": make_sweep, "pluck": make_pluck, "vowel": make_vowel}


def make_sounds(*, per_class: int = PER_CLASS, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Sounds (N, 16000) int16 and classes (N,) int32, shuffled; N is four times `per_class`."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat(np.arange(len(MAKERS), dtype=np.int32), per_class))
    makers = tuple(MAKERS.values())
    # A hundredth of a second in and out, so that no sound begins or ends with a click.
    fade = np.minimum(1, np.minimum(np.arange(RATE), np.arange(RATE)[::-1]) / (RATE / 100))
    audio = np.empty((len(y), RATE), np.int16)
    for row, label in enumerate(y):
        wave = makers[label](rng) * fade
        wave *= rng.uniform(0.3, 0.9) / np.abs(wave).max()
        wave += rng.normal(0, draw_log(rng, 1e-4, 3e-3), RATE)
        audio[row] = np.rint(32767 * np.clip(wave, -1, 1))
    return audio, y


def build() -> Dataset:
    audio, y = make_sounds()
    return Dataset(
        id="tones",
        kind="sound",
        title=tr_later("Synthetic sounds"),
        x=np.stack([log_mel(wave, RATE) for wave in audio]),  # (600, 32, 32)
        y=y,
        classes=tuple(MAKERS),
        scale=1 / 255,
        extra={"audio": audio},
        provenance={
            "source": ORIGIN,
            "citation": tr_later("Karplus, Strong (1983); Peterson, Barney (1952)"),
            "licence": tr_later("Apache-2.0 (this program)"),
            "steps": tr_later("one second at 16 kHz; log-mel spectrogram, 80 dB range, high bands on top"),
        },
        details={"rows": len(y), "shape": [32, 32], "rate": RATE},
    )


SOURCES.register("tones")(
    Source(
        title=tr_later("Synthetic sounds"),
        kind="sound",
        samples=len(MAKERS) * PER_CLASS,
        shape=(32, 32),
        classes=len(MAKERS),
        licence=tr_later("Apache-2.0 (this program)"),
        about=tr_later("Sines, sweeps, plucked strings and vowels of one second, 150 of each."),
        build=build,
        origin=ORIGIN,
    )
)
