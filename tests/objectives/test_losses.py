"""Tables with categories: each category is one column, by cross-entropy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from selfsup_core.objectives.losses import reconstruction_loss
from tests.objectives.helpers import make


@pytest.mark.parametrize("name", ["bce", "mse"])
def test_a_category_counts_as_one_column(name: str):
    _, model = make({"kind": "reconstruction"}, shape=(6,))
    model.groups = ((1, 2, 3),)
    logits = torch.randn(5, 6, generator=torch.Generator().manual_seed(0))
    x = torch.rand(5, 6, generator=torch.Generator().manual_seed(1))
    x[:, 1:4] = torch.eye(3)[[0, 1, 2, 0, 1]]
    x[4, 1:4] = 0.0  # an empty cell
    z = logits.double().numpy()
    p = 1 / (1 + np.exp(-z))
    t = x.double().numpy()
    numeric = [0, 4, 5]
    each = -(t * np.log(p) + (1 - t) * np.log(1 - p)) if name == "bce" else (p - t) ** 2
    soft = z[:, 1:4] - np.log(np.exp(z[:, 1:4]).sum(1, keepdims=True))
    expected = (each[:, numeric].sum(1) - (t[:, 1:4] * soft).sum(1)).mean() / 4
    assert float(reconstruction_loss(name, model, logits, x)) == pytest.approx(expected, rel=1e-5)


def test_the_levels_of_a_category_are_decoded_as_one_distribution():
    _, model = make({"kind": "reconstruction"}, shape=(6,))
    model.groups = ((0, 1), (3, 4, 5))
    out = model.decode(torch.randn(9, 4, generator=torch.Generator().manual_seed(0))).detach()
    for group in model.groups:
        assert np.allclose(out[:, list(group)].sum(dim=1).numpy(), 1, atol=1e-5)
    plain = torch.sigmoid(model.logits(torch.zeros(1, 4)))[0, 2]
    assert float(model.decode(torch.zeros(1, 4))[0, 2].detach()) == pytest.approx(float(plain.detach()))
