"""Weighted cross-entropy against torch's own and against the formula; class weights against
scikit-learn's.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch import nn

from selfsup_core.objectives import OBJECTIVES
from selfsup_core.objectives.cross_entropy import Labeled, balance, weighted_cross_entropy


def make(**settings):
    kind = OBJECTIVES["cross-entropy"]
    return kind(kind.Config(**settings))


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(12, 4, generator=generator)
    return logits, torch.randint(0, 4, (12,), generator=generator)


def test_the_formula(batch):
    logits, y = batch
    weight = torch.linspace(0, 2, 12)
    p = torch.log_softmax(logits, dim=1)
    for smoothing in (0.0, 0.1, 0.5):
        q = torch.full_like(p, smoothing / 4)
        q[torch.arange(12), y] += 1 - smoothing
        expected = (weight * -(q * p).sum(dim=1)).mean()
        found = weighted_cross_entropy(logits, y, weight, smoothing=smoothing)
        assert found == pytest.approx(float(expected), rel=1e-6)
    plain = nn.functional.cross_entropy(logits, y)
    assert weighted_cross_entropy(logits, y, torch.ones(12)) == pytest.approx(float(plain))


def test_class_weights_are_those_of_scikit_learn():
    y = np.array([0] * 7 + [1] * 2 + [3] * 3)
    found = balance(torch.from_numpy(np.bincount(y, minlength=5)).double())
    expected = compute_class_weight("balanced", classes=np.array([0, 1, 3]), y=y)
    assert found[[0, 1, 3]].tolist() == pytest.approx(expected.tolist())
    assert found[[2, 4]].tolist() == [1, 1]
    assert float(found[y].mean()) == pytest.approx(1)


def test_a_batch_in_parts_has_the_same_gradient(batch):
    """The loop weighs the loss of each part by its rows."""
    _, y = batch
    x, weight = torch.randn(12, 3), torch.rand(12)
    objective = make(class_weights="balanced", label_smoothing=0.1)
    objective.count_classes(torch.tensor([1, 5, 2, 9]))
    model = nn.Linear(3, 4)

    def gradient(parts):
        model.zero_grad()
        for part in parts:
            batch = Labeled(x[part], y[part], weight[part])
            (objective.step(model, batch, None)["loss"] * len(part) / 12).backward()
        return model.weight.grad.clone()

    rows = torch.arange(12)
    assert torch.allclose(gradient([rows]), gradient(rows.chunk(4)), atol=1e-6)


def test_a_weight_of_zero_is_no_row(batch):
    logits, y = batch
    weight = torch.ones(12)
    weight[3] = 0
    changed = logits.clone()
    changed[3] = 100 * torch.rand(4)
    assert weighted_cross_entropy(logits, y, weight) == weighted_cross_entropy(changed, y, weight)


def test_hidden_labels_cannot_be_trained_on(batch):
    """A row without a visible label has the class -1, which is an error, not a silent zero."""
    logits, y = batch
    y = y.clone()
    y[0] = -1
    with pytest.raises((IndexError, RuntimeError)):
        weighted_cross_entropy(logits, y, torch.ones(12))


def test_terms(batch):
    logits, y = batch
    terms = make().terms(logits, y, torch.ones(12))
    assert float(terms["accuracy"]) == pytest.approx(float((logits.argmax(1) == y).float().mean()))
