"""The closed form against autograd's Jacobian, and against Rifai's formula for one layer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from selfsup_core.errors import SettingError
from selfsup_core.objectives.contractive import encode_with_jacobian
from selfsup_core.runs.spec import make_spec
from tests.objectives.helpers import batch, make, seeded


@pytest.mark.parametrize("activation", ["relu", "gelu", "tanh", "sigmoid"])
@pytest.mark.parametrize("code", ["linear", "relu", "sigmoid", "tanh"])
@pytest.mark.parametrize("widths", [(5,), (9, 4), (8, 7, 3)])
def test_the_norm_is_that_of_autograds_jacobian(activation, code, widths):
    _, model = make(
        {"kind": "contractive"}, {"widths": widths, "activation": activation, "code_activation": code}
    )
    model = model.double()
    x = batch(4).double()
    h, norms = encode_with_jacobian([*model.encoder, *model.head], x)
    assert torch.allclose(h, model.encode(x))
    for row, norm in zip(x, norms, strict=True):
        jacobian = torch.func.jacrev(lambda v: model.encode(v[None])[0])(row)  # (K, D)
        assert float(norm.detach()) == pytest.approx(float(jacobian.detach().square().sum()), rel=1e-9)


def test_one_layer_is_rifais_formula():
    _, model = make({"kind": "contractive"}, {"widths": (5,), "code_activation": "sigmoid"})
    x = batch(6)
    h, norms = encode_with_jacobian([*model.encoder, *model.head], x)
    h, weight = h.detach().numpy(), model.head[0].weight.detach().numpy()
    expected = ((h * (1 - h)) ** 2 * (weight**2).sum(axis=1)).sum(axis=1)
    assert np.allclose(norms.detach().numpy(), expected, rtol=1e-5)


def test_the_penalty_has_a_gradient_and_makes_the_code_stiff():
    norms = []
    for weight in (0.0, 1.0):
        objective, model = make({"kind": "contractive", "weight": weight}, {"activation": "tanh"})
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        for _ in range(80):
            optimizer.zero_grad()
            terms = objective.step(model, batch(32), seeded())
            terms["loss"].backward()
            optimizer.step()
        norms.append(float(terms["contraction"].detach()))
        total = terms["reconstruction"] + weight * terms["contraction"]
        assert float(terms["loss"].detach()) == pytest.approx(float(total.detach()), rel=1e-6)
    assert norms[1] < 0.3 * norms[0]


def test_other_networks_are_refused_in_words():
    with pytest.raises(SettingError, match=r"Use the network dense"):
        make_spec({"model": {"kind": "convolutional"}, "objective": {"kind": "contractive"}})
