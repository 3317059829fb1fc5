"""How the values of a set's images become bytes: one scale and one background for all of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TypedDict, cast

import numpy as np

if TYPE_CHECKING:
    from PIL import Image


class ToneAbout(TypedDict):
    """A `Tone` in plain values, as a plan holds it."""

    low: float
    high: float | None
    background: int
    is_binary: bool


@dataclass(frozen=True)
class Tone:
    """How all images of a set become bytes.

    Attributes:
        low, high: values of 16-bit (or wider) images that become black and white; None keeps 8-bit values.
        background: what is seen through transparent pixels, 255 white or 0 black.
        is_binary: whether gray bytes are only 0 and 1, which become black and white.
    """

    low: float = 0.0
    high: float | None = None
    background: int = 255
    is_binary: bool = False

    def as_dict(self) -> ToneAbout:
        return cast("ToneAbout", asdict(self))


def is_wide(image: Image.Image) -> bool:
    return image.mode.startswith("I") or image.mode == "F"


def narrow(values: np.ndarray, tone: Tone) -> np.ndarray:
    """Values of more than 8 bits as bytes."""
    wide = values.astype(np.float64)
    wide = wide if np.isfinite(wide).all() else np.nan_to_num(wide)
    top = 65535.0 if tone.high is None else tone.high
    wide -= tone.low
    wide /= (top - tone.low) or 1.0
    np.clip(wide, 0, 1, out=wide)
    wide *= 255
    return wide.astype(np.uint8)
