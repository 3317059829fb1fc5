"""PCA against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits, load_wine
from sklearn.decomposition import PCA

from selfsup_core.data.sources import open_source
from selfsup_core.evaluate.autoencoder import Evaluator
from selfsup_core.features.batches import prepare
from selfsup_core.features.config import DataConfig
from selfsup_core.projection.pca import fit_pca

DIGITS = load_digits().data / 16


@pytest.mark.parametrize("size", [1, 2, 16])
def test_same_subspace_variance_and_error_as_scikit_learn(size):
    ours = fit_pca(torch.from_numpy(DIGITS), size)
    theirs = PCA(size, svd_solver="full").fit(DIGITS)
    components = ours.components.numpy()
    assert np.allclose(components @ components.T, np.eye(size), atol=1e-9)
    # Equal subspaces have equal projectors, whatever the signs.
    assert np.allclose(components.T @ components, theirs.components_.T @ theirs.components_, atol=1e-8)
    assert np.allclose(np.abs(np.sum(components * theirs.components_, axis=1)), 1, atol=1e-8)
    assert np.allclose(ours.explained, theirs.explained_variance_ratio_, atol=1e-9)
    x = torch.from_numpy(DIGITS)
    rebuilt = ours.inverse(ours.transform(x)).numpy()
    assert np.allclose(rebuilt, theirs.inverse_transform(theirs.transform(DIGITS)), atol=1e-8)


def test_digits_in_16_dimensions_err_as_published():
    """0.0116 on 500 held-out digits after a fit on 1,297; the split moves it by a few percent."""
    order = np.random.default_rng(0).permutation(len(DIGITS))
    x = torch.from_numpy(DIGITS[order]).float()
    pca = fit_pca(x[:1297], 16)
    held_out = x[1297:]
    assert len(held_out) == 500
    error = float((pca.inverse(pca.transform(held_out)) - held_out).square().mean())
    assert error == pytest.approx(0.0116, rel=0.05)


def test_baseline_of_a_run_is_scikit_learns_on_the_same_rows(tmp_path):
    data = prepare(open_source("digits", tmp_path), DataConfig(source="digits"))
    evaluator = Evaluator(data, tiles=8, samples=200, labels_per_class=0, seed=0)
    found = evaluator.baseline(16, fit_pca)
    train, held_out = DIGITS[data.split.train], DIGITS[evaluator.validation]
    theirs = PCA(16, svd_solver="full").fit(train)
    rebuilt = theirs.inverse_transform(theirs.transform(held_out))
    assert found["pca_mse"] == pytest.approx(np.mean((rebuilt - held_out) ** 2), rel=1e-4)
    assert (found["pca_rows"], found["pca_components"]) == (len(train), 16)


def test_equal_data_give_an_equal_map_and_rows_may_be_shuffled():
    x = torch.from_numpy(load_wine().data).float()
    shuffled = x[torch.randperm(len(x), generator=torch.Generator().manual_seed(0))]
    assert torch.equal(fit_pca(x, 2).components, fit_pca(x, 2).components)
    assert torch.allclose(fit_pca(x, 2).components, fit_pca(shuffled, 2).components, atol=1e-4)


def test_more_components_than_dimensions_are_all_of_them():
    x = torch.from_numpy(DIGITS[:50, 1:4])
    pca = fit_pca(x, 10)
    assert pca.components.shape == (3, 3)
    assert torch.allclose(pca.inverse(pca.transform(x)), x)


def test_constant_data_give_zeros_and_no_nan():
    pca = fit_pca(torch.ones(5, 4), 2)
    assert torch.equal(pca.transform(torch.ones(5, 4)), torch.zeros(5, 2))
    assert pca.explained.tolist() == [0, 0]
