"""Boxes go where the picture goes: under crops, mirrors and shifts, for many random ones."""

from __future__ import annotations

import pytest
import torch

from selfsup_core.augment.boxes import VIEWS, Scene, cut_off, move_boxes, vary
from selfsup_core.augment.config import ImageAugmentation
from selfsup_core.augment.images import change_images, draw_images
from selfsup_core.errors import SettingError

GEOMETRY = ImageAugmentation(crop=0.6, stretch=0.3, shift=0.2, flip=0.5, color=0.0, grayscale=0.0)


def scenes(count: int, height: int, width: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Black pictures with one white rectangle each, and its corners."""
    generator = torch.Generator().manual_seed(seed)
    pictures, corners = torch.zeros(count, height, width, 1), torch.zeros(count, 1, 4)
    for row in range(count):
        wide, high = (int(torch.randint(6, 20, (1,), generator=generator)) for _ in range(2))
        left = int(torch.randint(1, width - wide, (1,), generator=generator))
        top = int(torch.randint(1, height - high, (1,), generator=generator))
        pictures[row, top : top + high, left : left + wide] = 1
        corners[row, 0] = torch.tensor([left, top, left + wide, top + high])
    return pictures, corners


@pytest.mark.parametrize("size", [(48, 48), (40, 64), (33, 47)])
def test_a_box_holds_what_it_held_before(size):
    height, width = size
    pictures, corners = scenes(200, height, width, seed=height)
    flat = pictures.flatten(1)
    drawn = draw_images(flat, GEOMETRY, torch.Generator().manual_seed(1))
    changed = change_images(flat, GEOMETRY, drawn, (height, width, 1)).view_as(pictures)[..., 0] > 0.5
    moved, share = cut_off(move_boxes(corners, GEOMETRY, drawn, size), size)
    checked = 0
    for row in range(len(pictures)):
        if share[row, 0] < 0.999:  # what is cut off is repeated at the border
            continue
        down, across = changed[row].any(dim=1).nonzero(), changed[row].any(dim=0).nonzero()
        found = torch.tensor([across.min(), down.min(), across.max() + 1, down.max() + 1])
        assert (moved[row, 0] - found).abs().max() <= 1.01, f"picture {row}"
        checked += 1
    assert checked > 60


def all_given(pictures: torch.Tensor, corners: torch.Tensor) -> Scene:
    """With a box each, of one class."""
    is_there = torch.ones(corners.shape[:2], dtype=torch.bool)
    return Scene(pictures, corners, is_there.long() - 1, is_there, is_there.float(), is_there)


def test_a_mirror_alone_is_exact():
    config = ImageAugmentation(crop=0.0, flip=1.0, color=0.0, grayscale=0.0)
    pictures, corners = scenes(5, 32, 40, seed=0)
    scene = all_given(pictures, corners)
    view = vary(scene, config, torch.Generator().manual_seed(0))
    assert torch.equal(view.pictures, pictures.flip(2))
    assert torch.allclose(view.corners[..., 0], 40 - corners[..., 2], atol=1e-4)
    assert torch.allclose(view.corners[..., [1, 3]], corners[..., [1, 3]], atol=1e-4)


def test_boxes_that_leave_the_view_are_neither_learned_from_nor_ground():
    corners = torch.tensor([[[0.0, 0.0, 8.0, 8.0], [12.0, 12.0, 20.0, 20.0], [0.0, 0.0, 0.0, 0.0]]])
    labels = torch.tensor([[0, 1, -1]])
    scene = Scene(torch.zeros(1, 32, 32, 1), corners, labels, labels >= 0, torch.ones(1, 3), labels >= 0)
    found = [vary(scene, GEOMETRY, torch.Generator().manual_seed(seed)) for seed in range(60)]
    assert any(view.labels[0, 0] == -1 for view in found), "one is wholly outside"
    assert any(view.labels[0, 0] == 0 and not view.is_sure[0, 0] for view in found), "of one a piece is left"
    for view in found:
        assert view.labels[0, 2] == -1
        assert not (view.is_sure & (view.labels < 0)).any()
        assert ((view.confidence > 0) == view.is_sure).all()
        assert view.corners.min() >= 0
        assert view.corners.max() <= 32


def test_the_same_generator_gives_the_same_view_and_turns_are_refused():
    pictures, corners = scenes(3, 32, 32, seed=2)
    scene = all_given(pictures, corners)
    one, two = (vary(scene, VIEWS["strong"], torch.Generator().manual_seed(7)) for _ in range(2))
    assert torch.equal(one.pictures, two.pictures)
    assert torch.equal(one.corners, two.corners)
    with pytest.raises(SettingError, match="cannot be turned"):
        vary(scene, ImageAugmentation(rotation=10.0), torch.Generator())
