"""PCA against scikit-learn's."""

from __future__ import annotations

import time

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
from tests.helpers import python

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


def wide(rows: int, width: int, *, rank: int = 40) -> torch.Tensor:
    """Rows with a falling spectrum, like photos, and a little noise."""
    g = torch.Generator().manual_seed(0)
    sizes = 1 / torch.arange(1, rank + 1)
    x = (torch.randn(rows, rank, generator=g) * sizes) @ torch.randn(rank, width, generator=g)
    return x + 0.01 * torch.randn(rows, width, generator=g)


@pytest.mark.parametrize(
    ("rows", "width"), [(42, 3072), (1100, 1300), (1400, 1100)], ids=["gram", "random", "tall"]
)
def test_wide_rows_give_the_same_as_scikit_learns_full_decomposition(rows, width):
    x = wide(rows, width)
    ours = fit_pca(x, 8)
    theirs = PCA(8, svd_solver="full").fit(x.numpy())
    components = ours.components.numpy()
    assert np.allclose(components @ components.T, np.eye(8), atol=1e-5)
    assert np.allclose(np.abs(np.sum(components * theirs.components_, axis=1)), 1, atol=1e-4)
    assert np.allclose(ours.explained, theirs.explained_variance_ratio_, atol=1e-4)
    assert (ours.components.gather(1, ours.components.abs().argmax(dim=1, keepdim=True)) > 0).all()
    # Another thread that limits those of BLAS meanwhile changes the order of sums.
    again = fit_pca(x, 8)
    assert torch.allclose(again.components, ours.components, rtol=1e-5, atol=1e-6)
    assert torch.allclose(again.explained, ours.explained, rtol=1e-5, atol=1e-7)


def test_the_same_rows_give_the_same_to_the_last_bit_where_nothing_else_runs():
    code = """
import torch
from selfsup_core.projection.pca import fit_pca
from tests.projection.test_pca import wide
for shape in ((42, 3072), (1100, 1300), (1400, 1100)):
    one, two = fit_pca(wide(*shape), 8), fit_pca(wide(*shape), 8)
    print(torch.equal(one.components, two.components) and torch.equal(one.explained, two.explained))
"""
    assert python(code).stdout.split() == ["True"] * 3


@pytest.mark.parametrize("rows", [1, 2, 20])
def test_fewer_wide_rows_than_components_are_rebuilt_and_the_rest_is_orthonormal(rows):
    x = wide(rows, 2000)
    pca = fit_pca(x, 32)
    assert pca.components.shape == (32, 2000)
    assert torch.allclose(pca.components @ pca.components.T, torch.eye(32), atol=1e-5)
    assert torch.allclose(pca.inverse(pca.transform(x)), x, atol=1e-3)
    assert float(pca.explained.sum()) == pytest.approx(1 if rows > 1 else 0, abs=1e-5)


@pytest.mark.parametrize("rows", [5, 1200])
def test_constant_wide_data_give_zeros_and_no_nan(rows):
    pca = fit_pca(torch.ones(rows, 1200), 2)
    assert torch.equal(pca.transform(torch.ones(3, 1200)), torch.zeros(3, 2))
    assert pca.explained.tolist() == [0, 0]


@pytest.mark.serial
@pytest.mark.parametrize("rows", [42, 600])
def test_own_color_photos_take_a_moment(rows):
    """The covariance of 64 x 64 color pictures took six minutes and 1.6 GB."""
    x = wide(rows, 64 * 64 * 3)
    began = time.perf_counter()
    fit_pca(x, 16)
    assert time.perf_counter() - began < 10
