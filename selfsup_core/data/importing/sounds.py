"""WAV, and by soundfile FLAC, MP3, OGG, AIFF: mono, resampled to 16 kHz, one length, log-mel spectrogram."""

from __future__ import annotations

import io
import math
import struct
import warnings
from typing import Any

import numpy as np

from selfsup_core.data.importing.extras import damage_refused, load_reader, why
from selfsup_core.data.importing.files import Member
from selfsup_core.data.limits import LIMITS
from selfsup_core.errors import DataError
from selfsup_core.translation import tr

RATE = 16_000


def read_header(member: Member) -> tuple[int, int, float]:
    """(channels, rate in Hz, seconds). Raises DataError."""
    channels, rate, seconds = wav_header(member) if is_wav(member) else packed_header(member)
    low, high = LIMITS.sound_rates
    if not low <= rate <= high:
        raise DataError(
            tr("{name} has {rate:,} samples a second; expected {low:,} to {high:,}.").format(
                name=member.name, rate=rate, low=low, high=high
            ),
            code="sound-rate",
            remedy=tr("Resample it."),
        )
    if channels > LIMITS.sound_channels:
        raise DataError(
            tr("{name} has {channels} channels; at most {sound_channels}.").format(
                name=member.name, channels=channels, sound_channels=LIMITS.sound_channels
            ),
            code="sound-channels",
            remedy=tr("Mix it down."),
        )
    if seconds > LIMITS.sound_seconds:
        raise DataError(
            tr("{name} lasts {seconds:.0f} minutes; at most {sound_seconds}.").format(
                name=member.name, seconds=seconds / 60, sound_seconds=LIMITS.sound_seconds // 60
            ),
            code="sound-too-long",
            remedy=tr("Cut it."),
        )
    if not seconds:
        raise DataError(tr("{name} holds no sound.").format(name=member.name), code="empty-sound")
    return channels, rate, seconds


def wav_header(member: Member) -> tuple[int, int, float]:
    data = member.read()
    place, channels, rate, frame, seconds = 12, 0, 0, 0, 0.0
    while place + 8 <= len(data):
        kind, size = struct.unpack("<4sI", data[place : place + 8])
        if kind == b"fmt " and place + 24 <= len(data):
            channels, rate, _, frame = struct.unpack("<HIIH", data[place + 10 : place + 22])
        elif kind == b"data":
            if not size and is_streamed(data):
                size = len(data)
            seconds = min(size, len(data) - place - 8) / max(frame * rate, 1)
            break
        place += 8 + size + size % 2
    if not channels or not rate or not frame:
        raise DataError(
            tr("{name} has no readable WAV header.").format(name=member.name), code="damaged-sound"
        )
    return channels, rate, seconds


def is_streamed(data: bytes) -> bool:
    """Whether a WAV file was written to a pipe, so that its sizes could not be filled in afterwards."""
    return data[4:8] in (bytes(4), b"\xff" * 4)


def wav_bytes(member: Member) -> bytes:
    """The file, with the size of its samples where it was written without."""
    data = member.read()
    place = data.find(b"data" + bytes(4), 12) + 4
    if place < 4 or not is_streamed(data):
        return data
    sizes = [struct.pack("<I", size) for size in (len(data) - 8, len(data) - place - 4)]
    return data[:4] + sizes[0] + data[8:place] + sizes[1] + data[place + 4 :]


def is_wav(member: Member) -> bool:
    return member.head(4) == b"RIFF"


def reader(member: Member) -> Any:
    """The package that reads what is not WAV. Raises DataError when it is not installed."""
    return load_reader(member.name, "soundfile", instead=tr("convert the sound to WAV"))


def packed_header(member: Member) -> tuple[int, int, float]:
    soundfile = reader(member)
    with damage_refused(
        lambda error: DataError(
            tr("{name} cannot be read as a sound ({why}).").format(name=member.name, why=why(error)),
            code="damaged-sound",
            remedy=tr("Save it again, for example as WAV."),
        )
    ):
        about = soundfile.info(io.BytesIO(member.read()))
    return about.channels, about.samplerate, about.frames / max(about.samplerate, 1)


def read_packed(member: Member, seconds: float, rate: int) -> np.ndarray:
    soundfile = reader(member)
    frames = math.ceil((seconds + 0.1) * rate)
    samples, _ = soundfile.read(io.BytesIO(member.read()), frames=frames, dtype="float32")
    return np.asarray(samples)


def read_sound(member: Member, seconds: float, to_rate: int = RATE) -> np.ndarray:
    """(seconds * to_rate,) int16, cut or padded with silence. Raises DataError."""
    from scipy.io import wavfile
    from scipy.signal import resample_poly

    _, rate, _ = read_header(member)
    with (
        damage_refused(
            lambda error: DataError(
                tr("{name} cannot be read ({why}).").format(name=member.name, why=why(error)),
                code="damaged-sound",
            )
        ),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        if is_wav(member):
            _, samples = wavfile.read(io.BytesIO(wav_bytes(member)))
        else:
            samples = read_packed(member, seconds, rate)
    if samples.dtype.kind == "u":
        values = (samples.astype(np.float32) - 128) / 128
    elif samples.dtype.kind == "i":
        values = samples.astype(np.float32) / float(np.iinfo(samples.dtype).max)
    else:
        with np.errstate(over="ignore"):  # too large for 32 bits: infinite, and refused
            values = samples.astype(np.float32)
        bad = int((~np.isfinite(values)).sum())
        if bad:
            raise DataError(
                tr("{name}: {bad:,} of {size:,} samples are not finite numbers (NaN or infinite).").format(
                    name=member.name, bad=bad, size=values.size
                ),
                code="sound-not-finite",
                remedy=tr("Save it again from the program that recorded it."),
            )
    if values.ndim > 1:
        values = values.mean(axis=1)
    length = max(1, round(seconds * to_rate))
    values = values[: math.ceil((seconds + 0.1) * rate)]
    if not len(values):
        raise DataError(tr("{name} holds no sound.").format(name=member.name), code="empty-sound")
    if rate != to_rate:
        step = math.gcd(rate, to_rate)
        values = resample_poly(values, to_rate // step, rate // step)
    out = np.zeros(length, np.int16)
    values = np.clip(values[:length], -1, 1)
    out[: len(values)] = np.round(values * 32767).astype(np.int16)
    return out
