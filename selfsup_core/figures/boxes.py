"""Boxes drawn over a picture, each in the color of its class and with its name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfsup_core.figures.palette import class_color


def draw_boxes(
    picture: np.ndarray,
    boxes: Sequence[tuple[str, Sequence[float]]],
    classes: Sequence[str],
    *,
    side: int,
) -> np.ndarray:
    """(H, W[, channels]) in [0, 1] and (class, (left, top, right, bottom)) of each box → (h, w, 3) bytes, the
    longer side `side` pixels.
    """
    from PIL import Image, ImageDraw

    values = np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
    values = values[..., 0] if values.ndim == 3 and values.shape[2] == 1 else values
    scale = side / max(values.shape[:2])
    width, height = (max(1, round(length * scale)) for length in (values.shape[1], values.shape[0]))
    image = Image.fromarray(values).convert("RGB").resize((width, height), Image.Resampling.NEAREST)
    pen = ImageDraw.Draw(image)
    for name, corners in boxes:
        color = class_color(classes.index(name) if name in classes else -1)
        left, top, right, bottom = (float(value) * scale for value in corners)
        pen.rectangle((left - 1, top - 1, right + 1, bottom + 1), outline="white", width=4)
        pen.rectangle((left, top, right, bottom), outline=color, width=2)
        shown = name[:24]
        box = pen.textbbox((left + 3, top + 1), shown)
        pen.rectangle((box[0] - 2, box[1] - 1, box[2] + 2, box[3] + 1), fill="white")
        pen.text((left + 3, top + 1), shown, fill="black")
    return np.asarray(image)
