"""Noise does what it says, and the loss is against the clean input."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup_core.objectives.denoising import corrupt
from tests.objectives.helpers import batch, make, seeded

NOISES = ("gaussian", "masking", "salt-and-pepper")


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(NOISES), st.floats(0, 1), st.integers(0, 1000))
def test_values_stay_in_range_and_the_seed_decides(noise: str, amount: float, seed: int):
    x = batch(6, 50)
    found = corrupt(x, noise, amount, seeded(seed))
    assert float(found.min()) >= 0
    assert float(found.max()) <= 1
    assert torch.equal(found, corrupt(x, noise, amount, seeded(seed)))


@pytest.mark.parametrize("noise", NOISES)
def test_no_amount_changes_nothing(noise: str):
    x = batch()
    assert torch.equal(corrupt(x, noise, 0.0, seeded()), x)


def test_masking_sets_that_share_to_zero_and_leaves_the_rest():
    x = batch(200, 100) * 0.9 + 0.1
    found = corrupt(x, "masking", 0.3, seeded())
    hit = found != x
    assert float(hit.float().mean()) == pytest.approx(0.3, abs=0.01)
    assert float(found[hit].abs().max()) == 0


def test_salt_and_pepper_are_alike_in_number():
    x = torch.full((200, 100), 0.5)
    found = corrupt(x, "salt-and-pepper", 0.4, seeded())
    shares = [float((found == value).float().mean()) for value in (0.0, 0.5, 1.0)]
    assert shares == pytest.approx([0.2, 0.6, 0.2], abs=0.01)


def test_gaussian_noise_has_that_standard_deviation():
    x = torch.full((200, 100), 0.5)
    assert float((corrupt(x, "gaussian", 0.1, seeded()) - x).std()) == pytest.approx(0.1, rel=0.02)


def test_the_loss_is_that_of_the_corrupted_input_against_the_clean_one():
    objective, model = make({"kind": "denoising", "loss": "mse", "noise": "masking", "amount": 0.5})
    x = batch()
    found = float(objective.step(model, x, seeded(4))["loss"].detach())
    given_ = corrupt(x, "masking", 0.5, seeded(4))
    output = 1 / (1 + np.exp(-model(given_).detach().double().numpy()))
    assert found == pytest.approx(((output - x.numpy()) ** 2).mean(), rel=1e-5)


def test_what_is_shown_is_what_the_network_was_given():
    objective, model = make({"kind": "denoising"})
    x = batch()
    corrupted, restored = objective.show(model, x, seeded(2))
    assert torch.equal(corrupted, objective.corrupt(x, seeded(2)))
    assert torch.allclose(restored, model.decode(model.encode(corrupted)))
