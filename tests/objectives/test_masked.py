"""Exactly so many patches are hidden, the encoder does not see them, and only they count."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup_core.errors import SettingError
from selfsup_core.objectives.masked import is_hidden, random_keep
from selfsup_core.runs.spec import make_spec
from tests.objectives.helpers import batch, make, seeded

PATCHES = {"kind": "patches", "patch": 2, "size": 8, "depth": 1, "heads": 2, "decoder_size": 8}


def patched(objective: dict | None = None):
    model = dict(PATCHES)
    from selfsup_core.models import MODELS
    from selfsup_core.objectives import OBJECTIVES

    network = MODELS["patches"].build(MODELS["patches"].config(**model), (6, 6))
    cls = OBJECTIVES["masked"]
    return cls(cls.Config(**(objective or {}))), network


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 80), st.floats(0.01, 0.95), st.integers(0, 99))
def test_the_ratio_is_exact_in_every_sample(tokens: int, ratio: float, seed: int):
    keep = random_keep(5, tokens, ratio, seeded(seed))
    hidden = is_hidden(keep, tokens)
    expected = min(max(round(ratio * tokens), 1), tokens - 1)
    assert hidden.sum(dim=1).tolist() == [expected] * 5
    assert all(len(set(row.tolist())) == len(row) for row in keep)


def test_every_patch_is_hidden_about_as_often():
    hidden = is_hidden(random_keep(8000, 9, 0.6, seeded()), 9).float().mean(dim=0)
    assert torch.allclose(hidden, torch.full((9,), 5 / 9), atol=0.03)


def test_hidden_pixels_do_not_reach_the_prediction():
    _, model = patched()
    x, keep = batch(3), random_keep(3, 9, 0.6, seeded())
    hidden = is_hidden(keep, 9)[:, :, None]
    other = model.unpatch(torch.where(hidden, torch.rand(3, 9, 4), model.patches(x)))
    assert not torch.equal(x, other)
    assert torch.equal(model.masked_forward(x, keep), model.masked_forward(other, keep))


def test_the_loss_is_the_mean_over_hidden_patches_only():
    objective, model = patched({"ratio": 0.5, "loss": "mse"})
    x = batch(3)
    found = float(objective.step(model, x, seeded(7))["loss"].detach())
    keep = random_keep(3, 9, 0.5, seeded(7))
    hidden = is_hidden(keep, 9)
    error = (model.masked_forward(x, keep).sigmoid() - model.patches(x)).square().mean(dim=2)
    assert found == pytest.approx(float(error[hidden].mean().detach()), rel=1e-5)


def test_visible_patches_are_shown_as_they_are_and_holes_gray():
    objective, model = patched()
    x = batch(2)
    corrupted, filled = objective.show(model, x, seeded(3))
    hidden = is_hidden(random_keep(2, 9, objective.config.ratio, seeded(3)), 9)
    assert torch.equal(model.patches(filled)[~hidden], model.patches(x)[~hidden])
    assert torch.equal(model.patches(corrupted)[~hidden], model.patches(x)[~hidden])
    assert bool((model.patches(corrupted)[hidden] == 0.5).all())


def test_network_and_objective_must_go_together():
    with pytest.raises(SettingError, match=r"Use the network patches"):
        make_spec({"objective": {"kind": "masked"}})
    with pytest.raises(SettingError, match="cannot train the network 'patches'"):
        make_spec({"model": {"kind": "patches"}})


def test_other_objectives_leave_a_plain_model_alone():
    _, model = make({"kind": "reconstruction"})
    assert model.quantizer is None
