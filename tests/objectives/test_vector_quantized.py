"""The codebook: nearest vectors, the gradient that passes straight through, moving averages, revival."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from selfsup_core.errors import SettingError
from selfsup_core.models.modules.quantizer import Quantizer
from selfsup_core.objectives.vector_quantized import perplexity
from tests.objectives.helpers import batch, make, seeded


def book(codes: int = 5, dimension: int = 2, **options) -> Quantizer:
    made = Quantizer(codes, dimension, **options)
    made.reset(seeded())
    return made


def test_each_part_of_the_code_becomes_its_nearest_vector():
    made = book()
    h = torch.randn(7, 6, generator=seeded(1))
    found = made(h).detach().numpy().reshape(-1, 2)
    vectors = made.codebook.numpy()
    for part, chosen in zip(h.numpy().reshape(-1, 2), found, strict=True):
        distances = ((vectors - part) ** 2).sum(1)
        assert np.allclose(chosen, vectors[distances.argmin()], atol=1e-6)
    assert torch.allclose(made(made(h)), made(h), atol=1e-6), "quantizing twice changes nothing"


def test_the_gradient_passes_straight_through():
    h = torch.randn(4, 6, generator=seeded(1), requires_grad=True)
    weights = torch.randn(4, 6, generator=seeded(2))
    (book()(h) * weights).sum().backward()
    assert torch.equal(h.grad, weights)


def test_moving_averages_are_the_published_ones():
    made = book(decay=0.9, dead=0.0)
    made._seed(torch.randn(20, 2, generator=seeded(3)), seeded(4))
    counts, sums = made.counts.numpy().copy(), made.sums.numpy().copy()
    h = torch.randn(10, 4, generator=seeded(5))
    places, z = made.assign(h).reshape(-1).numpy(), h.numpy().reshape(-1, 2)
    made.update(h, seeded(6))
    for i in range(5):
        counts[i] = 0.9 * counts[i] + 0.1 * (places == i).sum()
        sums[i] = 0.9 * sums[i] + 0.1 * z[places == i].sum(axis=0)
    assert np.allclose(made.counts.numpy(), counts, atol=1e-5)
    assert np.allclose(made.codebook.numpy(), sums / counts[:, None], atol=1e-3)


def test_dead_vectors_are_set_on_codes_of_the_batch():
    made = book(4, 1)
    made.is_set.fill_(True)
    made.codebook.copy_(torch.tensor([[0.0], [100.0], [200.0], [300.0]]))
    made.counts.fill_(1.0)
    made.sums.copy_(made.codebook)
    h = torch.linspace(-1, 1, 64)[:, None]
    for step in range(600):
        made.update(h, seeded(step))
    assert float(made.codebook.abs().max()) <= 1.1
    assert len(made.assign(h).unique()) == 4


def test_perplexity_counts_the_vectors_in_use():
    assert float(perplexity(torch.full((8,), 1 / 8))) == pytest.approx(8)
    assert float(perplexity(torch.tensor([1.0, 0.0, 0.0]))) == pytest.approx(1)


def test_only_training_moves_the_codebook():
    objective, model = make({"kind": "vector-quantized", "codes": 6, "dimension": 2})
    before = model.quantizer.codebook.clone()
    model.eval()
    objective.step(model, batch(), seeded())
    assert torch.equal(model.quantizer.codebook, before)
    model.train()
    objective.step(model, batch(), seeded())
    assert not torch.equal(model.quantizer.codebook, before)


def test_the_loss_is_reconstruction_plus_commitment():
    objective, model = make({"kind": "vector-quantized", "codes": 6, "dimension": 2, "commitment": 0.5})
    model.eval()
    x = batch()
    terms = {k: float(v.detach()) for k, v in objective.step(model, x, seeded()).items()}
    h = model.encode(x)
    expected = float((h - model.quantizer(h)).square().mean().detach())
    assert terms["commitment"] == pytest.approx(expected, rel=1e-5)
    assert terms["loss"] == pytest.approx(terms["reconstruction"] + 0.5 * expected, rel=1e-5)


def test_everything_is_in_the_state():
    objective, model = make({"kind": "vector-quantized", "codes": 6, "dimension": 2})
    for step in range(3):
        objective.step(model, batch(seed=step), seeded(step))
    _, again = make({"kind": "vector-quantized", "codes": 6, "dimension": 2})
    again.load_state_dict(model.state_dict())
    for network in (model, again):
        objective.step(network, batch(seed=9), seeded(9))
    for name, value in model.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


def test_a_code_that_cannot_be_cut_is_named():
    with pytest.raises(SettingError, match=r"code of 4 numbers .* vectors of 3 \(objective\.dimension\)"):
        make({"kind": "vector-quantized", "dimension": 3})
