"""Slices of a volume, many at a time: one by one, each would cost more than all its pixels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from selfsup_core.data.importing.files import Member
from selfsup_core.data.importing.squares import make_square
from selfsup_core.data.importing.tones import Tone, narrow

RUN = 256  # slices read together


def read_slices(members: list[Member], size: int, color: bool, fit: str, tone: Tone) -> np.ndarray:
    """(K, size, size[, 3]) bytes of slices of one volume that follow each other. Raises DataError."""
    from PIL import Image

    first = members[0]
    assert first.slices is not None
    values = first.slices(first.place, first.place + len(members))
    pixels = narrow(values, tone) if values.dtype != np.uint8 else values
    if tone.is_binary and values.dtype == np.uint8:
        pixels = np.where(pixels > 0, np.uint8(255), np.uint8(0))
    if pixels.shape[1:] != (size, size):
        images = (make_square(Image.fromarray(one), size, fit) for one in pixels)
        pixels = np.stack([np.asarray(image) for image in images])
    return np.repeat(pixels[..., None], 3, axis=3) if color else pixels


def in_runs(members: list[Member]) -> Iterator[list[Member]]:
    """Members in their order: up to `RUN` slices of a volume that are read at once, or single ones."""
    run: list[Member] = []
    for member in members:
        goes_on = run and member.slices is not None and member.volume == run[0].volume
        if run and not (goes_on and member.place == run[0].place + len(run) and len(run) < RUN):
            yield run
            run = []
        run.append(member)
    if run:
        yield run
