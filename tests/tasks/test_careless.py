"""The careless way beside the recommended one: it harms on uneven classes, and touches neither student nor
twin.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from selfsup_core.runs.folder import read_rows
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.tasks.parts.careless import Careless
from tests.helpers import kill_and_resume, make_run, rows_without_times, run_here
from tests.tasks.test_pseudo import AGREEING, equal, networks, save_table, spec_of

RECOMMENDED = AGREEING | {"objective__pseudo_weight": 0.2, "objective__first_share": 0.3}


@pytest.fixture
def uneven(workspace: Path) -> Path:
    """Two clouds that touch; one row in twelve is of the second class."""
    generator = np.random.default_rng(5)
    truth = (np.arange(480) % 12 == 0).astype(np.int32)
    x = generator.normal(size=(480, 4)) + 3.0 * np.outer(truth, [1, 1, 0, 0])
    save_table(workspace, "my-uneven", x, truth, ("often", "rare"))
    return workspace


def run_of(workspace: Path, **overrides: Any) -> Any:
    return make_run(workspace, spec_of("my-uneven", data__labels_per_class=5, **RECOMMENDED | overrides))


def test_it_harms_on_uneven_classes_and_leaves_student_and_twin_alone(uneven: Path):
    shown, plain = run_of(uneven, objective__careless=True), run_of(uneven)
    with_it, without = run_here(shown), run_here(plain)
    assert with_it["status"] == without["status"] == "finished"
    networks_shown, networks_plain = networks(shown), networks(plain)
    for name in ("student", "twin", "ceiling"):
        assert equal(networks_shown[name], networks_plain[name])
    assert "careless" not in networks_plain
    metrics = with_it["metrics"]
    assert metrics["careless_accuracy"] < metrics["twin_accuracy"] - 0.05
    assert metrics["careless_accuracy"] < metrics["accuracy"] - 0.05
    assert "points below the given labels alone" in with_it["verdict"]["text"]
    assert "safeguards" not in without["verdict"]["text"]
    rows = epoch_rows(read_rows(shown.metrics))
    assert all("careless_accuracy" in row for row in rows)
    assert rows[0]["careless_accuracy"] == rows[0]["twin_accuracy"]


@pytest.mark.parametrize("solver", ["exact", "steps"])
def test_killed_and_resumed_it_ends_bit_for_bit_the_same(uneven: Path, monkeypatch, solver: str):
    spec: dict[str, Any] = {"objective__careless": True, "model__solver": solver}
    whole, cut = (run_of(uneven, **spec, train__checkpoint_seconds=1e-6) for _ in range(2))
    run_here(whole)
    kill_and_resume(cut, monkeypatch, saves=4)
    assert equal(networks(whole)["careless"], networks(cut)["careless"])
    assert rows_without_times(whole) == rows_without_times(cut)


def test_as_many_of_each_class_are_kept():
    """Nine of ten proposals are of class 0, and yet half of what is kept is of class 1."""
    spread = np.tile([0.8, 0.2], (90, 1)).astype(np.float32)
    spread = np.concatenate([spread, np.tile([0.3, 0.7], (10, 1)).astype(np.float32)])
    found = Careless(spread)
    found.choose(None, 0.1)
    kept = np.bincount(found.next[found.next >= 0])
    assert kept[1] == 9  # of 100, a share of .1 + .1 · .85, half of it for each class
    assert kept[0] == 9
    assert (found.labels == -1).all()
    found.turn()
    assert (found.labels == found.next).all()
