"""Small files of every accepted format, for the tests."""

from __future__ import annotations

import gzip
import io
import struct
import wave
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image


def png(seed: int = 0, size: tuple[int, int] = (12, 12), mode: str = "L") -> bytes:
    """A noisy picture; other seeds give other pictures."""
    shape = (size[1], size[0], 3) if mode == "RGB" else (size[1], size[0])
    pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def wav(seed: int = 0, rate: int = 8000, seconds: float = 0.2, channels: int = 1) -> bytes:
    """A sine of 200 Hz and more, by seed."""
    time = np.arange(round(rate * seconds)) / rate
    tone = np.sin(2 * np.pi * (200 + 50 * seed) * time)
    samples = np.repeat((tone * 20_000).astype("<i2")[:, None], channels, axis=1)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return buffer.getvalue()


def archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return buffer.getvalue()


def idx(array: np.ndarray) -> bytes:
    """Bytes of an IDX file of unsigned bytes."""
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return head + array.astype(np.uint8).tobytes()


def packed_idx(array: np.ndarray) -> bytes:
    return gzip.compress(idx(array))


def write(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
