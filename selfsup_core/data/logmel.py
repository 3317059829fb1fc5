"""Sound as a small picture: power in mel bands over time, in dB below the sound's own peak.

pixel = 255 · (1 + max(−80, 10 log10(power / peak)) / 80). Row 0 is the highest band, so the picture stands
upright.
Bands are those of the HTK book: mel(f) = 2595 log10(1 + f / 700) [1] S. Young et al., The HTK Book, 2006, ch.
5.4.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy import sparse

RANGE_DB = 80.0
WINDOW_SECONDS = 0.032
HOP_SECONDS = 0.010
FLOOR = 1e-10  # of a band's power


@lru_cache(maxsize=8)
def make_filters(rate: int, mels: int) -> tuple[np.ndarray, sparse.csr_array]:
    """Window (length,) and mel filters (mels, bins), sparse. The FFT is twice the window, so that low bands
    have bins.
    """
    from scipy import sparse
    from transformers.audio_utils import mel_filter_bank, window_function

    length = max(16, round(rate * WINDOW_SECONDS))
    filters = mel_filter_bank(length + 1, mels, 0.0, rate / 2, rate, mel_scale="htk")
    return window_function(length, "hann"), sparse.csr_array(filters.T)


def pool_time(power: np.ndarray, frames: int) -> np.ndarray:
    """Average of `power` (bands, T) over `frames` equal spans of time; spans may cut a column or be shorter
    than one.
    """
    total = np.pad(np.cumsum(power, axis=1), ((0, 0), (1, 0)))  # (bands, T + 1)
    edges = np.linspace(0, power.shape[1], frames + 1)
    left = np.minimum(edges.astype(int), power.shape[1] - 1)
    at_edges = total[:, left] + (edges - left) * power[:, left]  # (bands, frames + 1)
    found: np.ndarray = np.diff(at_edges, axis=1) * frames / power.shape[1]
    return found


def mel_power(wave: np.ndarray, window: np.ndarray, filters: sparse.csr_array, *, hop: int) -> np.ndarray:
    """(mels, T) power of a wave, frames centered with zeros around it: transformers' `spectrogram`, all
    frames at once.

    Args:
        window: (length,). filters: (mels, length + 1), for an FFT of twice the window.
    """
    length = len(window)
    padded = np.pad(wave, length // 2 + np.array([0, max(0, length - len(wave))]))
    framed = np.lib.stride_tricks.sliding_window_view(padded, length)[::hop] * window  # (T, length)
    # Rounded to single precision as there, so that sets made with it keep their bytes.
    spectrum = np.fft.rfft(framed, 2 * length).astype(np.complex64)
    power = np.abs(spectrum).astype(np.float64) ** 2
    # Sparse, since each bin is in two bands at most; a dense product of this size would only wait for BLAS's
    # threads.
    found: np.ndarray = np.maximum(FLOOR, filters @ power.T)
    return found


def log_mel(samples: np.ndarray, rate: int, *, mels: int = 32, frames: int = 32) -> np.ndarray:
    """Log-mel spectrogram of a whole sound, whatever its length.

    Args:
        samples: (samples,) one channel, any scale, finite; shorter than a window it is padded with zeros.
        rate: samples a second.

    Returns:
        (mels, frames) uint8: 255 at the sound's own peak, 0 at 80 dB below it and further down.
        Row 0 is the highest band, column 0 the beginning. Silence is all 0.
    """
    # Remove the offset, which would leak into the lowest band.
    wave = np.asarray(samples, np.float64)
    if wave.size == 0 or np.ptp(wave) == 0:
        return np.zeros((mels, frames), np.uint8)
    wave = wave - wave.mean()
    wave /= np.abs(wave).max()
    window, filters = make_filters(rate, mels)
    power = mel_power(wave, window, filters, hop=max(1, round(rate * HOP_SECONDS)))  # (mels, T)
    power = pool_time(power, frames)
    relative = np.maximum(power / power.max(), 10 ** (-RANGE_DB / 10))
    pixels = np.rint(255 * (1 + 10 * np.log10(relative) / RANGE_DB))
    return np.ascontiguousarray(pixels[::-1]).astype(np.uint8)
