"""From a detector's maps to boxes: cells that are hotter than their neighbors, the surest ones first, and of
boxes of a class that overlap much the surest one alone.

[1] Zhou, Wang, Krähenbühl: Objects as points (CenterNet), 2019
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import nn

    from selfsup_core.models.modules.detector import Maps

MOST = 24  # boxes of a picture
OVERLAP = 0.6  # of two boxes of a class, from which they are taken for one object
RIVAL = 0.5  # of two boxes of different classes, from which they are taken for one object, where one is sure
LEAST = 0.02  # confidence of a box


@dataclass(frozen=True)
class Found:
    """Boxes of N pictures, the surest first.

    Attributes:
        corners: (N, K, 4) left, top, right, bottom in pixels.
        scores: (N, K) in [0, 1]; 0 where there is no box.
        labels: (N, K) classes; -1 where there is no box.
    """

    corners: torch.Tensor
    scores: torch.Tensor
    labels: torch.Tensor

    def of(self, rows: torch.Tensor) -> Found:
        return Found(self.corners[rows], self.scores[rows], self.labels[rows])

    @classmethod
    def joined(cls, parts: Sequence[Found]) -> Found:
        """Of several batches of pictures."""
        names = ("corners", "scores", "labels")
        return cls(*(torch.cat([getattr(part, name) for part in parts]) for name in names))


@contextmanager
def looking_at(network: nn.Module) -> Iterator[None]:
    """In evaluation mode and without gradients; afterwards it goes on as it was."""
    was_training = network.training
    network.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        network.train(was_training)


def find_peaks(heat: torch.Tensor, most: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(B, C, h, w) probabilities → the `most` hottest cells that no neighbor of their class is hotter than:
    value, class and cell, (B, K) each.
    """
    highest = functional.max_pool2d(heat, 3, 1, 1)
    peaks = torch.where(heat == highest, heat, 0.0).flatten(1)
    values, places = peaks.topk(min(most, peaks.shape[1]), dim=1)
    cells = heat.shape[2] * heat.shape[3]
    return values, places // cells, places % cells


def decode(
    maps: Maps, *, stride: int, size: tuple[int, int], most: int = MOST, mirrored: Maps | None = None
) -> Found:
    """The boxes of B pictures of (height, width) pixels.

    Args:
        mirrored: of the same pictures with left and right exchanged; the mean of both heat maps counts.
    """
    heat = torch.sigmoid(maps.heat.float())
    if mirrored is not None:
        heat = (heat + torch.sigmoid(mirrored.heat.float()).flip(3)) / 2
    wide = heat.shape[3]
    scores, labels, cells = find_peaks(heat, most)
    place = cells[:, None].expand(-1, 2, -1)
    offset = maps.offset.float().flatten(2).gather(2, place).transpose(1, 2)  # (B, K, 2)
    sides = maps.size.float().flatten(2).gather(2, place).transpose(1, 2).clamp(-5, 8).exp()
    center = torch.stack([cells % wide, cells // wide], dim=2) + offset
    height, width = size
    corners = torch.cat([center - sides / 2, center + sides / 2], dim=2) * stride
    limit = torch.tensor([width, height, width, height], device=corners.device, dtype=corners.dtype)
    corners = torch.minimum(corners.clamp(min=0), limit)
    is_box = (scores >= LEAST) & ((corners[..., 2:] - corners[..., :2]).amin(dim=2) > 0)
    return suppress(corners, torch.where(is_box, scores, 0.0), torch.where(is_box, labels, -1))


def suppress(
    corners: torch.Tensor, scores: torch.Tensor, labels: torch.Tensor, overlap: float = OVERLAP
) -> Found:
    """(N, K, 4), (N, K), (N, K), the surest first → without boxes that overlap a surer one of their class."""
    shared = overlaps(corners, corners)  # (N, K, K)
    is_same = (labels[:, :, None] == labels[:, None]) & (labels >= 0)[:, None]
    is_there = labels >= 0
    for place in range(labels.shape[1]):
        covers = is_there[:, place, None] & is_same[:, place] & (shared[:, place] > overlap)
        covers[:, : place + 1] = False
        is_there = is_there & ~covers
    return only(is_there, corners, scores, labels)


def without_rivals(found: Found, sure: float, overlap: float = RIVAL) -> Found:
    """Without boxes that overlap one of another class that is surer than they, and at least `sure`."""
    shared = overlaps(found.corners, found.corners)  # (N, K, K)
    is_other = found.labels[:, :, None] != found.labels[:, None]
    wins = (found.labels >= 0) & (found.scores >= sure)
    is_there = found.labels >= 0
    for place in range(found.labels.shape[1]):
        covers = (is_there & wins)[:, place, None] & is_other[:, place] & (shared[:, place] > overlap)
        covers[:, : place + 1] = False
        is_there = is_there & ~covers
    return only(is_there, found.corners, found.scores, found.labels)


def only(is_there: torch.Tensor, corners: torch.Tensor, scores: torch.Tensor, labels: torch.Tensor) -> Found:
    """These boxes, the surest first."""
    scores = torch.where(is_there, scores, 0.0)
    order = torch.argsort(scores, dim=1, descending=True, stable=True)
    return Found(
        torch.where(is_there[..., None], corners, 0.0).gather(1, order[..., None].expand(-1, -1, 4)),
        scores.gather(1, order),
        torch.where(is_there, labels, -1).gather(1, order),
    )


def overlaps(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """(…, K, 4) and (…, M, 4) → (…, K, M) shared area divided by the area of both together."""
    one, two = first[..., :, None, :], second[..., None, :, :]
    sides = (torch.minimum(one[..., 2:], two[..., 2:]) - torch.maximum(one[..., :2], two[..., :2])).clamp(
        min=0
    )
    shared = sides.prod(dim=-1)
    areas = ((box[..., 2:] - box[..., :2]).clamp(min=0).prod(dim=-1) for box in (one, two))
    return shared / (sum(areas) - shared).clamp(min=1e-9)


def find_boxes(network: nn.Module, pictures: torch.Tensor, *, both_ways: bool = False) -> Found:
    """(N, channels, H, W) in [0, 1] → boxes. Args: both_ways: also looks at the mirrored pictures."""
    from selfsup_core.models.modules.detector import STRIDE

    size = (int(pictures.shape[2]), int(pictures.shape[3]))
    with looking_at(network):
        mirrored = network(pictures.flip(3)) if both_ways and size[1] % STRIDE == 0 else None
        return decode(network(pictures), stride=STRIDE, size=size, mirrored=mirrored)
