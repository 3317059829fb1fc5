"""Gauges equal slow formulas in NumPy, and every way to collapse is told from health and from the others."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from selfsup_core.evaluate.collapse import (
    alignment,
    alpha_req,
    covariance_term,
    effective_rank,
    find_collapse,
    judge_collapse,
    lidar,
    rankme,
    singular_values,
    spread,
    uniformity,
    variance_term,
)


def gaussian(rows: int = 40, size: int = 8, seed: int = 0) -> np.ndarray:
    """Correlated dimensions of different scales, and a mean that is not 0."""
    random = np.random.default_rng(seed)
    return random.normal(size=(rows, size)) @ random.normal(size=(size, size)) + random.normal(size=size)


def as_tensor(x: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(x.astype(np.float32))


def slow_rank(weights: np.ndarray) -> float:
    total = 0.0
    for weight in weights:
        p = weight / sum(weights) + 1e-7
        total -= p * np.log(p)
    return float(np.exp(total))


def unit(x: np.ndarray) -> np.ndarray:
    return np.array([row / np.sqrt((row**2).sum()) for row in x])


def near(value: float) -> object:
    return pytest.approx(value, rel=1e-5, abs=1e-5)


def test_rankme_is_the_papers_formula():
    x = gaussian()
    sigma = np.sqrt(np.linalg.eigvalsh(x.T @ x))
    assert rankme(as_tensor(x)) == near(slow_rank(sigma))
    assert singular_values(as_tensor(x)).numpy() == near(np.sort(sigma)[::-1])
    centered = x - x.mean(axis=0)
    assert effective_rank(as_tensor(x)) == near(slow_rank(np.sqrt(np.linalg.eigvalsh(centered.T @ centered))))


def test_rankme_counts_even_directions():
    assert rankme(torch.eye(6)) == pytest.approx(6, rel=1e-4)
    assert rankme(torch.ones(9, 4)) == pytest.approx(1, abs=1e-4)
    assert rankme(torch.zeros(9, 4)) == 0


def test_alpha_is_the_slope_of_the_logarithms():
    x = gaussian()
    values = np.sort(np.linalg.eigvalsh(np.cov(x.T)))[::-1]
    slope, _ = np.polyfit(np.log(np.arange(1, 9)), np.log(values), 1)
    assert alpha_req(as_tensor(x)) == near(-slope)


def test_alpha_of_a_known_spectrum_is_found():
    random = np.random.default_rng(1)
    q, _ = np.linalg.qr(random.normal(size=(64, 10)))
    q -= q.mean(axis=0)
    q, _ = np.linalg.qr(q)
    x = q * np.arange(1, 11) ** -0.75  # singular values i^-0.75, eigenvalues i^-1.5
    assert alpha_req(as_tensor(x)) == pytest.approx(1.5, abs=1e-3)
    assert alpha_req(torch.ones(5, 4)) is None


def test_lidar_is_the_papers_formula():
    random = np.random.default_rng(2)
    centers = random.normal(size=(12, 1, 5))
    views = centers + 0.3 * random.normal(size=(12, 4, 5))
    means = [one.mean(axis=0) for one in views]
    middle = np.mean(means, axis=0)
    between, within = np.zeros((5, 5)), 1e-4 * np.eye(5)
    for mean, one in zip(means, views, strict=True):
        between += np.outer(mean - middle, mean - middle) / 11
        for z in one:
            within += np.outer(z - mean, z - mean) / (12 * 3)
    # Σ_w^(−1/2) Σ_b Σ_w^(−1/2) and Σ_w^(−1) Σ_b have the same eigenvalues.
    values = np.linalg.eigvals(np.linalg.inv(within) @ between).real
    assert lidar(as_tensor(views)) == near(slow_rank(values))


def test_spread_variance_and_covariance_are_the_papers_formulas():
    x = gaussian()
    u = unit(x)
    assert spread(as_tensor(x)) == near(np.mean([u[:, j].std() for j in range(8)]) * np.sqrt(8))
    small = 0.3 * x
    hinge = [max(0.0, 1 - np.sqrt(small[:, j].var(ddof=1) + 1e-4)) for j in range(8)]
    assert variance_term(as_tensor(small)) == near(np.mean(hinge))
    c = np.cov(x.T)
    apart = sum(c[i, j] ** 2 for i in range(8) for j in range(8) if i != j) / 8
    assert covariance_term(as_tensor(x)) == near(apart)


def test_alignment_and_uniformity_are_the_papers_formulas():
    x, y = gaussian(), gaussian(seed=1)
    u, v = unit(x), unit(y)
    assert alignment(as_tensor(x), as_tensor(y)) == near(
        np.mean([((a - b) ** 2).sum() for a, b in zip(u, v, strict=True)])
    )
    pairs = [np.exp(-2 * ((u[i] - u[j]) ** 2).sum()) for i in range(40) for j in range(i)]
    assert uniformity(as_tensor(x)) == near(np.log(np.mean(pairs)))
    assert alignment(as_tensor(x), as_tensor(x)) == 0
    assert uniformity(torch.ones(1, 3)) is None


def cloud(rows: int, size: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(rows, size, generator=torch.Generator().manual_seed(seed))


def of_rank(rank: int, rows: int = 300, size: int = 64) -> torch.Tensor:
    return cloud(rows, rank, 1) @ cloud(rank, size, 2)


@pytest.mark.parametrize("size", [2, 3, 16, 128, 512])
@pytest.mark.parametrize("seed", range(3))
def test_a_healthy_gaussian_raises_nothing(size, seed):
    assert find_collapse(cloud(300, size, seed)) is None


@pytest.mark.parametrize("noise", [0.0, 1e-8, 1e-3])
def test_embeddings_that_are_all_equal_are_a_complete_collapse(noise):
    found = find_collapse(cloud(1, 64) + noise * cloud(300, 64, 1))
    assert found is not None
    assert found.kind == "complete"
    assert "nearly the same embedding" in found.text
    assert found.remedy


@pytest.mark.parametrize("offset", [torch.zeros(300, 8), torch.full((300, 8), 5.0)])
def test_nothing_but_zeros_or_one_value_is_complete_too(offset):
    found = find_collapse(offset)
    assert found is not None
    assert found.kind == "complete"


@pytest.mark.parametrize(("rank", "size"), [(1, 64), (2, 64), (4, 64), (3, 32), (1, 2), (8, 256)])
def test_few_directions_are_a_dimensional_collapse(rank, size):
    found = find_collapse(of_rank(rank, size=size), {"dimensional": "Use more."})
    assert found is not None
    assert (found.kind, found.remedy) == ("dimensional", "Use more.")
    assert f"of {size} possible directions" in found.text


def test_a_shrunken_cloud_is_complete_for_an_objective_that_sees_the_scale():
    z = 0.01 * cloud(300, 64)
    assert find_collapse(z) is None
    found = find_collapse(z, sees_scale=True)
    assert found is not None
    assert found.kind == "complete"
    assert "0.01, where this objective wants 1" in found.text
    assert find_collapse(100 * z, sees_scale=True) is None


def test_few_samples_are_not_blamed_for_the_rank_they_allow():
    assert find_collapse(cloud(3, 128)) is None
    assert find_collapse(cloud(2, 128)) is None
    assert find_collapse(torch.full((9, 4), float("nan"))) is None


def test_numbers_alone_are_judged_alike():
    z = of_rank(2)
    found = judge_collapse(spread(z), effective_rank(z), 64)
    assert found == find_collapse(z)
