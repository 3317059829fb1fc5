"""Terms of the ELBO against closed forms, Monte-Carlo and torch.distributions."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import Bernoulli, Normal, kl_divergence

from selfsup_core.objectives.variational import kl_per_dimension
from tests.objectives.helpers import batch, make, seeded

FLOAT = st.floats(-4, 4)


@settings(max_examples=80, deadline=None)
@given(FLOAT, FLOAT)
def test_kl_is_torchs_and_never_negative(mean: float, log_variance: float):
    m, v = torch.tensor(mean, dtype=torch.float64), torch.tensor(log_variance, dtype=torch.float64)
    found = float(kl_per_dimension(m, v))
    expected = float(kl_divergence(Normal(m, (v / 2).exp()), Normal(0.0, 1.0)))
    assert found == pytest.approx(expected, abs=1e-9)
    assert found >= 0


def test_kl_is_zero_at_the_prior():
    assert float(kl_per_dimension(torch.zeros(3, 4), torch.zeros(3, 4)).abs().max()) == 0


def test_the_elbo_agrees_with_monte_carlo():
    """E_q[log p(x|h) + log p(h) − log q(h|x)] from many draws, without the closed form of the KL."""
    objective, model = make({"kind": "variational", "warmup_epochs": 0})
    model = model.eval()
    x = batch(3)
    mean, log_variance = model.head.posterior(model.encoder(x))
    q = Normal(mean, (0.5 * log_variance).exp())
    torch.manual_seed(0)
    h = q.sample((20_000,))  # (S, B, K)
    log_p = Bernoulli(logits=model.logits(h.flatten(0, 1)), validate_args=False).log_prob(
        x.expand(20_000, -1, -1).flatten(0, 1)
    )
    estimate = log_p.sum(-1).reshape(20_000, 3) + Normal(0, 1).log_prob(h).sum(-1) - q.log_prob(h).sum(-1)
    draws = [float(objective.step(model, x, seeded(s))["negative_elbo"].detach()) for s in range(400)]
    error = estimate.mean(1).std() / 20_000**0.5 + np.std(draws) / 400**0.5
    assert np.mean(draws) == pytest.approx(-float(estimate.mean().detach()), abs=4 * float(error.detach()))


def test_the_code_that_is_decoded_has_the_posteriors_mean_and_deviation():
    _, model = make({"kind": "variational"})
    seen = []
    model.decoder.register_forward_hook(lambda _, args, __: seen.append(args[0].detach()))
    objective, _ = make({"kind": "variational"})
    x = batch(1).expand(20_000, -1)
    objective.step(model, x, seeded())
    mean, log_variance = model.head.posterior(model.encoder(x[:1]))
    assert torch.allclose(seen[0].mean(0), mean[0].detach(), atol=0.03)
    assert torch.allclose(seen[0].std(0), (0.5 * log_variance[0]).exp().detach(), rtol=0.03)


@pytest.mark.parametrize(("progress", "expected"), [(0.0, 0.0), (2.0, 1.6), (5.0, 4.0), (9.0, 4.0)])
def test_beta_warms_up_to_its_value(progress: float, expected: float):
    objective, model = make({"kind": "variational", "beta": 4.0, "warmup_epochs": 5.0})
    objective.progress = progress
    assert objective.beta() == pytest.approx(expected)
    x = batch()
    terms = {k: float(v.detach()) for k, v in objective.step(model, x, seeded()).items()}
    assert terms["loss"] == pytest.approx(terms["reconstruction"] + expected * terms["kl"] / 36, rel=1e-5)


def test_with_mse_the_output_has_a_variance():
    objective, model = make({"kind": "variational", "loss": "mse", "variance": 0.1, "warmup_epochs": 0})
    terms = {k: float(v.detach()) for k, v in objective.step(model, batch(), seeded()).items()}
    expected = terms["reconstruction"] / 0.2 + terms["kl"] / 36
    assert terms["loss"] == pytest.approx(expected, rel=1e-5)
    assert terms["negative_elbo"] == pytest.approx(36 * expected, rel=1e-5)


def test_gradients_reach_mean_and_variance_and_importance_is_the_kl():
    objective, model = make({"kind": "variational", "warmup_epochs": 0})
    objective.step(model, batch(), seeded())["loss"].backward()
    for part in (model.head.mean, model.head.log_variance):
        assert float(part.weight.grad.abs().sum()) > 0
    importance, name = objective.importance(model, batch())
    assert name == "KL divergence"
    assert float(importance.sum().detach()) == pytest.approx(
        float(objective.step(model, batch(), seeded())["kl"].detach()), rel=1e-5
    )
    assert objective.diagnose(model, batch())["active_dimensions"] == int((importance > 0.01).sum())
