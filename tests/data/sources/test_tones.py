"""Synthetic sounds and their spectrograms: the right pitch in the right place, and the same from the same
seed.
"""

from __future__ import annotations

import numpy as np
import pytest

from selfsup_core.data.logmel import log_mel, make_filters, mel_power, pool_time
from selfsup_core.data.sources import SOURCES, open_source
from selfsup_core.data.sources.tones import MAKERS, RATE, make_sounds


def sine(frequency: float, rate: int = RATE, seconds: float = 1.0) -> np.ndarray:
    return np.sin(2 * np.pi * frequency * np.arange(round(rate * seconds)) / rate)


def expected_row(frequency: float, rate: int, mels: int) -> float:
    """Where the HTK mel scale puts a frequency; band m of M has its middle at (m + 1) / (M + 1) of the
    scale.
    """
    top = np.log10(1 + rate / 2 / 700)
    return mels - (mels + 1) * np.log10(1 + frequency / 700) / top


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
@pytest.mark.parametrize("frequency", [200, 440, 1000, 3000])
def test_sine_peaks_in_its_band_all_along(rate, frequency):
    picture = log_mel(sine(frequency, rate), rate)
    assert picture.shape == (32, 32)
    assert picture.dtype == np.uint8
    assert np.abs(picture.argmax(0) - expected_row(frequency, rate, 32)).max() <= 0.6
    assert picture.max() == 255


def test_high_is_up_and_time_runs_to_the_right():
    up = log_mel(np.concatenate([sine(300), sine(3000)]), RATE)
    assert up[:, 5].argmax() > up[:, 26].argmax()
    late = log_mel(np.concatenate([np.zeros(RATE), sine(500)]), RATE)
    assert late[:, :15].max() == 0
    assert late[:, 17:].max(0).min() > 240


def test_ten_db_are_an_eighth_of_the_range():
    quiet = np.concatenate([sine(1000), sine(1000) / np.sqrt(10)])
    loud, soft = log_mel(quiet, RATE)[:, [8, 24]].max(0).astype(int)
    assert abs((loud - soft) - 255 / 8) <= 1


@pytest.mark.parametrize("scale", [1e-6, 1, 30000])
def test_loudness_of_the_whole_does_not_matter(scale):
    wave = np.random.default_rng(0).normal(size=5000)
    assert np.abs(log_mel(wave * scale, RATE).astype(int) - log_mel(wave, RATE)).max() <= 1


@pytest.mark.parametrize("samples", [np.zeros(RATE), np.full(RATE, 0.3), np.zeros(0), np.ones(1)])
def test_silence_is_black(samples):
    assert not log_mel(samples, RATE).any()


@pytest.mark.parametrize("length", [2, 100, 511, 512, 5000, 40000])
def test_any_length_fills_the_picture(length):
    wave = np.random.default_rng(0).integers(-9000, 9000, length).astype(np.int16)
    picture = log_mel(wave, RATE, mels=20, frames=12)
    assert picture.shape == (20, 12)
    assert picture.max() == 255


@pytest.mark.parametrize(("columns", "frames"), [(6, 3), (7, 3), (3, 7), (5, 5), (1, 4)])
def test_pooling_is_the_mean_of_each_span(columns, frames):
    power = np.random.default_rng(0).random((2, columns))
    # Slow and independent: cut each column into so many slices that all spans are whole.
    slices = np.repeat(power, frames, axis=1).reshape(2, frames, columns)
    assert np.allclose(pool_time(power, frames), slices.mean(2))


@pytest.fixture(scope="module")
def tones():
    return SOURCES["tones"].build()


def test_set_is_what_the_source_says(tones):
    source = SOURCES["tones"]
    assert (len(tones), tones.item_shape, tones.kind) == (source.samples, source.shape, "sound")
    assert np.bincount(tones.y).tolist() == [150] * 4
    assert tones.classes == tuple(MAKERS)
    assert tones.x.dtype == np.uint8
    assert (tones.x.max((1, 2)) == 255).all()
    assert tones.scale == 1 / 255
    assert tones.details == {"rows": 600, "shape": [32, 32], "rate": RATE}
    audio = tones.extra["audio"]
    assert audio.shape == (600, RATE)
    assert audio.dtype == np.int16
    peak = np.abs(audio.astype(int)).max(1)
    assert peak.min() > 0.29 * 32767
    assert peak.max() < 32767
    assert np.array_equal(tones.x[7], log_mel(audio[7], RATE))


def test_classes_sound_as_they_are_called(tones):
    spectra = np.abs(np.fft.rfft(tones.extra["audio"].astype(float)))[:, 20:] ** 2
    share = spectra.max(1) / spectra.sum(1)
    by_name = {name: share[tones.y == i] for i, name in enumerate(tones.classes)}
    # Nearly all of a sine lies in one bin or two neighbors; a sweep has no such bin.
    assert by_name["sine"].min() > 0.3
    assert by_name["sweep"].max() < 0.02
    early, late = (
        np.abs(tones.extra["audio"][:, cut].astype(float)).mean(1)
        for cut in (slice(800, 3000), slice(-3000, -800))
    )
    fade = late / early
    assert fade[tones.y == 2].max() < 0.8
    assert fade[tones.y != 2].min() > 0.8


def test_seed_decides():
    audio, y = make_sounds(per_class=2, seed=3)
    again, same = make_sounds(per_class=2, seed=3)
    other, _ = make_sounds(per_class=2, seed=4)
    assert np.array_equal(audio, again)
    assert np.array_equal(y, same)
    assert not np.array_equal(audio, other)


@pytest.mark.parametrize(
    ("samples", "rate"), [(1, 16_000), (255, 8000), (256, 8000), (5000, 8000), (44_101, 44_100)]
)
def test_all_frames_at_once_are_those_of_transformers(samples, rate):
    from transformers.audio_utils import spectrogram

    wave = np.random.default_rng(samples).normal(size=samples)
    window, filters = make_filters(rate, 32)
    length = len(window)
    expected = spectrogram(
        np.pad(wave, (0, max(0, length - samples))),
        window,
        frame_length=length,
        hop_length=rate // 100,
        fft_length=2 * length,
        power=2.0,
        pad_mode="constant",
        mel_filters=filters.toarray().T,
        dtype=np.float64,
    )
    found = mel_power(wave, window, filters, hop=rate // 100)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_stored_tones_stay_those_of_earlier_versions(tmp_path):
    assert open_source("tones", tmp_path).digest[:16] == "69bc558b4be9d80c"
