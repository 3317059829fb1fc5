"""What is said of the layers is what they are."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from selfsup_core.inspection.layers import activations, describe_layers
from tests.objectives.helpers import make

CASES = [
    ({"kind": "dense"}, {"kind": "reconstruction"}),
    ({"kind": "dense"}, {"kind": "variational"}),
    ({"kind": "dense"}, {"kind": "vector-quantized", "dimension": 2}),
    ({"kind": "convolutional", "residual": True, "channels": (3, 4)}, {"kind": "reconstruction"}),
]


@pytest.mark.parametrize(("model", "objective"), CASES)
def test_weights_add_up_and_shapes_are_those_of_the_activations(model, objective):
    _, network = make(objective, model)
    layers = describe_layers(network, (6, 6))
    assert sum(layer.parameters for layer in layers) == sum(p.numel() for p in network.parameters())
    assert sum(layer.share for layer in layers) == pytest.approx(1)
    made = activations(network, torch.rand(1, 36))
    assert [layer.shape for layer in layers] == [values.shape for values in made]


def test_multiply_adds_of_a_dense_network_are_its_weights():
    _, network = make({"kind": "reconstruction"})
    layers = describe_layers(network, (6, 6))
    assert [layer.macs for layer in layers] == [36 * 10, 10 * 4, 4 * 10, 10 * 36]
    assert [layer.name for layer in layers] == ["Encoder 1", "Code", "Decoder 1", "Decoder 2"]
    assert layers[0].kind == "dense 36 → 10, ReLU"


def test_activations_are_taken_after_the_activation_function():
    _, network = make({"kind": "reconstruction"})
    x = torch.rand(1, 36)
    first = activations(network, x)[0]
    assert first.min() >= 0
    assert np.allclose(first, network.encoder(x)[0].detach().numpy())


def test_a_convolutions_cost_is_weights_times_places():
    model = {"kind": "convolutional", "channels": (2,), "code": 3}
    _, network = make({"kind": "reconstruction"}, model)
    first, last = describe_layers(network, (6, 6))[0], describe_layers(network, (6, 6))[-1]
    assert first.macs == 9 * 2 * 9  # 3 × 3 kernels, 2 of them, on 3 × 3 places
    assert last.macs == 9 * 2 * 9
