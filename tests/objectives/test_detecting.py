"""Losses of detection: what maps shall be, what is left out, and that perfect maps give the boxes back."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from selfsup_core.augment.boxes import Scene
from selfsup_core.evaluate.detecting import decode
from selfsup_core.models import MODELS
from selfsup_core.models.detector import DetectorConfig
from selfsup_core.models.modules.detector import Maps
from selfsup_core.objectives.detecting import (
    SPREAD,
    Detecting,
    DetectingConfig,
    Targets,
    centers_of,
    detection_losses,
    draw_targets,
    follow,
    heat_loss,
)


def scene(*boxes, sure=None, confidence=1.0):
    """A picture of 32 × 32 pixels with boxes (class, left, top, right, bottom)."""
    labels = torch.tensor([[box[0] for box in boxes]])
    corners = torch.tensor([[box[1:] for box in boxes]], dtype=torch.float32)
    is_sure = labels >= 0 if sure is None else torch.tensor([sure])
    height = torch.full(labels.shape, confidence)
    return Scene(torch.rand(1, 32, 32, 3), corners, labels, is_sure, height, labels >= 0)


TWO = scene((0, 2, 4, 14, 12), (1, 16, 8, 30, 28), (-1, 0, 0, 0, 0))


BOXES = (0, 2, 4, 14, 12), (1, 16, 8, 30, 28)


def test_a_spot_is_one_at_its_center_and_falls_off():
    heat, is_unsure, counts = draw_targets(TWO, 2, (8, 8))
    assert counts.all()
    assert not is_unsure.any()
    assert (heat == 1).nonzero().tolist() == [[0, 0, 2, 2], [0, 1, 4, 5]]
    sigma = 14 / 4 / SPREAD
    assert heat[0, 1, 4, 6] == pytest.approx(math.exp(-0.5 / sigma**2))


def test_a_cut_off_box_is_neither_object_nor_ground():
    heat, is_unsure, counts = draw_targets(scene(*BOXES, sure=[True, False], confidence=0.0), 2, (8, 8))
    assert (heat[0, 1] == 0).all()
    assert not is_unsure.any()
    assert not counts[0, 1, 4, 5]
    assert counts[0, 0].all()
    both = draw_targets(scene(BOXES[0], BOXES[0], sure=[True, False], confidence=0.0), 1, (8, 8))
    assert both.counts[0, 0, 2, 2], "where a sure box has its center, it counts"


def test_an_unsure_box_is_as_high_as_its_teacher_is_sure():
    target = draw_targets(scene(*BOXES, sure=[True, False], confidence=0.4), 2, (8, 8))
    assert target.counts.all()
    assert target.heat[0, 1, 4, 5] == target.heat[0, 1].max() == pytest.approx(0.4)
    assert target.is_unsure[0, 1, 4, 5]
    assert not target.is_unsure[0, 0].any()
    assert torch.equal(target.heat[0, 0], draw_targets(TWO, 2, (8, 8)).heat[0, 0])
    logits = torch.full((1, 2, 8, 8), -9.0)
    losses = []
    for p in (0.1, 0.3, 0.4, 0.5, 0.9):
        logits[0, 1, 4, 5] = math.log(p / (1 - p))
        losses.append(float(heat_loss(logits, target)))
    assert losses[2] == min(losses)
    assert losses[0] > losses[1]
    assert losses[4] > losses[3]


def test_the_focal_loss_is_the_sum_over_cells():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(1, 2, 8, 8, generator=generator)
    target = draw_targets(
        scene(*BOXES, (1, 0, 20, 8, 30), sure=[True, True, False], confidence=0.3), 2, (8, 8)
    )
    slow = 0.0
    cells = (torch.sigmoid(logits), target.heat, target.is_unsure)
    for p, t, is_unsure in zip(*(values.flatten().tolist() for values in cells), strict=True):
        if is_unsure:
            slow += (t - p) ** 2 * (t * math.log(p) + (1 - t) * math.log(1 - p))
        elif t == 1:
            slow += (1 - p) ** 2 * math.log(p)
        else:
            slow += (1 - t) ** 4 * p**2 * math.log(1 - p)
    assert heat_loss(logits, target) == pytest.approx(-slow / 2, rel=1e-4)
    assert torch.isfinite(heat_loss(torch.full_like(logits, 200.0), target))
    nothing = Targets(*(torch.zeros_like(part) for part in target))
    assert heat_loss(logits, nothing) == 0


def test_maps_that_are_right_give_the_boxes_back_and_cost_nothing():
    target = draw_targets(TWO, 2, (8, 8)).heat
    cells, sides = centers_of(TWO.corners)
    offset, size = torch.zeros(1, 2, 8, 8), torch.zeros(1, 2, 8, 8)
    for place in range(2):
        x, y = (int(value) for value in cells[0, place])
        offset[0, :, y, x] = cells[0, place] - cells[0, place].floor()
        size[0, :, y, x] = sides[0, place].log()
    maps = Maps(torch.where(target == 1, 12.0, -12.0), offset, size, target)
    found = decode(maps, stride=4, size=(32, 32))
    assert {tuple(box) for box in found.corners[0, :2].round().int().tolist()} == {
        (2, 4, 14, 12),
        (16, 8, 30, 28),
    }
    assert all(float(loss) < 1e-3 for loss in detection_losses(maps, TWO))


def test_learning_lowers_the_loss_and_the_teacher_follows():
    torch.manual_seed(0)
    network = MODELS["detector"].build(DetectorConfig(width=4, blocks=0), (32, 32, 3, 2))
    teacher = MODELS["detector"].build(DetectorConfig(width=4, blocks=0), (32, 32, 3, 2))
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    objective = Detecting(DetectingConfig(views="weak"))
    optimizer = torch.optim.Adam(network.parameters(), 0.01)
    generator = torch.Generator().manual_seed(0)
    losses = []
    for _ in range(30):
        terms = objective.learn(network, TWO, generator)
        optimizer.zero_grad()
        terms["loss"].backward()
        optimizer.step()
        losses.append(float(terms["loss"].detach()))
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])
    follow(teacher, network, 0.75)
    for name, value in teacher.state_dict().items():
        if value.is_floating_point():
            assert torch.allclose(value, 0.75 * before[name] + 0.25 * network.state_dict()[name], atol=1e-6)


def test_of_proposed_boxes_the_borders_are_not_learned_from():
    proposed = replace(TWO, is_given=torch.zeros_like(TWO.is_sure))
    maps = Maps(*(torch.zeros(1, 2, 8, 8) for _ in range(4)))
    heat, offset, size = detection_losses(maps, proposed)
    assert heat == detection_losses(maps, TWO)[0]
    assert offset == size == 0
    assert detection_losses(maps, TWO)[2] > 0


def test_a_picture_without_a_box_is_all_ground():
    maps = MODELS["detector"].build(DetectorConfig(width=4, blocks=0), (32, 32, 3, 2))(
        torch.rand(1, 3, 32, 32)
    )
    empty = scene((-1, 0, 0, 0, 0))
    heat, offset, size = detection_losses(maps, empty)
    assert heat > 0
    assert offset == size == 0
