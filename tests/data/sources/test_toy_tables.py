"""Swiss roll and moons: the same rows each time, balanced classes, and the shape that they are known for."""

from __future__ import annotations

import numpy as np
import pytest

from selfsup_core.data.sources import SOURCES


@pytest.mark.parametrize(("name", "counts"), [("swiss-roll", [375] * 4), ("moons", [500] * 2)])
def test_set_is_what_the_source_says(name, counts):
    source = SOURCES[name]
    dataset, again = source.build(), source.build()
    assert np.array_equal(dataset.x, again.x)
    assert np.array_equal(dataset.y, again.y)
    assert (len(dataset), dataset.item_shape) == (source.samples, source.shape)
    assert len(dataset.columns) == source.shape[0]
    assert len(dataset.classes) == source.classes
    assert np.bincount(dataset.y).tolist() == counts
    assert dataset.x.dtype == np.float32
    assert np.isfinite(dataset.x).all()


def test_roll_winds_outwards_by_class():
    dataset = SOURCES["swiss-roll"].build()
    # The radius in the plane of x and z is the angle.
    radius = np.hypot(dataset.x[:, 0], dataset.x[:, 2])
    means = [radius[dataset.y == label].mean() for label in range(4)]
    assert means == sorted(means)
    assert np.corrcoef(radius, dataset.y)[0, 1] > 0.9


def test_upper_moon_is_up():
    dataset = SOURCES["moons"].build()
    assert dataset.x[dataset.y == 0, 1].mean() > dataset.x[dataset.y == 1, 1].mean() + 0.5
