"""Views of spoken clips of different length: what is said stays, stretches of it are hidden [1].

Hidden places get the clip's mean. Each clip is masked within its own length.
[1] Park et al.: SpecAugment, 2019
"""

from __future__ import annotations

import torch

from selfsup_core.data.spoken import FRAME_SECONDS

MASKS = 2


def hide(
    x: torch.Tensor,
    frames: torch.Tensor,
    generator: torch.Generator,
    *,
    seconds: float,
    bands: int,
    noise: float,
    shift: int,
) -> torch.Tensor:
    """(B, bands, T) spectrograms in [0, 1] → their views.

    Args:
        frames: (B,) columns of each clip.
        seconds, bands: the longest stretch and the most bands that a mask hides.
        noise: its standard deviation. shift: most bands that a clip is moved up or down.
    """
    rows, height, width = x.shape
    drawn = torch.rand((2 + 4 * MASKS, rows), generator=generator, device=x.device)
    across = torch.arange(height, device=x.device)[None]
    along = torch.arange(width, device=x.device)[None]
    inside = (along < frames[:, None])[:, None]
    mean = (x * inside).sum(dim=(1, 2)) / (height * frames)
    if shift:
        moved = torch.floor(drawn[0] * (2 * shift + 1)).long() - shift
        places = (across + moved[:, None]).clamp(0, height - 1)
        x = x.gather(1, places[:, :, None].expand(-1, -1, width))
    if noise:
        # The whole clip a little louder or quieter, too.
        x = x + 2 * noise * (2 * drawn[1] - 1)[:, None, None]
        x = x + noise * torch.randn(x.shape, generator=generator, device=x.device)
    for mask in range(MASKS):
        own = drawn[2 + 4 * mask : 6 + 4 * mask]
        longest = torch.minimum(torch.full_like(mean, seconds / FRAME_SECONDS), frames.float())
        in_time = stretch(along, longest * own[0], frames, own[1])[:, None]
        in_bands = stretch(across, bands * own[2], torch.full_like(frames, height), own[3])[:, :, None]
        x = torch.where(in_time | in_bands, mean[:, None, None], x)
    return x.clamp(0, 1) * inside


def stretch(
    places: torch.Tensor, wide: torch.Tensor, size: torch.Tensor, begin: torch.Tensor
) -> torch.Tensor:
    """(B, P): whether a place lies in a stretch of this width that begins at this share of what is left."""
    start = begin * (size - wide).clamp(min=0)
    middle = places + 0.5
    return (middle >= start[:, None]) & (middle < (start + wide)[:, None])
