"""The Fréchet distance against SciPy's root of a matrix and closed forms; the judge; what is nearest."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import sqrtm

from selfsup_core.evaluate.frechet import Moments, frechet_distance, moments


def random_moments(size: int, seed: int) -> Moments:
    random = np.random.default_rng(seed)
    root = random.normal(size=(size, size))
    return Moments(random.normal(size=size), root @ root.T / size)


@pytest.mark.parametrize("size", [1, 2, 7, 64])
def test_it_is_what_scipy_s_root_gives(size):
    a, b = random_moments(size, 1), random_moments(size, 2)
    root = np.real(sqrtm(a.covariance @ b.covariance))
    wanted = np.square(a.mean - b.mean).sum() + np.trace(a.covariance + b.covariance - 2 * root)
    assert frechet_distance(a, b) == pytest.approx(wanted, rel=1e-6)
    assert frechet_distance(b, a) == pytest.approx(wanted, rel=1e-6)


def test_of_gaussians_along_the_axes_it_is_known():
    a, b = Moments(np.zeros(3), np.diag([1.0, 4.0, 9.0])), Moments(np.ones(3), np.diag([4.0, 4.0, 1.0]))
    assert frechet_distance(a, b) == pytest.approx(3 + (1 - 2) ** 2 + (3 - 1) ** 2)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)


def test_samples_of_the_same_data_are_near_and_more_of_them_nearer():
    random = np.random.default_rng(0)
    draws = [moments(random.normal(size=(n, 8))) for n in (50, 2000, 2000)]
    few, many = frechet_distance(draws[0], draws[2]), frechet_distance(draws[1], draws[2])
    assert many < 0.05 < few
    shifted = moments(random.normal(size=(2000, 8)) + 1)
    assert frechet_distance(shifted, draws[2]) == pytest.approx(8, rel=0.1)


def test_fewer_samples_than_features_give_a_number():
    random = np.random.default_rng(0)
    few = moments(random.normal(size=(5, 64)))
    found = frechet_distance(few, moments(random.normal(size=(500, 64))))
    assert np.isfinite(found)
    assert found > 0
    constant = moments(np.ones((4, 3)))
    assert frechet_distance(constant, constant) == 0
