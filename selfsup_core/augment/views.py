"""Weak and strong variations of samples, batched on the device; the same generator state gives the same
variation.

Images: one affine grid a batch (shift; strong also turn, scale, shear), contrast and a square cut out [1, 2].
Spectrograms: shift in time; strong also masks of time and frequency [3]. Features (words, embeddings,
columns): some left out, noise.
[1] DeVries, Taylor: Cutout, 2017  [2] Sohn et al.: FixMatch, 2020  [3] Park et al.: SpecAugment, 2019
[4] Wei, Zou: EDA, 2019
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch

from selfsup_core.models.modules.heads import Tokens

SHIFT = 0.12  # of height and width
TURN, SCALE, SHEAR = 20.0, 0.18, 0.2  # degrees, and shares
CUT = 0.35  # of the side
DROPPED = {"weak": 0.1, "strong": 0.3}
SWAPPED = {"weak": 0.0, "strong": 0.2}  # share of the pairs of neighboring tokens
NOISE = {"weak": 0.02, "strong": 0.08}

Augment = Callable[[Any, torch.Generator], Any]


def uniform(
    size: Sequence[int], low: float, high: float, like: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    return low + (high - low) * torch.rand(tuple(size), generator=generator, device=like.device)


def warp(images: torch.Tensor, generator: torch.Generator, *, is_strong: bool) -> torch.Tensor:
    """(B, C, H, W) → moved a little; strong also turned, scaled and sheared. What comes in from outside is
    the border.
    """
    count = len(images)

    def draw(reach: float) -> torch.Tensor:
        return uniform((count,), -reach, reach, images, generator)

    x, y = draw(2 * SHIFT), draw(2 * SHIFT)
    if is_strong:
        angle, scale, shear = draw(math.radians(TURN)), 1 + draw(SCALE), draw(SHEAR)
    else:
        angle, scale, shear = torch.zeros_like(x), torch.ones_like(x), torch.zeros_like(x)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    rows = [torch.stack([cos, shear - sin, x], dim=1), torch.stack([sin, cos, y], dim=1)]
    grid = torch.nn.functional.affine_grid(torch.stack(rows, dim=1), list(images.shape), align_corners=False)
    return torch.nn.functional.grid_sample(images, grid, padding_mode="border", align_corners=False)


def cut_out(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """A square of the image's own mean at a random place."""
    count, _, height, width = images.shape
    top = uniform((count, 1, 1), 0, height, images, generator)
    left = uniform((count, 1, 1), 0, width, images, generator)
    down = torch.arange(height, device=images.device)[None, :, None] - top
    across = torch.arange(width, device=images.device)[None, None, :] - left
    is_cut = (down.abs() < CUT * height / 2) & (across.abs() < CUT * width / 2)
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    return torch.where(is_cut[:, None], mean, images)


def change_images(
    x: torch.Tensor, generator: torch.Generator, *, shape: Sequence[int], is_strong: bool, may_flip: bool
) -> torch.Tensor:
    """(B, D) values in [0, 1] of images of this shape → varied, in [0, 1]."""
    height, width, depth = (*shape, 1) if len(shape) == 2 else tuple(shape)
    images = x.view(len(x), height, width, depth).permute(0, 3, 1, 2)
    if may_flip:
        turned = uniform((len(x), 1, 1, 1), 0, 1, x, generator) < 0.5
        images = torch.where(turned, images.flip(3), images)
    images = warp(images, generator, is_strong=is_strong)
    if is_strong:
        mean = images.mean(dim=(1, 2, 3), keepdim=True)
        images = mean + (images - mean) * uniform((len(x), 1, 1, 1), 0.6, 1.4, x, generator)
        images = cut_out(images, generator)
    return images.clamp(0, 1).permute(0, 2, 3, 1).reshape(len(x), -1)


