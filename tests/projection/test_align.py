"""Procrustes alignment against scipy's, and what it must keep."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes
from scipy.spatial.distance import pdist

from selfsup_core.projection.align import align_map
from tests.helpers import ROOT


def cloud(seed: int, rows: int = 40, size: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, size)) * [3, 1, 0.5][:size] + 5


@pytest.mark.parametrize("size", [2, 3])
def test_is_the_rotation_that_scipy_finds(size):
    a, b = cloud(1, size=size), cloud(2, size=size)
    rotation, _ = orthogonal_procrustes(a - a.mean(axis=0), b - b.mean(axis=0))
    expected = (a - a.mean(axis=0)) @ rotation + a.mean(axis=0)
    assert np.allclose(align_map(a, b), expected, atol=1e-9)


@settings(deadline=None)
@given(seed=st.integers(0, 999), angle=st.floats(0, 6.3), mirrored=st.booleans())
def test_turned_and_mirrored_map_comes_back(seed, angle, mirrored):
    previous = cloud(seed)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if mirrored:
        turn = turn @ np.diag([1, -1])
    aligned = align_map((previous - 5) @ turn + 5, previous)
    assert np.allclose(centered(aligned), centered(previous), atol=1e-8)


@settings(deadline=None)
@given(seed=st.integers(0, 999), other=st.integers(0, 999))
def test_distances_and_center_stay(seed, other):
    points, previous = cloud(seed), cloud(other)
    aligned = align_map(points, previous)
    assert np.allclose(pdist(aligned), pdist(points), atol=1e-9)
    assert np.allclose(aligned.mean(axis=0), points.mean(axis=0))
    assert np.linalg.norm(centered(aligned) - centered(previous)) <= (
        np.linalg.norm(centered(points) - centered(previous)) + 1e-9
    )


def centered(points: np.ndarray) -> np.ndarray:
    return points - points.mean(axis=0)


@pytest.mark.parametrize("previous", [None, cloud(0, rows=3), np.ones((40, 2)), np.full((40, 2), np.nan)])
def test_without_anything_to_align_to_points_stay(previous):
    points = cloud(1)
    assert np.array_equal(align_map(points, previous), points)


def test_number_format_stays():
    assert align_map(cloud(1).astype(np.float32), cloud(2)).dtype == np.float32


def test_the_browser_turns_maps_in_the_same_way():
    """tests/web/compare.test.js holds assets/web/compare/align.js to the same cases."""
    cases = json.loads((ROOT / "tests" / "web" / "align.json").read_bytes())
    for case in cases:
        found = align_map(np.array(case["points"]), np.array(case["towards"]))
        np.testing.assert_allclose(found, case["aligned"], atol=1e-5)
