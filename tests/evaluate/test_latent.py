"""Ways through a latent space: properties that hold for all codes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup_core.errors import SettingError
from selfsup_core.evaluate.latent import (
    FittedGaussian,
    class_direction,
    code_to_map,
    lerp,
    map_to_code,
    posterior_ellipse,
    rank_dimensions,
    slerp,
    traverse,
)

SEEDS = st.integers(0, 10_000)


def random(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def axes(size: int, seed: int) -> torch.Tensor:
    return torch.linalg.qr(random(size, 2, seed=seed))[0].T


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 20), SEEDS)
def test_from_the_map_and_back(size: int, seed: int):
    mean, across = random(size, seed=seed), axes(size, seed)
    points = random(5, 2, seed=seed + 1)
    assert torch.allclose(code_to_map(map_to_code(points, mean, across), mean, across), points, atol=1e-4)
    code = random(size, seed=seed + 2)
    off = code - mean
    residual = off - (off @ across.T) @ across
    place = code_to_map(code[None], mean, across)
    assert torch.allclose(map_to_code(place, mean, across, residual)[0], code, atol=1e-4)


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 20), SEEDS, st.floats(0, 1))
def test_an_arc_begins_and_ends_right_and_its_length_goes_evenly(size: int, seed: int, t: float):
    a, b = random(size, seed=seed), 3 * random(size, seed=seed + 1)
    assert torch.allclose(slerp(a, b, 0.0), a, atol=1e-4)
    assert torch.allclose(slerp(a, b, 1.0), b, atol=1e-4)
    length = (1 - t) * a.norm() + t * b.norm()
    assert float(slerp(a, b, t).norm()) == pytest.approx(float(length), rel=1e-3)


@pytest.mark.parametrize("turn", [1e-5, 1e-3, 1e-2, np.pi - 1e-2, np.pi - 1e-3, np.pi - 1e-4])
def test_an_arc_keeps_its_length_when_it_is_almost_none_or_half_a_circle(turn: float):
    a = torch.tensor([3.0, 0.0, 0.0])
    b = torch.tensor([3 * np.cos(turn), 3 * np.sin(turn), 0.0]).float()
    for t in (0.1, 0.5, 0.9):
        found = slerp(a, b, t)
        assert found.dtype == a.dtype
        assert float(found.norm()) == pytest.approx(3.0, rel=1e-5)
        angle = np.arctan2(float(found[1]), float(found[0]))
        assert angle == pytest.approx(t * turn, rel=1e-2, abs=1e-6)


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 20), SEEDS, st.floats(0, 1))
def test_an_arc_is_the_same_walked_from_the_other_end(size: int, seed: int, t: float):
    a, b = random(size, seed=seed), random(size, seed=seed + 1)
    assert torch.allclose(slerp(a, b, t), slerp(b, a, 1 - t), atol=1e-5)
    assert torch.allclose(lerp(a, b, t), lerp(b, a, 1 - t), atol=1e-5)


def test_codes_that_span_no_arc_go_straight():
    a = torch.tensor([1.0, 2.0])
    for b in (torch.zeros(2), 2 * a, -a):
        assert torch.allclose(slerp(a, b, 0.3), lerp(a, b, 0.3), atol=1e-5)


def test_a_traversal_moves_one_dimension_at_a_time():
    code, scale = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 10.0, 100.0])
    found = traverse(code, torch.tensor([2, 0]), torch.tensor([-1.0, 0.0, 1.0]), scale)
    expected = [[1, 2, -97], [1, 2, 3], [1, 2, 103], [0, 2, 3], [1, 2, 3], [2, 2, 3]]
    assert found.tolist() == expected
    assert code.tolist() == [1, 2, 3]


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 12), st.integers(1, 9), SEEDS)
def test_a_traversal_leaves_all_but_its_dimension_alone(size: int, steps: int, seed: int):
    code, scale = random(size, seed=seed), random(size, seed=seed + 1).exp()
    offsets = torch.linspace(-2, 2, steps)
    order = torch.randperm(size, generator=torch.Generator().manual_seed(seed))
    moves = traverse(code, order, offsets, scale).view(size, steps, size) - code
    for row, dimension in enumerate(order.tolist()):
        assert torch.allclose(moves[row, :, dimension], offsets * scale[dimension], atol=1e-5)
        assert int((moves[row] != 0).any(dim=0).sum()) <= 1


def test_a_direction_leads_from_one_class_to_the_other():
    codes, labels = random(30, 4, seed=0), torch.arange(30) % 3
    found = class_direction(codes, labels, 2, 0)
    assert torch.allclose(codes[labels == 0].mean(0) + found, codes[labels == 2].mean(0), atol=1e-6)
    with pytest.raises(SettingError, match="minus: no sample of the map has class 7"):
        class_direction(codes, labels, 0, 7)


def test_draws_have_the_codes_mean_and_covariance():
    mix = torch.tensor([[2.0, 0.5, 0.0], [0.0, 1.0, 0.3], [0.0, 0.0, 0.5]])
    codes = random(5000, 3, seed=0) @ mix + 4
    drawn = FittedGaussian.fit(codes).sample(50_000, torch.Generator().manual_seed(1))
    assert torch.allclose(drawn.mean(0), codes.mean(0), atol=0.05)
    assert torch.allclose(torch.cov(drawn.T), torch.cov(codes.T), atol=0.15)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 12), st.integers(1, 30), SEEDS, st.sampled_from([1e-3, 1.0, 1e3]))
def test_any_codes_give_a_positive_definite_covariance(size: int, rows: int, seed: int, scale: float):
    codes = scale * random(rows, size, seed=seed)  # often fewer rows than dimensions
    fitted = FittedGaussian.fit(codes)
    assert torch.allclose(fitted.mean, codes.mean(0), atol=1e-5 * scale)
    assert bool((torch.diag(fitted.factor) > 0).all())
    if rows > 1:
        spread = (fitted.factor @ fitted.factor.T).diag()
        assert torch.allclose(spread, codes.var(dim=0), rtol=1e-3, atol=1e-5 * scale**2 + 1e-8)


def test_draws_are_those_of_the_generator():
    fitted = FittedGaussian.fit(random(50, 3, seed=0))
    one, again, other = (fitted.sample(4, torch.Generator().manual_seed(s)) for s in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_codes_in_a_plane_and_dead_dimensions_can_be_fitted():
    codes = torch.zeros(50, 4)
    codes[:, 0] = codes[:, 1] = random(50, seed=0)
    drawn = FittedGaussian.fit(codes).sample(100, torch.Generator().manual_seed(1))
    assert bool(torch.isfinite(drawn).all())
    assert float(drawn[:, 3].std()) < 0.01


def test_the_ellipse_is_the_projection_of_the_gaussian():
    mean, variance, across = random(5, seed=0), random(5, seed=1).exp(), axes(5, 2)
    center, covariance = posterior_ellipse(mean, variance, torch.zeros(5), across)
    draws = mean + variance.sqrt() * random(200_000, 5, seed=3)
    points = code_to_map(draws, torch.zeros(5), across)
    assert torch.allclose(points.mean(0), center, atol=0.02)
    assert torch.allclose(torch.cov(points.T), covariance, rtol=0.05, atol=0.02)


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 20), SEEDS)
def test_an_ellipse_is_symmetric_and_no_wider_than_the_widest_dimension(size: int, seed: int):
    variance = random(size, seed=seed).exp()
    _, covariance = posterior_ellipse(random(size, seed=seed), variance, torch.zeros(size), axes(size, seed))
    assert torch.allclose(covariance, covariance.T, atol=1e-5)
    widths = torch.linalg.eigvalsh(covariance.double())
    assert float(widths.min()) >= float(variance.min()) * 0.999 - 1e-6
    assert float(widths.max()) <= float(variance.max()) * 1.001 + 1e-6


def test_dimensions_are_ranked_most_used_first():
    assert rank_dimensions(torch.tensor([0.1, 5.0, 0.1, 2.0])).tolist() == [1, 3, 0, 2]
    assert isinstance(rank_dimensions(torch.ones(2)), np.ndarray)
