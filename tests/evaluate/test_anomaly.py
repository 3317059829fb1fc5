"""Ranks, thresholds and AUROC against scikit-learn; saliency."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from selfsup_core.evaluate.anomaly import auroc, class_means, rank_errors, threshold
from selfsup_core.evaluate.saliency import saliency
from tests.objectives.helpers import batch, make


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=60))
def test_auroc_is_scikit_learns_ties_included(pairs):
    scores, truth = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    if truth.all() or not truth.any():
        assert auroc(scores, truth) is None
    else:
        assert auroc(scores, truth) == pytest.approx(roc_auc_score(truth, scores))


def test_errors_are_ranked_worst_first_and_equal_ones_stay_in_order():
    assert rank_errors(np.array([1.0, 3.0, 1.0, 2.0])).tolist() == [1, 3, 0, 2]


def test_the_threshold_lets_that_share_through_and_says_so():
    limit, note = threshold(np.arange(1, 1001) / 1000)
    assert limit == pytest.approx(0.99, abs=0.002)
    assert "99th percentile" in note


def test_a_class_without_samples_has_no_mean():
    found = class_means(np.array([1.0, 3.0, 5.0]), np.array([0, 0, 2]), ("a", "b", "c"))
    assert found[[0, 2]].tolist() == [2.0, 5.0]
    assert np.isnan(found[1])


def test_saliency_adds_up_to_the_difference_of_the_code():
    _, model = make({"kind": "reconstruction"}, {"activation": "tanh"})
    x = batch(1)
    found = saliency(model.requires_grad_(False), x, 2, steps=128)
    expected = model.encode(x)[0, 2] - model.encode(torch.zeros_like(x))[0, 2]
    assert float(found.sum()) == pytest.approx(float(expected), abs=2e-3)


def test_saliency_of_a_linear_encoder_is_weight_times_value():
    _, model = make({"kind": "reconstruction"}, {"widths": (4,)})
    x = batch(1)
    expected = x[0] * model.head[0].weight[1].detach()
    assert torch.allclose(saliency(model, x, 1), expected, atol=1e-5)
