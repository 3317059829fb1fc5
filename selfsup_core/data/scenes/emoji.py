"""Scenes of emoji: two to six of them, of several sizes, partly one behind the other, on a textured ground.

Every scene draws from the same 45 emoji, nine of each class, so that those of test rows have been seen in
training, at other places and in other sizes, neighborhoods and light. A box holds its emoji whole, also
where another one covers part of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from selfsup_core.data.boxes import Box
from selfsup_core.data.shipped import read_json, read_sheet

SHEET = "emoji-32.png", "e8a2c9a3a4e0e67f3ba63073adf0dde19ed136168f2d20054ae7f332ad2d84aa"
ABOUT = "emoji-32.json", "7e2c2f6b15576c4be074dbb655d7873d1906b28143d4588e33685fdb764de4eb"
EMOJI_SIDE = 32
SIDE = 64
SMALLEST, LARGEST = 13, 30  # side of an emoji in a scene, before its empty border is cut off
FEWEST, MOST = 2, 6
LEAST_SEEN = 0.5  # share of an emoji that no other one covers
TRIES = 30
WHITE = 232  # from which a pixel that touches the border is ground
CHOSEN: dict[str, tuple[str, ...]] = {
    "animal": (
        "dog face",
        "fox face",
        "lion face",
        "tiger face",
        "pig face",
        "bear face",
        "koala",
        "frog face",
        "monkey face",
    ),
    "face": (
        "grinning face",
        "smiling face with open mouth and smiling eyes",
        "face with tears of joy",
        "winking face",
        "smiling face with heart-shaped eyes",
        "neutral face",
        "smiling face with halo",
        "grinning face with star eyes",
        "unamused face",
    ),
    "fruit": (
        "grapes",
        "watermelon",
        "tangerine",
        "banana",
        "pineapple",
        "red apple",
        "green apple",
        "cherries",
        "strawberry",
    ),
    "heart": (
        "heavy black heart",
        "pink heart",
        "orange heart",
        "green heart",
        "blue heart",
        "light blue heart",
        "purple heart",
        "brown heart",
        "sparkling heart",
    ),
    "vehicle": (
        "oncoming bus",
        "trolleybus",
        "fire engine",
        "taxi",
        "oncoming taxi",
        "automobile",
        "recreational vehicle",
        "tractor",
        "racing car",
    ),
}


@dataclass(frozen=True)
class Scenes:
    """(N, 64, 64, 3) uint8, and the boxes of each."""

    pictures: np.ndarray
    boxes: list[list[Box]]


def make_scenes(count: int, seed: int) -> Scenes:
    """As many scenes; each one depends on the seed and its number alone. Raises DataError: a file is
    missing.
    """
    emoji = load_emoji()
    pictures, boxes = np.empty((count, SIDE, SIDE, 3), np.uint8), []
    for row in range(count):
        pictures[row], found = make_scene(emoji, np.random.default_rng((seed, row)))
        boxes.append(found)
    return Scenes(pictures, boxes)


@lru_cache(maxsize=1)
def load_emoji() -> dict[str, list[list[np.ndarray]]]:
    """Class → emoji → its sizes from the smallest, (h, w, 4) float32: color times opacity, and opacity.

    Raises:
        DataError: a file is missing.
    """
    about = read_json(*ABOUT)
    sheet = read_sheet(*SHEET, count=len(about["label"]), side=EMOJI_SIDE)
    place = {name: row for row, name in enumerate(about["name"])}

    def sizes(picture: np.ndarray) -> list[np.ndarray]:
        cut = cut_out(picture)
        return [sized(cut, side) for side in range(SMALLEST, LARGEST + 1)]

    return {kind: [sizes(sheet[place[name]]) for name in names] for kind, names in CHOSEN.items()}


def cut_out(picture: np.ndarray) -> np.ndarray:
    """(32, 32, 3) uint8 on white → (32, 32, 4): what is white and connected to the border is left out."""
    from scipy import ndimage

    is_white = picture.min(axis=2) >= WHITE
    around = np.pad(is_white, 1, constant_values=True)
    labels, _ = ndimage.label(around)
    is_ground = (labels == labels[0, 0])[1:-1, 1:-1]
    opacity = ndimage.uniform_filter((~is_ground).astype(np.float32), 3) * ~is_ground  # a soft edge
    opacity = np.where(ndimage.binary_erosion(~is_ground), 1.0, opacity).astype(np.float32)[..., None]
    color = picture.astype(np.float32) / 255
    return np.concatenate([color * opacity, opacity], axis=2)


def make_scene(
    emoji: dict[str, list[list[np.ndarray]]], generator: np.random.Generator
) -> tuple[np.ndarray, list[Box]]:
    """(64, 64, 3) uint8 and the boxes."""
    canvas = make_ground(generator)
    owner = np.full((SIDE, SIDE), -1)  # which emoji is on top
    sizes: list[int] = []  # pixels of each emoji, covered ones included
    boxes: list[Box] = []
    kinds = list(emoji)
    for _ in range(int(generator.integers(FEWEST, MOST + 1))):
        for _ in range(TRIES):
            kind = kinds[generator.integers(len(kinds))]
            sizes_of_one = emoji[kind][generator.integers(len(emoji[kind]))]
            cut = sizes_of_one[generator.integers(len(sizes_of_one))]
            high, wide = cut.shape[:2]
            top, left = (int(generator.integers(0, SIDE - side + 1)) for side in (high, wide))
            is_there = cut[..., 3] > 0.5
            after = owner.copy()
            after[top : top + high, left : left + wide][is_there] = len(sizes)
            shown = np.bincount(after[after >= 0], minlength=len(sizes) + 1)[: len(sizes)]
            if len(sizes) and (shown < LEAST_SEEN * np.array(sizes)).any():
                continue
            under = canvas[top : top + high, left : left + wide]
            light = generator.uniform(0.8, 1.15)
            canvas[top : top + high, left : left + wide] = under * (1 - cut[..., 3:]) + np.minimum(
                cut[..., :3] * light, 1
            )
            owner = after
            sizes.append(int(is_there.sum()))
            boxes.append((kind, left, top, wide, high))
            break
    canvas = canvas + generator.normal(0, 0.015, canvas.shape)
    return np.rint(np.clip(canvas, 0, 1) * 255).astype(np.uint8), boxes


def sized(cut: np.ndarray, side: int) -> np.ndarray:
    """(32, 32, 4) → (h, w, 4), scaled by side / 32, without the empty border."""
    small = resized(cut, side, side)
    rows, columns = (np.flatnonzero((small[..., 3] > 0.3).any(axis=axis)) for axis in (1, 0))
    return small[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def resized(values: np.ndarray, height: int, width: int) -> np.ndarray:
    """(H, W, C) floats → (height, width, C), each channel by Pillow's bilinear filter."""
    from PIL import Image

    planes = [
        np.asarray(
            Image.fromarray(np.ascontiguousarray(plane)).resize((width, height), Image.Resampling.BILINEAR)
        )
        for plane in np.moveaxis(values.astype(np.float32), 2, 0)
    ]
    return np.stack(planes, axis=2)


def make_ground(generator: np.random.Generator) -> np.ndarray:
    """(64, 64, 3) floats: two colors mixed by a pattern, with coarse and fine noise."""
    first, second = generator.uniform(0.1, 0.95, (2, 3))
    down, across = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    turn, waves = generator.uniform(0, 2 * np.pi), generator.uniform(1, 9)
    along = np.cos(turn) * across + np.sin(turn) * down
    kind = int(generator.integers(4))
    if kind == 0:
        mix = (along - along.min()) / np.ptp(along)  # a slope
    elif kind == 1:
        mix = 0.5 + 0.5 * np.sin(2 * np.pi * waves * along)  # stripes
    elif kind == 2:
        cells = int(generator.integers(3, 11))
        mix = ((down * cells).astype(int) + (across * cells).astype(int)) % 2.0  # a checkerboard
    else:
        cells = int(generator.integers(3, 12))
        mix = resized(generator.random((cells, cells, 1)), SIDE, SIDE)[..., 0]  # clouds
    ground = first + (second - first) * mix[..., None]
    cells = int(generator.integers(8, 33))
    grain = resized(generator.normal(0, 1, (cells, cells, 3)), SIDE, SIDE)
    return np.asarray(ground + generator.uniform(0.01, 0.08) * grain)
