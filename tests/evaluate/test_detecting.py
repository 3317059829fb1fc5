"""From maps to boxes, against slow references."""

from __future__ import annotations

import pytest
import torch

from selfsup_core.evaluate.average_precision import overlaps as slow_overlaps
from selfsup_core.evaluate.detecting import (
    Found,
    decode,
    find_boxes,
    find_peaks,
    overlaps,
    suppress,
    without_rivals,
)
from selfsup_core.models import MODELS
from selfsup_core.models.detector import DetectorConfig
from selfsup_core.models.modules.detector import Maps


def test_peaks_are_cells_that_no_neighbor_is_hotter_than():
    heat = torch.rand(3, 2, 7, 9, generator=torch.Generator().manual_seed(0))
    values, labels, cells = find_peaks(heat, 12)
    for row in range(3):
        slow = []
        for kind in range(2):
            for y in range(7):
                for x in range(9):
                    near = heat[row, kind, max(0, y - 1) : y + 2, max(0, x - 1) : x + 2]
                    if heat[row, kind, y, x] == near.max():
                        slow.append((float(heat[row, kind, y, x]), kind, 9 * y + x))
        slow.sort(reverse=True)
        found = list(zip(values[row].tolist(), labels[row].tolist(), cells[row].tolist(), strict=True))
        assert found == slow[:12]


def test_overlaps_are_those_of_the_other_implementation():
    corners = torch.rand(2, 6, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 10
    corners[..., 2:] += corners[..., :2]
    for one in corners:
        assert overlaps(one, one).numpy() == pytest.approx(slow_overlaps(one.numpy(), one.numpy()))


@pytest.mark.parametrize("seed", range(5))
def test_of_boxes_that_overlap_the_surest_is_left(seed):
    generator = torch.Generator().manual_seed(seed)
    corners = torch.rand(1, 14, 4, generator=generator) * 6
    corners[..., 2:] += corners[..., :2] + 6
    scores = torch.rand(1, 14, generator=generator).sort(descending=True).values
    labels = torch.randint(-1, 2, (1, 14), generator=generator)
    found = suppress(corners, torch.where(labels >= 0, scores, 0.0), labels, overlap=0.5)
    kept: list[int] = []
    shared = overlaps(corners[0], corners[0])
    for place in range(14):
        covers = any(labels[0, other] == labels[0, place] and shared[other, place] > 0.5 for other in kept)
        if labels[0, place] >= 0 and not covers:
            kept.append(place)
    count = len(kept)
    assert torch.equal(found.corners[0, :count], corners[0, kept])
    assert torch.equal(found.scores[0, :count], scores[0, kept])
    assert (found.labels[0, count:] == -1).all()
    assert (found.scores[0, count:] == 0).all()


def test_where_one_class_is_sure_the_others_are_not_there():
    here, near, far = [0.0, 0.0, 10.0, 10.0], [1.0, 0.0, 10.0, 10.0], [30.0, 30.0, 40.0, 40.0]
    corners = torch.tensor([[here, far, near, near, far, far]])
    scores = torch.tensor([[0.8, 0.5, 0.7, 0.3, 0.4, 0.0]])
    labels = torch.tensor([[0, 1, 2, 0, 2, -1]])
    found = without_rivals(Found(corners, scores, labels), 0.6)
    # Of the first object the other class goes, also where it is sure too; a second box of its own class is
    # not a rival. Of the other object no class is sure: both stay.
    assert found.scores.tolist() == [pytest.approx([0.8, 0.5, 0.4, 0.3, 0.0, 0.0])]
    assert found.labels.tolist() == [[0, 1, 2, 0, -1, -1]]
    assert torch.equal(found.corners[0, :4], torch.tensor([here, far, far, near]))
    assert (found.corners[0, 4:] == 0).all()
    assert without_rivals(found, 0.9).labels.tolist() == found.labels.tolist(), "nothing is so sure"


def test_a_box_is_where_the_maps_say():
    heat = torch.full((1, 2, 4, 5), -10.0)
    heat[0, 1, 2, 3] = 4.0
    offset, size = torch.zeros(1, 2, 4, 5), torch.zeros(1, 2, 4, 5)
    offset[0, :, 2, 3] = torch.tensor([0.25, 0.5])
    size[0, :, 2, 3] = torch.tensor([2.0, 1.0]).log()
    found = decode(Maps(heat, offset, size, heat), stride=4, size=(16, 20))
    assert found.labels[0, 0] == 1
    assert found.corners[0, 0].tolist() == pytest.approx([9.0, 8.0, 17.0, 12.0])
    assert found.scores[0, 0] == pytest.approx(torch.sigmoid(torch.tensor(4.0)).item())
    assert (found.labels[0, 1:] == -1).all()


@pytest.mark.parametrize("shape", [(64, 64, 3), (30, 41, 1)])
def test_a_network_leaves_no_box_outside_and_keeps_its_mode(shape):
    torch.manual_seed(0)
    network = MODELS["detector"].build(DetectorConfig(width=4), (*shape, 5))
    found = find_boxes(network, torch.rand(3, shape[2], *shape[:2]), both_ways=True)
    assert network.training
    limit = torch.tensor([shape[1], shape[0], shape[1], shape[0]])
    assert (found.corners >= 0).all()
    assert (found.corners <= limit).all()


def test_the_number_of_weights_is_that_of_the_network():
    for config in (DetectorConfig(), DetectorConfig(width=8, blocks=2), DetectorConfig(width=5, blocks=0)):
        network = MODELS["detector"].build(config, (64, 64, 3, 5))
        assert MODELS["detector"].parameters(config, (64, 64, 3)) == sum(
            p.numel() for p in network.parameters()
        )
