"""Encoders for learning from views: sizes and counts hold for any shape, and odd shapes are refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup_core.errors import RunError, SettingError
from selfsup_core.models import MODELS
from selfsup_core.models.modules.encoder import make_head

RESIDUAL, DENSE = MODELS["residual"], MODELS["perceptron"]


@settings(max_examples=25, deadline=None)
@given(
    st.integers(4, 40),
    st.integers(4, 40),
    st.sampled_from([(), (1,), (3,)]),
    st.lists(st.integers(1, 5), min_size=2, max_size=6),
)
def test_images_of_any_size_get_a_code(height, width, color, channels):
    shape = (height, width, *color)
    config = RESIDUAL.config(channels=tuple(channels))
    model = RESIDUAL.build(config, shape)
    x = torch.rand(2, int(np.prod(shape)))
    assert model.encode(x).shape == (2, channels[-1])
    assert RESIDUAL.code_size(config) == model.code_size == channels[-1]
    assert sum(p.numel() for p in model.parameters()) == RESIDUAL.parameters(config, shape)
    assert RESIDUAL.shapes(config, shape) == [x.shape[1], *channels]


def test_rows_get_a_code():
    config = DENSE.config(widths=(7, 3), dropout=0.5)
    model = DENSE.build(config, (5,))
    assert model.encode(torch.rand(4, 5)).shape == (4, 3)
    assert sum(p.numel() for p in model.parameters()) == DENSE.parameters(config, (5,))
    assert DENSE.shapes(config, (5,)) == [5, 7, 3]


def test_pixels_and_channels_keep_their_places():
    """A kernel that picks the middle pixel of one channel reads just that channel."""
    model = RESIDUAL.build(RESIDUAL.config(channels=(1, 1)), (4, 4, 3))
    first = model.body.stem[0]
    with torch.no_grad():
        first.weight.zero_()
        first.weight[0, 2, 1, 1] = 1.0  # blue
    seen = []
    first.register_forward_hook(lambda module, given, out: seen.append(out))
    x = torch.rand(2, 48)
    model.encode(x)
    assert torch.allclose(seen[0][:, 0], 2 * x.reshape(2, 4, 4, 3)[..., 2] - 1)


@pytest.mark.parametrize("shape", [(13,), (3, 30), (30, 2, 3)])
def test_what_is_no_image_is_refused(shape):
    with pytest.raises(SettingError, match=r"model.kind = perceptron"):
        RESIDUAL.build(RESIDUAL.config(), shape)


def test_it_cannot_decode():
    model = DENSE.build(DENSE.config(), (5,))
    assert not model.can_decode
    with pytest.raises(RunError, match="no decoder"):
        model.decode(torch.zeros(1, 128))


def test_a_head_ends_as_asked():
    linear, norm = make_head((4, 6, 5)), make_head((4, 6, 5), last="norm")
    z = norm(torch.randn(20, 4))
    assert linear(torch.randn(20, 4)).shape == z.shape == (20, 5)
    torch.testing.assert_close(z.mean(dim=0), torch.zeros(5), atol=1e-5, rtol=0)
    torch.testing.assert_close(z.std(dim=0, correction=0), torch.ones(5), atol=1e-2, rtol=0)
