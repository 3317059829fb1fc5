"""Views of log-mel spectrograms, where 0 is silence and 1 the peak: shift, gain, noise and masks [1].

[1] Park et al.: SpecAugment, 2019
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from selfsup_core.augment.config import SoundAugmentation
from selfsup_core.augment.draws import Draws, draw
from selfsup_core.data.logmel import RANGE_DB
from selfsup_core.errors import SettingError
from selfsup_core.translation import tr

MASKS = 4
NAMES = (
    *("shift", "gain", "reverse"),
    *(f"{axis}_{what}_{i}" for axis in ("time", "band") for i in range(MASKS) for what in ("size", "start")),
)


def draw_sounds(x: torch.Tensor, config: SoundAugmentation, generator: torch.Generator) -> Draws:
    return draw(x, NAMES, generator, has_noise=config.noise > 0)


def change_sounds(
    x: torch.Tensor, config: SoundAugmentation, drawn: Draws, shape: Sequence[int]
) -> torch.Tensor:
    """(B, D) spectrograms (bands, frames) in [0, 1] → their views, (B, D) in [0, 1].

    Raises:
        SettingError: the samples are not spectrograms.
    """
    if len(shape) != 2:
        raise SettingError(tr("Spectrograms are (bands, frames); found {tuple}.").format(tuple=tuple(shape)))
    bands, frames = shape
    spectra = x.view(len(x), bands, frames)
    if config.reverse > 0:
        chosen = (drawn["reverse"] < config.reverse)[:, None, None]
        spectra = torch.where(chosen, spectra.flip(2), spectra)
    if config.shift > 0:
        spectra = shift(spectra, (config.shift * frames * drawn.signed("shift")).round().long())
    if config.gain > 0:
        spectra = spectra + (config.gain / RANGE_DB * drawn.signed("gain"))[:, None, None]
    if drawn.noise is not None and config.noise > 0:
        spectra = spectra + config.noise * drawn.noise.view_as(spectra)
    spectra = spectra.clamp(0, 1)
    mean = spectra.mean(dim=(1, 2), keepdim=True)
    for axis, size, share in (("time", frames, config.time_mask), ("band", bands, config.band_mask)):
        for i in range(config.masks if share > 0 else 0):
            wide = share * size * drawn[f"{axis}_size_{i}"]
            masked = stretch(size, wide, (size - wide) * drawn[f"{axis}_start_{i}"])
            spectra = torch.where(masked[:, None] if axis == "time" else masked[:, :, None], mean, spectra)
    return spectra.reshape(len(x), -1)


def shift(spectra: torch.Tensor, moved: torch.Tensor) -> torch.Tensor:
    """(B, bands, frames) moved by whole frames (B,), later where positive; silence fills the gap."""
    bands, frames = spectra.shape[1:]
    place = torch.arange(frames, device=spectra.device)[None] - moved[:, None]  # (B, frames)
    is_there = (place >= 0) & (place < frames)
    found = spectra.gather(2, place.clamp(0, frames - 1)[:, None].expand(-1, bands, -1))
    return found * is_there[:, None]


def stretch(size: int, wide: torch.Tensor, begin: torch.Tensor) -> torch.Tensor:
    """(B, size): whether a place lies in a stretch of this width that begins there, both (B,)."""
    at = torch.arange(size, device=wide.device)[None] + 0.5
    return (at >= begin[:, None]) & (at < (begin + wide)[:, None])
