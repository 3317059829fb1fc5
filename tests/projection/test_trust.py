"""Trust measures against scikit-learn, whole and by sample, and the sentence that goes with them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors

from selfsup_core.projection.config import TITLES
from selfsup_core.projection.trust import measure_trust, say_trust

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(400, 12)) * np.linspace(3, 0.2, 12)
MAP = PCA(2).fit_transform(X)


@pytest.mark.parametrize("k", [5, 15])
def test_trustworthiness_and_continuity_are_scikit_learns(k):
    found = measure_trust(X, MAP, k)
    assert found.trustworthiness == pytest.approx(trustworthiness(X, MAP, n_neighbors=k), abs=1e-6)
    assert found.continuity == pytest.approx(trustworthiness(MAP, X, n_neighbors=k), abs=1e-6)
    near = [NearestNeighbors(n_neighbors=k).fit(a).kneighbors(return_distance=False) for a in (X, MAP)]
    shares = [len(np.intersect1d(a, b)) / k for a, b in zip(*near, strict=True)]
    np.testing.assert_allclose(found.each, shares, atol=1e-6)
    assert found.kept == pytest.approx(np.mean(shares))


def test_by_angle():
    found = measure_trust(X, MAP, 10, metric="cosine")
    assert found.trustworthiness == pytest.approx(
        trustworthiness(X, MAP, n_neighbors=10, metric="cosine"), abs=1e-4
    )


def test_a_sample_is_near_the_whole():
    whole, some = measure_trust(X, MAP, 10), measure_trust(X, MAP, 10, most=150)
    assert len(some.asked) == 150
    assert some.trustworthiness == pytest.approx(whole.trustworthiness, abs=0.02)
    np.testing.assert_allclose(some.each, whole.each[some.asked])


def test_few_points():
    assert measure_trust(X[:2], MAP[:2]).trustworthiness == 1
    found = measure_trust(X[:5], X[:5, :2], 15)
    assert found.neighbors == 2
    assert measure_trust(X[:50], X[:50]).trustworthiness == 1


def test_what_distances_mean_is_said_of_every_map():
    found = measure_trust(X[:60], MAP[:60])
    said = {say_trust(found, kind) for kind in TITLES}
    assert len(said) == len(TITLES)
    assert all("nearest on the map" in text for text in said)
