"""Convolutional and patch networks: sizes, counts, and what they may not see."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup_core.errors import SettingError
from selfsup_core.models import MODELS
from selfsup_core.models.modules.autoencoder import glorot_init

CONV, PATCHES = MODELS["convolutional"], MODELS["patches"]


@settings(max_examples=40, deadline=None)
@given(
    st.integers(4, 40),
    st.integers(4, 40),
    st.sampled_from([(), (3,)]),
    st.booleans(),
    st.lists(st.integers(1, 5), min_size=1, max_size=4),
)
def test_any_size_comes_back_as_it_went_in(height, width, color, residual, channels):
    shape = (height, width, *color)
    config = CONV.config(channels=tuple(channels), code=3, residual=residual)
    model = CONV.build(config, shape).eval()
    x = torch.rand(2, int(np.prod(shape)))
    assert model(x).shape == x.shape
    assert model.encode(x).shape == (2, 3)
    assert sum(p.numel() for p in model.parameters()) == CONV.parameters(config, shape)
    sizes = CONV.shapes(config, shape)
    assert sizes[0] == sizes[-1] == x.shape[1]
    assert sizes[len(sizes) // 2] == 3
    assert sizes[len(sizes) // 2 - 1] == model.features


def test_pixels_and_channels_keep_their_places():
    """A kernel that picks the middle pixel of one channel reads just that channel."""
    model = CONV.build(CONV.config(channels=(1,), code=1), (4, 4, 3))
    first = model.encoder[1]
    with torch.no_grad():
        first.weight.zero_()
        first.bias.zero_()
        first.weight[0, 2, 1, 1] = 1.0  # blue
    x = torch.rand(1, 48)
    maps = first(model.encoder[0](x))[0, 0].detach()
    assert torch.allclose(maps, x.reshape(4, 4, 3)[::2, ::2, 2])


def test_glorot_reaches_convolutions_and_blocks():
    model = CONV.build(CONV.config(residual=True), (8, 8))
    glorot_init(model, torch.Generator().manual_seed(0))
    convolutions = [m for m in model.modules() if isinstance(m, torch.nn.Conv2d)]
    assert len(convolutions) == 2 + 2 * 4
    assert all(float(m.bias.detach().abs().max()) == 0 for m in convolutions)


def test_a_sample_is_encoded_alike_in_any_company():
    model = CONV.build(CONV.config(), (9, 9)).eval()
    x = torch.rand(5, 81)
    assert torch.allclose(model.encode(x)[2:3], model.encode(x[2:3]), atol=1e-6)


@pytest.mark.parametrize("shape", [(13,), (3, 9), (1000,)])
def test_what_is_no_image_is_refused_in_words(shape):
    with pytest.raises(SettingError, match=r"model\.kind = dense"):
        CONV.shapes(CONV.config(), shape)


@pytest.mark.parametrize(("shape", "patch"), [((28, 28), 4), ((28, 28), 7), ((8, 12, 3), 4)])
def test_patches_go_apart_and_together_again(shape, patch):
    config = PATCHES.config(patch=patch, size=16, depth=1)
    model = PATCHES.build(config, shape)
    x = torch.rand(3, int(np.prod(shape)))
    parts = model.patches(x)
    assert parts.shape[1] == model.tokens
    assert torch.equal(model.unpatch(parts), x)
    image = x.reshape(3, *shape)
    corner = image[:, :patch, patch : 2 * patch].reshape(3, -1)
    assert torch.equal(parts[:, 1], corner), "patches go row by row"
    assert sum(p.numel() for p in model.parameters()) == PATCHES.parameters(config, shape)
    assert model(x).shape == x.shape
    assert model.encode(x).shape == (3, 16)


def test_positions_tell_every_patch_apart():
    model = PATCHES.build(PATCHES.config(), (28, 28))
    distances = torch.cdist(model.places, model.places) + 9 * torch.eye(49)
    assert float(distances.min()) > 0.1


def test_a_patch_that_does_not_fit_names_those_that_do():
    with pytest.raises(SettingError, match=r"\(model\.patch\) to 2 or 4 or 7 or 14"):
        PATCHES.shapes(PATCHES.config(patch=5), (28, 28))
    with pytest.raises(SettingError, match="single patch"):
        PATCHES.shapes(PATCHES.config(patch=4), (4, 4))
