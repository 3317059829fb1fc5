"""Clips of speech of different length: spectrograms at a fixed time step, and the sound itself.

A data set of them has x (N, bands, T), silent behind a clip's end, and in `extra` the clips' lengths
("frames"), the sound in 8 bits ("audio") and what is said ("transcript").
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.logmel import log_mel
from selfsup_core.data.mu_law import decode_mu_law, encode_mu_law
from selfsup_core.data.texts import Texts

TRANSCRIPT = "transcript"
BANDS = 32
FRAME_SECONDS = 0.02  # letters can be shorter than a column of the 32 that other sounds have


def frames_of(samples: int, rate: int) -> int:
    """Columns of a clip's spectrogram."""
    return max(1, math.ceil(samples / rate / FRAME_SECONDS))


def spectrogram(wave: np.ndarray, rate: int) -> np.ndarray:
    """(samples,) → (bands, T) uint8, a column each 20 ms."""
    return log_mel(wave, rate, mels=BANDS, frames=frames_of(len(wave), rate))


def pack_clips(waves: Sequence[np.ndarray], rate: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Clips from −1 to 1 → (N, bands, T) spectrograms, and "audio" and "frames" for `Dataset.extra`."""
    pictures = [spectrogram(wave, rate) for wave in waves]
    frames = np.array([picture.shape[1] for picture in pictures], np.int32)
    x = np.zeros((len(waves), BANDS, int(frames.max())), np.uint8)
    quiet = encode_mu_law(np.zeros(1))[0]
    audio = np.full((len(waves), max(len(wave) for wave in waves)), quiet, np.uint8)
    for row, (wave, picture) in enumerate(zip(waves, pictures, strict=True)):
        x[row, :, : picture.shape[1]] = picture
        audio[row, : len(wave)] = encode_mu_law(wave)
    return x, {"audio": audio, "frames": frames}


def has_transcripts(dataset: Dataset) -> bool:
    found = dataset.extra
    return dataset.kind == "sound" and isinstance(found.get(TRANSCRIPT), Texts) and "frames" in found


def mu_law_of(dataset: Dataset, row: int) -> np.ndarray:
    """(samples,) uint8: the sound of a row of such a data set, without the silence that fills it up."""
    length = math.ceil(int(dataset.extra["frames"][row]) * FRAME_SECONDS * int(dataset.details["rate"]))
    found: np.ndarray = np.asarray(dataset.extra["audio"][row][:length])
    return found


def wave_of(dataset: Dataset, row: int) -> np.ndarray:
    """(samples,) int16: the sound of a row of any data set of sounds."""
    audio = np.asarray(dataset.extra["audio"])
    found: np.ndarray = decode_mu_law(mu_law_of(dataset, row)) if audio.dtype == np.uint8 else audio[row]
    return found
