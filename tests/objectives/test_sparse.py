"""Penalties of the sparse objective against independent formulas."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup_core.errors import SettingError
from selfsup_core.objectives.sparse import kl_to_target
from tests.objectives.helpers import batch, make, seeded


@settings(max_examples=60, deadline=None)
@given(st.floats(0.001, 0.999), st.floats(0.01, 0.5))
def test_kl_is_never_negative_and_zero_at_the_target(mean: float, target: float):
    found = float(kl_to_target(torch.tensor([mean], dtype=torch.float64), target))
    expected = target * np.log(target / mean) + (1 - target) * np.log((1 - target) / (1 - mean))
    assert found == pytest.approx(expected, abs=1e-9)
    assert found >= -1e-12
    assert float(kl_to_target(torch.tensor([target], dtype=torch.float64), target)) == pytest.approx(
        0, abs=1e-12
    )


def test_a_dead_or_full_unit_gives_a_finite_penalty_with_a_gradient_back():
    mean = torch.tensor([0.0, 1.0, 0.5], requires_grad=True)
    assert bool(torch.isfinite(kl_to_target(mean, 0.05)).all())


@pytest.mark.parametrize("penalty", ["l1", "kl"])
def test_the_loss_is_reconstruction_plus_the_weighted_penalty(penalty: str):
    objective, model = make(
        {"kind": "sparse", "penalty": penalty, "weight": 0.3}, {"code_activation": "sigmoid"}
    )
    x = batch()
    terms = {k: float(v.detach()) for k, v in objective.step(model, x, seeded()).items()}
    h = model.encode(x).detach().double().numpy()
    if penalty == "l1":
        expected = np.abs(h).mean()
    else:
        m = h.mean(axis=0)
        expected = (0.05 * np.log(0.05 / m) + 0.95 * np.log(0.95 / (1 - m))).mean()
    assert terms["sparsity"] == pytest.approx(expected, rel=1e-5)
    assert terms["loss"] == pytest.approx(terms["reconstruction"] + 0.3 * expected, rel=1e-5)


def test_kl_without_a_bounded_code_names_the_setting():
    with pytest.raises(SettingError, match=r"Set Code activation to Sigmoid"):
        make({"kind": "sparse", "penalty": "kl"}, {"code_activation": "relu"})


def test_the_penalty_makes_codes_sparse():
    shares = []
    for weight in (0.0, 1.0):
        objective, model = make(
            {"kind": "sparse", "weight": weight}, {"widths": (20,), "code_activation": "relu"}
        )
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        for step in range(150):
            optimizer.zero_grad()
            objective.step(model, batch(32, seed=step % 4), seeded())["loss"].backward()
            optimizer.step()
        shares.append(float(model.encode(batch(64, seed=9)).abs().mean()))
    assert shares[1] < 0.2 * shares[0]
