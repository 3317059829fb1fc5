"""The dense autoencoder, layer by layer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from selfsup_core.models import MODELS
from selfsup_core.models.dense import DenseConfig
from selfsup_core.models.modules.autoencoder import glorot_init
from selfsup_core.runs.recipes import preset_spec

NETWORK = MODELS["dense"]


@pytest.fixture
def preset() -> nn.Module:
    return NETWORK.build(preset_spec("dense-64-32-16").model, (28, 28))


def layers(part: nn.Module) -> list:
    return [
        (layer.in_features, layer.out_features) if isinstance(layer, nn.Linear) else type(layer)
        for layer in part
    ]


def test_preset_is_784_64_32_16_32_64_784(preset):
    assert layers(preset.encoder) == [(784, 64), nn.ReLU, (64, 32), nn.ReLU]
    assert layers(preset.head) == [(32, 16), nn.ReLU]
    assert layers(preset.decoder) == [(16, 32), nn.ReLU, (32, 64), nn.ReLU, (64, 784)]


def test_preset_parameters_are_counted_right(preset):
    # 784·64+64 + 64·32+32 + 32·16+16 + 16·32+32 + 32·64+64 + 64·784+784
    expected = 50_240 + 2_080 + 528 + 544 + 2_112 + 50_960
    assert sum(p.numel() for p in preset.parameters()) == expected == 106_464
    assert NETWORK.parameters(preset_spec("dense-64-32-16").model, (28, 28)) == expected


def test_preset_trains_with_adam_1e_3_and_bce():
    spec = preset_spec("dense-64-32-16")
    assert (spec.train.learning_rate, spec.objective.loss, spec.data.source) == (
        1e-3,
        "bce",
        "mnist-5k",
    )


def test_forward_is_an_independent_float64_product(preset):
    generator = torch.Generator().manual_seed(3)
    glorot_init(preset, generator)
    x = torch.rand(5, 784, generator=generator)
    h = x.double().numpy()
    linear = [layer for layer in preset.modules() if isinstance(layer, nn.Linear)]
    for index, layer in enumerate(linear):
        h = h @ layer.weight.detach().double().numpy().T + layer.bias.detach().double().numpy()
        if index < len(linear) - 1:
            h = np.maximum(h, 0)
    logits = preset(x).detach().numpy()
    assert np.allclose(logits, h, atol=1e-5)
    assert logits.min() < 0  # logits, not values
    assert np.allclose(preset.decode(preset.encode(x)).detach().numpy(), 1 / (1 + np.exp(-h)), atol=1e-6)


@pytest.mark.parametrize(
    ("activation", "code", "expected"),
    [
        ("tanh", "linear", ([nn.Tanh], [], [nn.Tanh])),
        ("gelu", "relu", ([nn.GELU], [nn.ReLU], [nn.GELU])),
    ],
)
def test_activations_stand_where_they_should(activation, code, expected):
    config = DenseConfig(widths=(8, 2), activation=activation, code_activation=code)
    model = NETWORK.build(config, (13,))
    found = [
        [type(m) for m in part if not isinstance(m, nn.Linear)]
        for part in (model.encoder, model.head, model.decoder)
    ]
    assert found == list(expected)


@pytest.mark.parametrize("widths", [(1,), (7,), (9, 4, 5), (3, 3, 3, 2)])
def test_shapes_and_counts_hold_for_any_widths(widths):
    config = DenseConfig(widths=widths)
    model = NETWORK.build(config, (2, 3, 3))
    sizes = NETWORK.shapes(config, (2, 3, 3))
    assert sizes == sizes[::-1]
    assert model.encode(torch.rand(4, 18)).shape == (4, NETWORK.code_size(config))
    assert model(torch.rand(4, 18)).shape == (4, 18)
    assert sum(p.numel() for p in model.parameters()) == NETWORK.parameters(config, (2, 3, 3))


def test_first_weights_are_glorot_uniform_and_decided_by_the_seed(preset):
    def weights(seed: int) -> torch.Tensor:
        glorot_init(preset, torch.Generator().manual_seed(seed))
        return preset.encoder[0].weight.detach().clone()

    first = weights(0)
    limit = (6 / (784 + 64)) ** 0.5
    assert limit * 0.99 < first.abs().max() <= limit
    assert abs(float(first.std()) - limit / 3**0.5) < limit * 0.01
    assert all((m.bias == 0).all() for m in preset.modules() if isinstance(m, nn.Linear))
    assert torch.equal(first, weights(0))
    assert not torch.equal(first, weights(1))
