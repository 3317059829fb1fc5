"""Views of pictures with boxes: the boxes go where the picture goes.

A crop, a mirror and a shift map a place of the picture to one of the view by x′ = (x − shift) / scale, both
from -1 to 1; a box's corners are mapped the same way and cut off at the view's border.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from selfsup_core.augment.config import ImageAugmentation
from selfsup_core.augment.draws import Draws
from selfsup_core.augment.images import change_images, draw_images
from selfsup_core.errors import SettingError
from selfsup_core.translation import tr

LEAST_SHARE = 0.3  # of a box's area that must be within the view, so that it can still be found
LEAST_SIDE = 2.0  # pixels of it

# Weak: mirrored and cropped a little. Strong: also other colors, noise, and a piece cut out [STAC, 2020].
VIEWS = {
    "weak": ImageAugmentation(crop=0.3, stretch=0.1, color=0.0, grayscale=0.0),
    "strong": ImageAugmentation(
        crop=0.5,
        stretch=0.2,
        shift=0.1,
        color=0.8,
        grayscale=0.0,
        brightness=0.3,
        contrast=0.3,
        saturation=0.3,
        hue=0.03,
        noise=0.03,
        cutout=0.15,
    ),
}


@dataclass(frozen=True)
class Scene:
    """Pictures with boxes.

    Attributes:
        pictures: (B, H, W, channels) in [0, 1].
        corners: (B, M, 4) left, top, right, bottom in pixels.
        labels: (B, M) classes; -1 where there is no box.
        is_sure: (B, M) whether it is learned from as true. confidence: (B, M) of one that is not; 0 of one
            that is neither learned from nor counted as ground.
        is_given: (B, M) whether a person drew it, so that its borders are learned from too.
    """

    pictures: torch.Tensor
    corners: torch.Tensor
    labels: torch.Tensor
    is_sure: torch.Tensor
    confidence: torch.Tensor
    is_given: torch.Tensor


def vary(scene: Scene, config: ImageAugmentation, generator: torch.Generator) -> Scene:
    """A view of each picture. Raises SettingError: boxes cannot be turned."""
    if config.rotation:
        raise SettingError(tr("Boxes cannot be turned: set Rotation to 0."))
    count, height, width, channels = scene.pictures.shape
    flat = scene.pictures.reshape(count, -1)
    drawn = draw_images(flat, config, generator)
    pictures = change_images(flat, config, drawn, (height, width, channels))
    corners = move_boxes(scene.corners, config, drawn, (height, width))
    corners, share = cut_off(corners, (height, width))
    is_there = (share >= LEAST_SHARE) & ((corners[..., 2:] - corners[..., :2]).amin(dim=2) >= LEAST_SIDE)
    labels = torch.where((share > 0) & (scene.labels >= 0), scene.labels, -1)
    return Scene(
        pictures.view_as(scene.pictures),
        corners,
        labels,
        scene.is_sure & is_there,
        scene.confidence * is_there,
        scene.is_given,
    )


def move_boxes(
    corners: torch.Tensor, config: ImageAugmentation, drawn: Draws, size: Sequence[int]
) -> torch.Tensor:
    """(B, M, 4) corners in the picture → in its view, which may lie outside; as `images.warp` moves
    pixels.
    """
    scale_x, scale_y, x, y = placed(config, drawn)
    height, width = size

    def moved(values: torch.Tensor, side: int, scale: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
        at = (2 * values / side - 1 - shift[:, None]) / scale[:, None]
        return (at + 1) * side / 2

    left, right = (moved(corners[..., i], width, scale_x, x) for i in (0, 2))
    top, bottom = (moved(corners[..., i], height, scale_y, y) for i in (1, 3))
    return torch.stack([torch.minimum(left, right), top, torch.maximum(left, right), bottom], dim=2)


def placed(
    config: ImageAugmentation, drawn: Draws
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Scale across (negative where mirrored) and down, and shift across and down, (B,) each."""
    mirrored = torch.where(drawn["flip"] < config.flip, -1.0, 1.0)
    wide = high = torch.ones_like(drawn["area"])
    if config.crop:
        area = 1 - config.crop * drawn["area"]
        ratio = torch.exp(math.log1p(config.stretch) * drawn.signed("ratio"))
        wide, high = (area * ratio).sqrt().clamp(max=1), (area / ratio).sqrt().clamp(max=1)
    x = drawn.signed("left") * (1 - wide) + 2 * config.shift * drawn.signed("right")
    y = drawn.signed("top") * (1 - high) + 2 * config.shift * drawn.signed("down")
    return wide * mirrored, high, x, y


def cut_off(corners: torch.Tensor, size: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Boxes cut off at the border, and the share (B, M) of each one's area that is left."""
    height, width = size
    most = torch.tensor([width, height, width, height], device=corners.device, dtype=corners.dtype)
    inside = torch.minimum(corners.clamp(min=0), most)

    def area(boxes: torch.Tensor) -> torch.Tensor:
        return (boxes[..., 2] - boxes[..., 0]).clamp(min=0) * (boxes[..., 3] - boxes[..., 1]).clamp(min=0)

    return inside, area(inside) / area(corners).clamp(min=1e-6)
