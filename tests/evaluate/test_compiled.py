"""What numba compiled is kept for the next process, and computes the same."""

from __future__ import annotations

import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

from selfsup_core.evaluate.compiled import import_compiled
from selfsup_core.projection.umap_map import lay_out


def test_what_is_compiled_is_kept_on_disk():
    """numba counts what it found on disk or put there; without its cache it counts nothing."""
    function = import_compiled("umap.umap_").smooth_knn_dist
    function(np.linspace(0.5, 2, 12, dtype=np.float32).reshape(3, 4), 4.0)
    assert sum(function.stats.cache_hits.values()) + sum(function.stats.cache_misses.values()) >= 1


def test_where_nothing_can_be_kept_it_works_as_before(monkeypatch: pytest.MonkeyPatch):
    def refuse(function: Dispatcher) -> None:
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(Dispatcher, "enable_caching", refuse)
    import_compiled.cache_clear()
    from scipy.sparse import coo_matrix

    graph = coo_matrix(np.ones((4, 4)) - np.eye(4))
    start = np.array([[0.0, 0], [1, 0], [0, 1], [1, 1]])
    made = lay_out(graph, start, passes=3, min_dist=0.1, random=np.random.RandomState(0))
    assert made.shape == (4, 2)
    assert np.isfinite(made).all()
