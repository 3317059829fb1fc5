"""The U-Net: as many weights as it says, images of any size, and what it is told reaches its answer."""

from __future__ import annotations

import pytest
import torch

from selfsup_core.errors import SettingError
from selfsup_core.models import MODELS
from selfsup_core.models.modules.unet import time_sines
from selfsup_core.models.unet import UNetConfig, build


@pytest.mark.parametrize(
    ("shape", "settings"),
    [
        ((28, 28, 10), {}),
        ((8, 8, 3, 2), {"channels": (4, 6, 8), "patch": 1}),
        ((9, 7, 0), {"channels": (5, 3), "patch": 2, "attention": False}),
        ((5, 4, 3, 9), {"channels": (8,), "patch": 3}),
    ],
)
def test_it_has_as_many_weights_as_it_says_and_keeps_the_size(shape, settings):
    network, config = MODELS["unet"], UNetConfig(**settings)
    model = build(config, shape)
    width = network.shapes(config, shape)[0]
    assert sum(p.numel() for p in model.parameters()) == network.parameters(config, shape)
    x = torch.randn(3, width)
    assert model(x, torch.rand(3), torch.tensor([0, shape[-1], 0])).shape == (3, width)
    assert network.task == "generate"
    torch.testing.assert_close(model.from_maps(model.to_maps(x)), x)


def test_time_and_class_change_the_answer_and_a_row_does_not_depend_on_the_others():
    torch.manual_seed(0)
    model = build(UNetConfig(channels=(8, 8)), (8, 8, 2)).eval()
    x = torch.randn(1, 64).expand(4, 64)
    found = model(x, torch.tensor([0.1, 0.9, 0.1, 0.1]), torch.tensor([0, 0, 1, 2]))
    for other in (1, 2, 3):
        assert (found[0] - found[other]).abs().max() > 1e-4
    alone = model(x[:1], torch.tensor([0.1]), torch.tensor([0]))
    torch.testing.assert_close(alone[0], found[0])


def test_before_training_it_answers_nothing():
    model = build(UNetConfig(channels=(8, 8)), (8, 8, 2))
    model.reset(torch.Generator().manual_seed(0))
    with torch.no_grad():
        model.out.bias.zero_()
    assert (model(torch.randn(2, 64), torch.rand(2), torch.tensor([0, 1])) == 0).all()


def test_close_times_look_alike_and_far_ones_differ():
    one, near, far = time_sines(torch.tensor([0.5, 0.501, 0.9]))
    assert (one - near).abs().mean() < 0.3 < (one - far).abs().mean()


def test_what_is_no_image_is_refused():
    with pytest.raises(SettingError, match=r"found samples of shape \(13,\)"):
        build(UNetConfig(), (13, 3))
    with pytest.raises(SettingError, match="at least 4 × 4"):
        build(UNetConfig(), (3, 9, 3))
    with pytest.raises(ValueError, match="at most 1024"):
        UNetConfig(channels=(0,))
