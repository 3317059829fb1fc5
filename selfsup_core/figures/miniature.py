"""Small pictures of a run for lists: its map and its validation loss, as SVG that a page or a file can show
as it is.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from html import escape

import numpy as np

from selfsup_core.figures.palette import class_color

MOST_POINTS = 160
MOST_EPOCHS = 60
MARGIN = 4.0


def map_picture(points: np.ndarray, labels: np.ndarray, *, width: int = 72, height: int = 52) -> str:
    """A map as a thumbnail.

    Args:
        points: (N, 2 or more) places; the first two columns are drawn, evenly thinned to a few.
        labels: (N,) class numbers, -1 for none; they choose the colors.

    Returns: an SVG element.
    """
    keep = np.linspace(0, len(points) - 1, min(len(points), MOST_POINTS)).astype(int)
    places = np.nan_to_num(np.asarray(points, float)[keep, :2])
    low, high = np.percentile(places, [2, 98], axis=0)
    share = np.clip((places - low) / np.where(high > low, high - low, 1.0), 0, 1)
    x = MARGIN + share[:, 0] * (width - 2 * MARGIN)
    y = height - MARGIN - share[:, 1] * (height - 2 * MARGIN)
    dots = "".join(
        f'<circle cx="{a:.1f}" cy="{b:.1f}" r="1.6" fill="{class_color(int(label))}"/>'
        for a, b, label in zip(x, y, np.asarray(labels)[keep], strict=True)
    )
    return _picture(dots, width, height)


def curve_picture(values: Sequence[float | None], *, color: str, width: int = 96, height: int = 36) -> str:
    """A curve as a sparkline; what is not a finite number is left out.

    Returns: an SVG element, empty when there are fewer than two values.
    """
    numbers = np.array([np.nan if value is None else value for value in values], float)
    places = np.flatnonzero(np.isfinite(numbers))
    if len(places) < 2:
        return ""
    places = places[np.linspace(0, len(places) - 1, min(len(places), MOST_EPOCHS)).astype(int)]
    shown = numbers[places]
    x = MARGIN + (width - 2 * MARGIN) * (places - places[0]) / (places[-1] - places[0])
    y = MARGIN + (height - 2 * MARGIN) * (shown.max() - shown) / (np.ptp(shown) or 1.0)
    line = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    drawn = f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="1.8"/>'
    return _picture(drawn, width, height)


def as_element(svg: str, title: str) -> str:
    """An SVG as an HTML image, which pages keep where they would take inline SVG out."""
    data = b64encode(svg.encode()).decode()
    return f'<img alt="{escape(title, quote=True)}" src="data:image/svg+xml;base64,{data}">'


def _picture(inside: str, width: int, height: int) -> str:
    return (
        f'<svg width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">{inside}</svg>'
    )