def change_sounds(
    x: torch.Tensor, generator: torch.Generator, *, shape: Sequence[int], is_strong: bool
) -> torch.Tensor:
    """(B, D) spectrograms (bands, frames) → rolled in time; strong: a band and a stretch of time set to the
    mean.
    """
    bands, frames = shape[0], shape[1]
    spectra = x.view(len(x), bands, frames)
    moved = uniform((len(x), 1), -SHIFT * frames, SHIFT * frames, x, generator).round().long()
    place = (torch.arange(frames, device=x.device)[None] - moved) % frames
    spectra = spectra.gather(2, place[:, None].expand(-1, bands, -1))
    if is_strong:
        for axis, size in ((1, bands), (2, frames)):
            width = uniform((len(x), 1), 0, 0.3 * size, x, generator)
            begin = uniform((len(x), 1), 0, size, x, generator)
            at = torch.arange(size, device=x.device)[None]
            masked = (at >= begin) & (at < begin + width)
            masked = masked[:, :, None] if axis == 1 else masked[:, None, :]
            spectra = torch.where(masked, spectra.mean(dim=(1, 2), keepdim=True), spectra)
    return spectra.reshape(len(x), -1)


def change_features(
    x: torch.Tensor, generator: torch.Generator, *, strength: str, drops: bool
) -> torch.Tensor:
    """(B, D) in [0, 1] → noise in shares of each row's deviation; with `drops` some values become 0 (words
    that are not said).
    """
    if drops:
        kept = uniform(x.shape, 0, 1, x, generator) >= DROPPED[strength]
        return x * kept
    noise = torch.randn(x.shape, generator=generator, device=x.device)
    return x + NOISE[strength] * 3 * x.std(dim=1, keepdim=True) * noise


def swap_neighbors(
    ids: torch.Tensor, mask: torch.Tensor, share: float, generator: torch.Generator
) -> torch.Tensor:
    """(B, T) token numbers → a share of neighboring pairs exchanged; the first token and what is masked
    stay.
    """
    begin = 1 + int(torch.randint(2, (1,), generator=generator, device=ids.device))
    pairs = (ids.shape[1] - begin) // 2
    if pairs < 1:
        return ids
    left = begin + 2 * torch.arange(pairs, device=ids.device)
    drawn = torch.rand((len(ids), pairs), generator=generator, device=ids.device) < share
    turned = drawn & (mask[:, left] > 0) & (mask[:, left + 1] > 0)
    found = ids.clone()
    found[:, left] = torch.where(turned, ids[:, left + 1], ids[:, left])
    found[:, left + 1] = torch.where(turned, ids[:, left], ids[:, left + 1])
    return found


def change_tokens(x: Tokens, generator: torch.Generator, *, strength: str) -> Tokens:
    """Texts without some of their tokens, some neighbors exchanged [4]; the first token, which often stands
    for the whole, stays.
    """
    ids = swap_neighbors(x.ids, x.mask, SWAPPED[strength], generator)
    drawn = torch.rand(x.mask.shape, generator=generator, device=x.mask.device)
    kept = drawn >= DROPPED[strength]
    kept[:, 0] = True
    return Tokens(ids, x.mask * kept)


def make_augment(
    strength: str,
    *,
    kind: str,
    shape: Sequence[int],
    is_tokens: bool = False,
    is_words: bool = False,
    may_flip: bool = False,
) -> Augment | None:
    """What varies samples of a kind of data; None for "none".

    Args:
        strength: none, weak or strong. shape: of a sample. is_words: whether features count words.
        may_flip: whether left and right may be exchanged; not for digits, letters, or anything with a
        direction.
    """
    if strength == "none":
        return None
    is_strong = strength == "strong"
    if is_tokens:
        return lambda x, generator: change_tokens(x, generator, strength=strength)
    if kind == "image" and len(shape) in (2, 3):
        return lambda x, generator: change_images(
            x, generator, shape=shape, is_strong=is_strong, may_flip=may_flip
        )
    if kind == "sound" and len(shape) == 2:
        return lambda x, generator: change_sounds(x, generator, shape=shape, is_strong=is_strong)
    return lambda x, generator: change_features(x, generator, strength=strength, drops=is_words)
