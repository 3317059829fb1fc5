"""Losses of reconstruction against independent float64 formulas of the sigmoid output."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup_core.models import MODELS
from selfsup_core.models.modules.autoencoder import glorot_init
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.objectives.losses import binary_cross_entropy, mean_squared_error
from selfsup_core.objectives.reconstruction import ReconstructionConfig
from selfsup_core.runs.recipes import preset_spec


def numpy_bce(logits: np.ndarray, x: np.ndarray) -> float:
    """−[x log x̂ + (1 − x) log(1 − x̂)] with log x̂ = −log(1 + e⁻ᶻ), log(1 − x̂) = −log(1 + eᶻ)."""
    z, x = logits.astype(np.float64), x.astype(np.float64)
    return float(np.mean(x * np.logaddexp(0, -z) + (1 - x) * np.logaddexp(0, z)))


def numpy_bce_of_sigmoid(logits: np.ndarray, x: np.ndarray) -> float:
    output = 1 / (1 + np.exp(-logits.astype(np.float64)))
    x = x.astype(np.float64)
    return float(-np.mean(x * np.log(output) + (1 - x) * np.log(1 - output)))


def test_bce_of_the_preset_is_that_of_its_sigmoid_output():
    spec = preset_spec("dense-64-32-16")
    model = MODELS["dense"].build(spec.model, (28, 28))
    generator = torch.Generator().manual_seed(0)
    glorot_init(model, generator)
    objective = OBJECTIVES["reconstruction"](spec.objective)
    x = torch.rand(64, 784, generator=generator)
    terms = objective.step(model, x, generator)
    assert set(terms) == {"loss"}
    shown = model.decode(model.encode(x)).detach().numpy().astype(np.float64)
    expected = -np.mean(x.numpy() * np.log(shown) + (1 - x.numpy()) * np.log(1 - shown))
    assert float(terms["loss"]) == pytest.approx(expected, rel=1e-6)
    assert float(terms["loss"]) == pytest.approx(numpy_bce(model(x).detach().numpy(), x.numpy()), rel=1e-6)


numbers = st.lists(
    st.tuples(st.floats(-30, 30, width=32), st.floats(0, 1, width=32)), min_size=1, max_size=20
)


@settings(deadline=None)
@given(numbers)
def test_bce_equals_the_plain_formula(pairs):
    z, x = (np.array(column, np.float32) for column in zip(*pairs, strict=True))
    found = float(binary_cross_entropy(torch.from_numpy(z)[None], torch.from_numpy(x)[None]))
    assert found == pytest.approx(numpy_bce(z, x), rel=1e-5, abs=4e-6)
    assert found == pytest.approx(numpy_bce_of_sigmoid(z, x), rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("z", [-1e4, -200.0, -90.0, 90.0, 200.0, 1e4])
@pytest.mark.parametrize("x", [0.0, 0.25, 1.0])
def test_bce_of_extreme_logits_is_finite_and_right_and_still_teaches(z, x):
    logits = torch.tensor([[z]], requires_grad=True)
    loss = binary_cross_entropy(logits, torch.tensor([[x]]))
    loss.backward()
    assert float(loss.detach()) == pytest.approx(numpy_bce(np.array([z]), np.array([x])), rel=1e-6)
    # dBCE/dz = x̂ − x
    assert float(logits.grad) == pytest.approx((1.0 if z > 0 else 0.0) - x, abs=1e-6)


@settings(deadline=None)
@given(numbers)
def test_mse_equals_the_plain_formula(pairs):
    z, x = (np.array(column, np.float32) for column in zip(*pairs, strict=True))
    expected = np.mean((x.astype(np.float64) - 1 / (1 + np.exp(-z.astype(np.float64)))) ** 2)
    found = float(mean_squared_error(torch.from_numpy(z)[None], torch.from_numpy(x)[None]))
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-9)


def test_half_precision_logits_are_counted_in_float32():
    z = torch.tensor([[8.0, -3.0, 0.5]])
    x = torch.tensor([[1.0, 0.0, 0.5]])
    assert binary_cross_entropy(z.bfloat16(), x) == binary_cross_entropy(z, x)
    assert mean_squared_error(z.bfloat16(), x).dtype == torch.float32


@pytest.mark.parametrize("loss", ["bce", "mse"])
def test_every_loss_falls_in_a_few_steps(loss):
    torch_generator = torch.Generator().manual_seed(0)
    model = MODELS["dense"].build(preset_spec("dense-64-32-16").model, (8, 8))
    glorot_init(model, torch_generator)
    objective = OBJECTIVES["reconstruction"](ReconstructionConfig(loss=loss))
    x = (torch.rand(64, 64, generator=torch_generator) > 0.8).float()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    first = None
    for _ in range(40):
        optimizer.zero_grad()
        value = objective.step(model, x, torch_generator)["loss"]
        value.backward()
        optimizer.step()
        first = first if first is not None else float(value.detach())
    assert float(value.detach()) < 0.8 * first
