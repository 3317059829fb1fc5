"""What a machine can carry: reckoned from what was measured, and measured by training for real."""

from __future__ import annotations

import pytest

from pages.parts.shared import carry, viewer
from selfsup_core.room.store import Room
from selfsup_core.runs.memory_left import RESERVE_BYTES, WORKER_BYTES
from selfsup_core.workers.measure import Carries, how_many, measure
from tests.helpers import make_run, run_here

PLENTY = 10**12


@pytest.mark.parametrize(
    ("alone", "together", "count", "cores", "free", "expected"),
    [
        (100.0, 190.0, 2, 2, PLENTY, 2),
        (100.0, 130.0, 2, 2, PLENTY, 1),  # two at once hardly finish more
        (100.0, 60.0, 2, 2, PLENTY, 1),
        (100.0, 400.0, 4, 16, PLENTY, 16),
        (100.0, 200.0, 4, 16, PLENTY, 8),
        (100.0, 190.0, 2, 2, RESERVE_BYTES + WORKER_BYTES, 1),
        (100.0, 190.0, 2, 2, 0, 1),
        (100.0, 500.0, 2, 2, PLENTY, 2),  # never more than cores
    ],
)
def test_how_many_runs_at_once(alone, together, count, cores, free, expected):
    assert how_many(alone, together, count=count, cores=cores, free=free) == expected


def test_the_sentence_says_what_a_class_waits_for():
    found = Carries(runs=2, run_seconds=16.0, update_seconds=0.005)
    assert found.minutes(30) == pytest.approx(15 * 16 / 60)
    said = carry.sentence(found)
    assert "2 runs at a time and 100 live views" in said
    assert "about 4 min" in said
    assert carry.viewers(Carries(1, 1.0, 0.2)) == 2
    assert carry.viewers(Carries(1, 1.0, 0.0)) == carry.MOST_VIEWERS


def test_it_is_measured_by_training(workspace, monkeypatch):
    """Also what an update costs: asked of the routes as a viewer of the room that is about to open."""
    monkeypatch.setattr(viewer, "access", viewer.Access(workspace=workspace, room=Room(workspace)))
    costs = []

    def look(place, run):
        costs.append(carry.update_cost(place, run))
        assert place != workspace
        return costs[0]

    found = measure(look, seconds=0.5)
    assert found.runs >= 1
    assert found.run_seconds > 0
    assert [found.update_seconds] == costs
    assert costs[0] > 0


def test_an_update_that_is_refused_is_not_taken_for_a_quick_one(workspace, monkeypatch):
    folder = make_run(workspace)
    run_here(folder)
    monkeypatch.setattr(viewer, "access", viewer.Access(workspace=workspace, room=Room(workspace)))
    assert carry.update_cost(workspace, folder.id) > 0
    monkeypatch.setattr(carry, "sign", lambda *_: "wrong")
    with pytest.raises(RuntimeError, match="403"):
        carry.update_cost(workspace, folder.id)
