"""Small dark screens on which previews are drawn, and how they become animated pictures of bounded size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFont

from selfsup_core.figures.palette import class_color
from selfsup_core.files import write_bytes

WIDTH, HEIGHT = SIZE = (480, 270)
FINER = 2  # drawn so many times larger, for smooth edges
BACK, INK, MUTED, LINE = (14, 19, 26), (230, 234, 240), (152, 163, 179), (46, 55, 68)
BLUE, ORANGE = (86, 180, 233), (240, 150, 60)
MOST_BYTES = 200_000
QUALITIES = (82, 74, 66, 58, 50, 42, 34, 26)
STEP_MS, REST_MS = 110, 2200


class Screen:
    """One picture that is being drawn; places and sizes are in pixels of the preview."""

    def __init__(self) -> None:
        self.image = Image.new("RGB", (WIDTH * FINER, HEIGHT * FINER), BACK)
        self.pen = ImageDraw.Draw(self.image)

    def text(self, x: float, y: float, words: str, size: int = 16, color=INK, anchor: str = "lm") -> None:  # type: ignore[no-untyped-def]
        font = ImageFont.load_default(size * FINER)
        self.pen.text((x * FINER, y * FINER), words, color, font, anchor=anchor)

    def dot(self, x: float, y: float, r: float, color: tuple[int, ...]) -> None:
        box = [FINER * v for v in (x - r, y - r, x + r, y + r)]
        self.pen.ellipse(box, fill=color)

    def line(self, dots: Sequence[tuple[float, float]], color: tuple[int, ...], width: float = 1) -> None:
        flat = [(x * FINER, y * FINER) for x, y in dots]
        self.pen.line(flat, fill=color, width=round(width * FINER), joint="curve")

    def box(self, x: float, y: float, w: float, h: float, color: tuple[int, ...], radius: float = 4) -> None:
        place = [FINER * v for v in (x, y, x + w, y + h)]
        self.pen.rounded_rectangle(place, radius * FINER, fill=color)

    def tile(self, x: float, y: float, side: float, pixels: np.ndarray, radius: float = 8) -> None:
        """A picture of (h, w) or (h, w, 3) bytes with round corners."""
        size = (round(side * FINER), round(side * FINER))
        picture = Image.fromarray(pixels).convert("RGB").resize(size, Image.Resampling.BICUBIC)
        mask = Image.new("L", size, 0)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), radius * FINER, fill=255)
        self.image.paste(picture, (round(x * FINER), round(y * FINER)), mask)

    def bar(self, share: float, words: str) -> None:
        """How far a run has come, along the lower edge."""
        self.text(16, HEIGHT - 18, words, 13, MUTED)
        self.box(96, HEIGHT - 20, WIDTH - 112, 4, LINE, 2)
        self.box(96, HEIGHT - 20, max(4.0, share * (WIDTH - 112)), 4, BLUE, 2)

    def done(self) -> Image.Image:
        return self.image.resize(SIZE, Image.Resampling.LANCZOS)


def bright(label: int) -> tuple[int, ...]:
    """A class's color, lighter where it would be hard to see on the dark screen."""
    color = np.array(ImageColor.getrgb(class_color(label)), dtype=float)
    light = color @ (0.2126, 0.7152, 0.0722) / 255
    return tuple(int(v) for v in color + (255 - color) * max(0.0, 0.42 - light))


def between(frames: Sequence[np.ndarray], steps: int) -> Iterator[np.ndarray]:
    """All frames with so many steps from each to the next, slower at both ends of a step."""
    for first, second in pairwise(frames):
        for step in range(steps):
            share = step / steps
            share = share * share * (3 - 2 * share)
            yield first + (second - first) * share
    yield frames[-1]


def write_preview(folder: Path, name: str, pictures: Sequence[Image.Image], still: Image.Image) -> int:
    """The moving and the still one, both below `MOST_BYTES`; how many bytes the moving one has.

    Raises:
        ValueError: it has too many frames to be that small.
    """
    write_bytes(folder / f"{name}-still.webp", encode([still], 84))
    for quality in QUALITIES:
        content = encode(pictures, quality)
        if len(content) <= MOST_BYTES:
            write_bytes(folder / f"{name}.webp", content)
            return len(content)
    raise ValueError(f"{name}: {len(content):,} bytes at the lowest quality; at most {MOST_BYTES:,}.")


def encode(pictures: Sequence[Image.Image], quality: int) -> bytes:
    out = BytesIO()
    times = [STEP_MS] * (len(pictures) - 1) + [REST_MS]
    rest = {"save_all": True, "append_images": list(pictures[1:]), "duration": times, "loop": 0}
    pictures[0].save(out, "WEBP", quality=quality, method=4, **(rest if len(pictures) > 1 else {}))
    return out.getvalue()
