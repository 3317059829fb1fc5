"""Encoders of images for learning from views: sizes, counts of the papers, gradients, odd shapes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from selfsup_core.errors import SettingError
from selfsup_core.models import MODELS
from selfsup_core.models.modules.vision import VisionTransformerBody
from selfsup_core.models.vit import patch_of
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.runs.spec import make_spec
from tests.objectives.helpers import seeded
from tests.objectives.view_helpers import noisy

SMALL = {"resnet18": {"width": 3}, "vit": {"size": 12, "depth": 2, "heads": 3}}
SHAPES = [(8, 8), (8, 8, 3), (28, 28), (30, 17, 3), (40, 51), (64, 64, 3), (128, 128, 3)]


def made(kind: str, shape: tuple[int, ...], **settings: int) -> tuple:
    network = MODELS[kind]
    config = network.config(**(SMALL[kind] | settings))
    return network, config, network.build(config, shape)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", SMALL)
def test_images_of_any_size_get_a_code(kind, shape):
    network, config, model = made(kind, shape)
    x = torch.rand(2, int(np.prod(shape)), generator=seeded())
    code = model.encode(x)
    assert code.shape == (2, network.code_size(config))
    assert sum(p.numel() for p in model.parameters()) == network.parameters(config, shape)
    sizes = network.shapes(config, shape)
    assert (sizes[0], sizes[-1]) == (x.shape[1], code.shape[1])
    (code**2).sum().backward()
    # The key's bias shifts all attention scores of a query alike, so only its gradient may be 0.
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


def test_resnet18_has_the_weights_of_the_paper():
    """11,173,962 for 10 classes with a 3 × 3 stem, as everybody counts it on CIFAR-10."""
    network = MODELS["resnet18"]
    model = network.build(network.config(), (32, 32, 3))
    head = nn.Linear(model.code_size, 10)
    assert sum(p.numel() for part in (model, head) for p in part.parameters()) == 11_173_962


def test_resnet18_halves_the_picture_three_times():
    _, _, model = made("resnet18", (32, 32, 3))
    seen = []
    for block in model.body.blocks:
        block.register_forward_hook(lambda block, given, out: seen.append(tuple(out.shape[1:])))
    model.encode(torch.rand(1, 32 * 32 * 3))
    assert seen == [(3, 32, 32)] * 2 + [(6, 16, 16)] * 2 + [(12, 8, 8)] * 2 + [(24, 4, 4)] * 2


def test_vit_tiny_has_the_weights_of_the_paper():
    """5,524,416 up to the last norm, for images of 224 and patches of 16, without class token, learned
    positions and classifier (5.72 million with them).
    """
    network = MODELS["vit"]
    config = network.config(patch=16, size=192, depth=12, heads=3)
    with_all = network.parameters(config, (224, 224, 3)) + 192 + 197 * 192 + 193 * 1000
    assert with_all == 5_717_416


@pytest.mark.parametrize(
    ("shape", "patch"),
    [((8, 8), 2), ((28, 28), 4), ((32, 32, 3), 4), ((64, 64, 3), 8), ((40, 51), 7), ((128, 96), 16)],
)
def test_the_patch_follows_the_size_of_the_image(shape, patch):
    config = MODELS["vit"].config()
    assert patch_of(config, shape) == patch
    assert patch_of(MODELS["vit"].config(patch=5), shape) == 5


def test_patches_are_read_row_by_row_and_filled_up():
    body = VisionTransformerBody((3, 5), patch=2, size=8, depth=1, heads=2)
    x = torch.arange(15.0)[None]
    patches = body.patches(x)[0]
    assert body.grid == (2, 3)
    assert patches[0].tolist() == [0, 1, 5, 6]
    assert patches[2].tolist() == [4, 0, 9, 0]
    assert patches[5].tolist() == [14, 0, 0, 0]
    shown = torch.tensor([[1, 0, 0, 0, 0, 1]])
    assert body.spread(shown).reshape(3, 5).tolist() == [[1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [0, 0, 0, 0, 1]]


def test_only_kept_patches_are_seen():
    _, _, model = made("vit", (8, 8))
    x = torch.rand(3, 64, generator=seeded())
    keep = torch.tensor([[0, 5, 6]]).expand(3, -1)
    shown = torch.zeros(3, 16).scatter(1, keep, 1.0)
    other = torch.where(model.body.spread(shown).bool(), x, torch.rand(3, 64, generator=seeded(1)))
    torch.testing.assert_close(model.body.see(x, keep), model.body.see(other, keep))
    assert not torch.allclose(model.body.see(x), model.body.see(other))
    everything = torch.arange(16).expand(3, -1)
    torch.testing.assert_close(model.body.see(x, everything), model.body.see(x))


@pytest.mark.parametrize("kind", SMALL)
def test_what_is_no_image_is_refused(kind):
    with pytest.raises(SettingError, match=r"needs images .* found samples of shape \(13,\)"):
        made(kind, (13,))


def test_a_size_that_heads_do_not_divide_is_refused():
    with pytest.raises(SettingError, match="multiple of 4 and of heads = 3"):
        make_spec({"model": {"kind": "vit", "size": 64}, "objective": {"kind": "simclr"}})


@pytest.mark.parametrize("kind", SMALL)
@pytest.mark.parametrize("objective", ["simclr", "byol", "rotation"])
def test_objectives_lower_their_loss(objective, kind):
    _, _, model = made(kind, (8, 8))
    learned = OBJECTIVES[objective](OBJECTIVES[objective].Config(projector=(16, 8)))
    learned.equip(model)
    learned.make_views = noisy
    learned.begin(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    x, losses = torch.rand(24, 64, generator=seeded()), []
    for _ in range(25):
        optimizer.zero_grad()
        loss = learned.step(model, x, seeded())["loss"]
        loss.backward()
        optimizer.step()
        learned.settle(model)
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.95 * losses[0]
