"""Samples and their views as one picture: a row per sample, which stands before a gap."""

from __future__ import annotations

import numpy as np

TILE = 96  # pixels at least of a tile's longer side


def view_sheet(values: np.ndarray, gap: int = 4) -> np.ndarray:
    """(S, 1 + V, H, W[, C]) in [0, 1], the sample first → (height, width, 3) bytes on white.

    Tiles are enlarged by whole numbers, so that single pixels can be told apart.
    """
    if values.ndim == 4:
        values = values[..., None]
    tiles = np.rint(255 * values.clip(0, 1)).astype(np.uint8)
    tiles = tiles[..., :3] if tiles.shape[-1] >= 3 else np.repeat(tiles[..., :1], 3, axis=-1)
    times = max(1, -(-TILE // max(tiles.shape[2:4])))
    tiles = tiles.repeat(times, axis=2).repeat(times, axis=3)
    count, across, height, width = tiles.shape[:4]
    left = [gap + (width + gap) * i + (3 * gap if i else 0) for i in range(across)]
    sheet = np.full((gap + (height + gap) * count, left[-1] + width + gap, 3), 255, np.uint8)
    for row in range(count):
        top = gap + (height + gap) * row
        for column in range(across):
            sheet[top : top + height, left[column] : left[column] + width] = tiles[row, column]
    return sheet
