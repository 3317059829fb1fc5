"""Maps: equal to umap-learn's own, aligned over epochs, seeded, placing new rows; and input that is none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ortho_group
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from selfsup_core.errors import DataError, SettingError
from selfsup_core.projection import umap_map
from selfsup_core.projection.config import MapConfig, what_counts
from selfsup_core.projection.linear import own_axes
from selfsup_core.projection.maps import make_map, place_new
from selfsup_core.projection.trust import measure_trust

DRAW = np.random.default_rng(0)
LABELS = np.arange(240) % 4
X = (DRAW.normal(size=(240, 10)) + 6 * np.eye(4, 10)[LABELS]).astype(np.float32)
UMAP = MapConfig(kind="umap", steps=60)


def test_with_its_graph_and_start_the_layout_is_umap_learns_to_the_last_bit():
    import umap  # here, since it takes seconds that processes without this test need not spend

    start = PCA(2, random_state=0).fit_transform(X).astype(np.float32)
    theirs = umap.UMAP(n_epochs=60, init=start, random_state=3, n_jobs=1).fit(X)
    random = np.random.RandomState(3)
    ours = umap_map.lay_out(theirs.graph_.copy(), start, passes=60, min_dist=0.1, random=random)
    np.testing.assert_array_equal(ours, theirs.embedding_)


def test_the_graph_is_umap_learns():
    from umap.umap_ import fuzzy_simplicial_set

    made = make_map(X, UMAP)
    graph = umap_map.fuzzy_graph(*made.graph, 15, X, "euclidean")
    far, near = (
        NearestNeighbors(n_neighbors=15).fit(X).kneighbors(X)
    )  # their own search compiles for half a minute
    theirs, *_ = fuzzy_simplicial_set(
        X, 15, np.random.RandomState(0), "euclidean", knn_indices=near, knn_dists=far
    )
    assert abs(graph - theirs).max() < 1e-4


@pytest.mark.parametrize("kind", ["umap", "tsne"])
def test_steps_are_told_and_what_is_raised_ends_it(kind):
    seen = []

    def say(stage, done, total, layout):
        seen.append((stage, done, total, None if layout is None else layout.shape))
        if stage == "layout" and done >= 20:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        make_map(X, MapConfig(kind=kind, steps=60), say=say)
    layouts = [s for s in seen if s[0] == "layout"]
    assert layouts[-1][1] < 60
    assert layouts[-1][2:] == (60, (240, 2))


def test_the_seed_decides():
    one, same, other = (make_map(X, UMAP.model_copy(update={"seed": s})).points for s in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("kind", ["umap", "tsne"])
def test_groups_stay_together(kind):
    made = make_map(X, MapConfig(kind=kind, steps=150))
    assert np.isfinite(made.points).all()
    assert measure_trust(X, made.points, 10).trustworthiness > 0.9


def test_a_graph_that_is_known_is_taken():
    first = make_map(X, UMAP)
    again = make_map(X, UMAP.model_copy(update={"min_dist": 0.5}), graph=first.graph)
    fresh = make_map(X, UMAP.model_copy(update={"min_dist": 0.5}))
    np.testing.assert_array_equal(again.points, fresh.points)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_turned_or_mirrored_space_does_not_turn_the_map(seed):
    turn = ortho_group.rvs(10, random_state=seed)
    before = make_map(X, MapConfig())
    after = make_map((X @ turn).astype(np.float32), MapConfig(), previous=before.points)
    np.testing.assert_allclose(after.points, before.points, atol=2e-3)
    # New rows come along.
    placed = place_new((X[:3] @ turn).astype(np.float32), (X @ turn).astype(np.float32), after, MapConfig())
    np.testing.assert_allclose(placed, after.points[:3], atol=2e-3)


def test_a_seeded_map_stays_near_the_one_before():
    before = make_map(X, UMAP).points
    moved = X + 0.05 * DRAW.normal(size=X.shape).astype(np.float32)
    seeded = make_map(moved, UMAP, previous=before).points
    fresh = make_map(moved, UMAP.model_copy(update={"seed": 9})).points
    assert np.abs(seeded - before).mean() < 0.5 * np.abs(fresh - before).mean()


@pytest.mark.parametrize("kind", ["pca", "random", "umap", "tsne"])
def test_new_rows_fall_among_their_like(kind):
    config = MapConfig(kind=kind, steps=0 if kind in ("pca", "random") else 150)
    made = make_map(X, config)
    new = X[:8] + 0.01
    placed = place_new(new, X, made, config)
    near = np.linalg.norm(placed[:, None] - made.points[None], axis=2).argmin(axis=1)
    assert (LABELS[near] == LABELS[:8]).mean() >= 0.75


def test_own_axes_lead_from_mean_to_mean():
    a, b, c, d = (np.flatnonzero(i == LABELS) for i in range(4))
    points = own_axes(X, [(a, b), (c, d)], 2).place(X)
    assert points[a, 0].mean() == pytest.approx(0, abs=1e-4)
    assert points[b, 0].mean() == pytest.approx(1, abs=1e-4)
    assert points[d, 1].mean() > points[c, 1].mean()
    alone = own_axes(X, [(a, b), None], 2).place(X)
    np.testing.assert_allclose(alone[:, 0], points[:, 0], atol=1e-4)
    assert abs(np.corrcoef(alone.T)[0, 1]) < 0.3
    with pytest.raises(SettingError, match="same mean"):
        own_axes(X, [(a, a)], 2)
    with pytest.raises(SettingError, match="no point"):
        own_axes(X, [(a, a[:0])], 2)


def test_the_numbers_themselves():
    two = X[:, :2]
    np.testing.assert_array_equal(make_map(two, MapConfig(kind="code")).points, two)
    assert make_map(X[:, :1], MapConfig(kind="code")).points.shape == (240, 2)
    with pytest.raises(SettingError, match="cannot show 10"):
        make_map(X, MapConfig(kind="code"))


@pytest.mark.parametrize("kind", ["pca", "umap", "tsne", "random"])
@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_few_points(kind, count):
    made = make_map(X[:count], MapConfig(kind=kind, steps=20))
    assert made.points.shape == (count, 2)
    assert np.isfinite(made.points).all()


@pytest.mark.parametrize("kind", ["pca", "umap", "tsne"])
def test_copies_and_still_numbers(kind):
    same = np.ones((40, 5), np.float32)
    made = make_map(same, MapConfig(kind=kind, steps=20))
    assert "All vectors are equal" in " ".join(made.notes)
    assert np.isfinite(made.points).all()
    half = np.repeat(X[:30], 4, axis=0)
    half[:, 3] = 7
    made = make_map(half, MapConfig(kind=kind, steps=20))
    assert np.isfinite(made.points).all()
    assert "1 of 10 numbers are constant" in " ".join(made.notes)


def test_values_that_are_none():
    bad = X.copy()
    bad[7, 2] = np.nan
    with pytest.raises(DataError, match=r"Vector 7, number 2 is nan; expected a finite number\. 1 of 240"):
        make_map(bad, UMAP)
    with pytest.raises(DataError, match="no vectors"):
        make_map(X[:0], UMAP)


def test_fewer_points_than_neighbors_is_said():
    made = make_map(X[:9], MapConfig(kind="umap", steps=20))
    assert "each has 8 neighbors, not 15" in " ".join(made.notes)


def test_settings_that_do_not_count_make_no_other_map():
    assert what_counts(MapConfig(perplexity=9)) == what_counts(MapConfig())
    assert what_counts(MapConfig(kind="tsne", perplexity=9)) != what_counts(MapConfig(kind="tsne"))
