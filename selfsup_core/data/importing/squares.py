"""Images in one size: padded, cropped or stretched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from selfsup_core.data.importing.config import ImportConfig

if TYPE_CHECKING:
    from PIL import Image


def make_square(image: Image.Image, size: int, fit: str) -> Image.Image:
    """A PIL image in `size` × `size` pixels: padded, cropped or stretched."""
    from PIL import Image, ImageOps

    if image.size == (size, size):
        return image
    way = Image.Resampling.LANCZOS if max(image.size) > size else Image.Resampling.BICUBIC
    if fit == "pad":
        return ImageOps.pad(image, (size, size), way)
    if fit == "crop":
        return ImageOps.fit(image, (size, size), way)
    return image.resize((size, size), way)


def resize(pixels: np.ndarray, size: int, config: ImportConfig) -> np.ndarray:
    """(N, H, W[, 3]) → (N, size, size[, 3]) bytes."""
    from PIL import Image

    images = (Image.fromarray(picture) for picture in pixels)
    if config.color == "gray":
        images = (image.convert("L") for image in images)
    return np.stack([np.asarray(make_square(image, size, config.fit)) for image in images])
