"""Views of images: geometry is one affine grid, color one matrix per sample, blur two matrix products.

Hue turns the chroma plane of YIQ and keeps the luma; saturation and grayscale scale that plane.
[1] Chen et al.: SimCLR, 2020  [2] Grill et al.: BYOL, 2020  [3] DeVries, Taylor: Cutout, 2017
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import torch
from torch.nn import functional

from selfsup_core.augment.config import ImageAugmentation
from selfsup_core.augment.draws import Draws, draw
from selfsup_core.errors import SettingError
from selfsup_core.translation import tr

NAMES = (
    *("area", "ratio", "left", "top", "flip", "turn", "right", "down"),
    *("color", "brightness", "contrast", "saturation", "hue", "gray"),
    *("blur", "blur_width", "solarize", "cut_left", "cut_top"),
)
YIQ = ((0.299, 0.587, 0.114), (0.5959, -0.2746, -0.3213), (0.2115, -0.5227, 0.3112))
LUMA = YIQ[0]


def draw_images(x: torch.Tensor, config: ImageAugmentation, generator: torch.Generator) -> Draws:
    return draw(x, NAMES, generator, has_noise=config.noise > 0)


def change_images(
    x: torch.Tensor, config: ImageAugmentation, drawn: Draws, shape: Sequence[int]
) -> torch.Tensor:
    """(B, D) values in [0, 1] of images (H, W) or (H, W, C) → their views, (B, D) in [0, 1].

    Raises:
        SettingError: the samples are not images.
    """
    if len(shape) not in (2, 3):
        raise SettingError(
            tr("Images are (height, width) or (height, width, channels); found {tuple}.").format(
                tuple=tuple(shape)
            )
        )
    height, width, depth = (*shape, 1) if len(shape) == 2 else tuple(shape)
    images = x.view(len(x), height, width, depth).permute(0, 3, 1, 2)  # (B, C, H, W)
    images = warp(images, config, drawn)
    images = recolor(images, config, drawn)
    if config.blur > 0:
        sigma = drawn["blur_width"] * config.blur_width * (drawn["blur"] < config.blur)
        images = blur(images, sigma)
    if config.solarize > 0:
        chosen = (drawn["solarize"] < config.solarize)[:, None, None, None]
        images = torch.where(chosen & (images > config.solarize_above), 1 - images, images)
    if drawn.noise is not None and config.noise > 0:
        noise = drawn.noise.view(len(x), height, width, depth).permute(0, 3, 1, 2)
        images = images + config.noise * noise
    images = images.clamp(0, 1)
    if config.cutout > 0:
        images = cut_out(images, config.cutout, drawn["cut_left"], drawn["cut_top"])
    return images.permute(0, 2, 3, 1).reshape(len(x), -1)


def warp(images: torch.Tensor, config: ImageAugmentation, drawn: Draws) -> torch.Tensor:
    """Crop, flip, turn and shift (B, C, H, W) in one resampling. What comes in from outside is the border."""
    if not (config.crop or config.rotation or config.shift):
        if not config.flip:
            return images
        return torch.where((drawn["flip"] < config.flip)[:, None, None, None], images.flip(3), images)
    height, width = images.shape[2:]
    wide = high = torch.ones_like(drawn["area"])
    if config.crop:
        area = 1 - config.crop * drawn["area"]
        ratio = torch.exp(math.log1p(config.stretch) * drawn.signed("ratio"))
        wide, high = (area * ratio).sqrt().clamp(max=1), (area / ratio).sqrt().clamp(max=1)
    x = drawn.signed("left") * (1 - wide) + 2 * config.shift * drawn.signed("right")
    y = drawn.signed("top") * (1 - high) + 2 * config.shift * drawn.signed("down")
    wide_turned = torch.where(drawn["flip"] < config.flip, -wide, wide)
    angle = math.radians(config.rotation) * drawn.signed("turn")
    cos, sin = torch.cos(angle), torch.sin(angle)
    # From places of the view to places of the picture, both from -1 to 1; a turn is one of pixels.
    rows = [
        torch.stack([cos * wide_turned, -sin * high * height / width, x], dim=1),
        torch.stack([sin * wide_turned * width / height, cos * high, y], dim=1),
    ]
    grid = functional.affine_grid(torch.stack(rows, dim=1), list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, padding_mode="border", align_corners=False)


def recolor(images: torch.Tensor, config: ImageAugmentation, drawn: Draws) -> torch.Tensor:
    """Color jitter and grayscale of (B, C, H, W); without colors, brightness and contrast."""
    is_color = images.shape[1] == 3
    jitters = config.color > 0 and any(
        (config.brightness, config.contrast, is_color and config.saturation, is_color and config.hue)
    )
    if not (jitters or (is_color and config.grayscale)):
        return images
    chosen = (drawn["color"] < config.color).to(images.dtype)

    def factor(name: str, reach: float) -> torch.Tensor:
        return 1 + chosen * reach * drawn.signed(name)

    light, contrast = factor("brightness", config.brightness), factor("contrast", config.contrast)
    if not is_color:
        mean = images.mean(dim=(1, 2, 3), keepdim=True)
        gain = (light * contrast)[:, None, None, None]
        return images * gain + mean * ((1 - contrast) * light)[:, None, None, None]
    scale = factor("saturation", config.saturation)
    if config.grayscale:
        scale = scale * (drawn["gray"] >= config.grayscale)
    matrix = (light * contrast)[:, None, None] * chroma_matrix(
        2 * math.pi * config.hue * chosen * drawn.signed("hue"), scale
    )
    flat = images.flatten(2)  # (B, 3, H W)
    luma = constants(images.device, images.dtype).luma
    mean = flat.mean(dim=2) @ luma  # (B,)
    offset = (mean * light * (1 - contrast))[:, None, None].expand(-1, 3, 1)
    return torch.baddbmm(offset, matrix, flat).view_as(images)


def chroma_matrix(angle: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """(B, 3, 3) on red, green, blue: turn the hue by `angle` (B,) and scale the saturation by `scale` (B,).

    Written as 1 + Q (T − 1) P, so that nothing is rounded where nothing changes.
    """
    known = constants(angle.device, angle.dtype)
    cos, sin = scale * torch.cos(angle) - 1, scale * torch.sin(angle)
    turn = torch.stack([torch.stack([cos, -sin], dim=1), torch.stack([sin, cos], dim=1)], dim=1)
    return known.eye + known.from_chroma @ turn @ known.to_chroma


class Constants(NamedTuple):
    """luma (3,), eye (3, 3), to_chroma (2, 3), from_chroma (3, 2)."""

    luma: torch.Tensor
    eye: torch.Tensor
    to_chroma: torch.Tensor
    from_chroma: torch.Tensor


@lru_cache(maxsize=8)
def constants(device: torch.device, dtype: torch.dtype) -> Constants:
    """Kept on the device, so that no step copies them there."""
    to_yiq = torch.tensor(YIQ, dtype=torch.float64)
    parts = (to_yiq[0], torch.eye(3), to_yiq[1:], torch.linalg.inv(to_yiq)[:, 1:])
    return Constants(*(part.to(device, dtype) for part in parts))


def blur(images: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    """Gaussian blur of (B, C, H, W) by a standard deviation in pixels of each (B,); 0 leaves one as it is."""

    def kernel(size: int) -> torch.Tensor:
        place = torch.arange(size, device=images.device, dtype=images.dtype)
        distance = (place[:, None] - place[None]) / sigma.clamp(min=1e-3)[:, None, None]
        weights = torch.exp(-0.5 * distance**2)  # (B, size, size)
        return weights / weights.sum(dim=2, keepdim=True)

    rows, columns = kernel(images.shape[2])[:, None], kernel(images.shape[3])[:, None]
    return rows @ images @ columns.transpose(2, 3)


def cut_out(images: torch.Tensor, side: float, left: torch.Tensor, top: torch.Tensor) -> torch.Tensor:
    """A rectangle of the image's own mean around a random place: `side` times height and width."""
    height, width = images.shape[2:]
    down = torch.arange(height, device=images.device)[None] + 0.5 - height * top[:, None]
    across = torch.arange(width, device=images.device)[None] + 0.5 - width * left[:, None]
    is_cut = (down.abs() < side * height / 2)[:, :, None] & (across.abs() < side * width / 2)[:, None]
    return torch.where(is_cut[:, None], images.mean(dim=(1, 2, 3), keepdim=True), images)
