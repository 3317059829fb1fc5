"""The supervised twin of a run that learns from views: what it learns from, that it resumes bit for bit, and
that the run beside it is the same with and without it.
"""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from selfsup_core.runs.folder import read_rows
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.runs.spec import make_spec
from selfsup_core.tasks.parts.supervised import Fit
from selfsup_core.tasks.parts.twin import EVERY, Twin
from selfsup_core.tasks.views import ViewsTask
from tests.helpers import (
    frame_bytes,
    kill_and_resume,
    last_tensors,
    make_run,
    rows_without_times,
    run_here,
    same,
)
from tests.tasks.views_helpers import TINY

# 40 steps of 64 rows an epoch; of the twin 17 on its 15 rows, and 100 in all.
SEEN = {"train.steps_per_epoch": 40, "data.labels_per_class": 5, "data.validation": 0.3, "model.dropout": 0.1}


def spec_of(**changes):
    return make_spec(TINY, SEEN | {name.replace("__", "."): value for name, value in changes.items()})


@pytest.fixture(scope="module")
def wine(tmp_path_factory):
    folder = make_run(tmp_path_factory.mktemp("twin"), spec_of(train__epochs=13))
    return folder, run_here(folder)


def twin_rows(folder):
    return [row["twin_probe_accuracy"] for row in epoch_rows(read_rows(folder.metrics))]


def test_it_has_a_number_for_each_epoch_and_learns(wine):
    folder, state = wine
    assert state["status"] == "finished", state["error"]
    rows = epoch_rows(read_rows(folder.metrics))
    steps = [min(100, epoch * 40 * 64 // (EVERY * 15)) / 100 for epoch in range(14)]  # 15 labels, a batch
    assert [row["twin_trained"] for row in rows] == steps
    found = twin_rows(folder)
    assert max(found) > found[0] + 0.2
    assert state["metrics"]["twin_probe_accuracy"] == found[-1]
    assert found[steps.index(1.0) :] == found[-1:] * (14 - steps.index(1.0)), "it has had all of its steps"


def test_the_verdict_names_it_and_says_how_it_compares(wine):
    _, state = wine
    share = f"{100 * state['metrics']['twin_probe_accuracy']:.1f}%"
    assert f"trained on these labels alone (supervised twin) reaches {share}" in state["verdict"]["text"]


def test_it_costs_at_most_a_tenth_of_the_steps_and_no_step_is_done_twice(monkeypatch):
    done = []
    monkeypatch.setattr(Fit, "__init__", lambda self: None)
    monkeypatch.setattr(
        Fit, "advance", lambda self: (done.append(self.step), setattr(self, "step", self.step + 1))
    )
    monkeypatch.setattr(Fit, "measure", lambda self: 0.5)
    fit = Fit()
    fit.x, fit.step = torch.zeros(3000, 2), 0
    twin = Twin(fit, rows=3500)
    for epoch in (0, 1, 2, 2, 3):
        twin.follow(epoch)
        assert len(done) * 64 <= epoch * 2 * 3500 / 10
    assert done == list(range(3 * 3500 // (EVERY * 64)))


def test_the_run_beside_it_is_bit_for_bit_the_same(workspace: Path):
    """What it draws (views, dropout, first weights) is its own."""
    folders = [make_run(workspace, spec_of(objective__twin=one)) for one in (True, False)]
    states = [run_here(folder) for folder in folders]
    mine, other = (
        {name: value for name, value in last_tensors(folder).items() if "task/twin/" not in name}
        for folder in folders
    )
    assert same(mine, other)
    assert frame_bytes(folders[0]) == frame_bytes(folders[1])
    rows, others = (
        [{k: v for k, v in row.items() if not k.startswith("twin_")} for row in rows_without_times(folder)]
        for folder in folders
    )
    assert rows == others
    assert "twin_probe_accuracy" not in states[1]["metrics"]
    assert not any("twin" in name for name in last_tensors(folders[1]))
    assert "supervised twin" not in states[1]["verdict"]["text"]


@pytest.mark.parametrize("saves", [2, 7])
def test_killed_and_resumed_it_is_bit_for_bit_the_same(saves, workspace: Path, monkeypatch):
    spec = spec_of(train__checkpoint_seconds=1e-6)
    whole, cut = make_run(workspace, spec), make_run(workspace, spec)
    first = run_here(whole)
    again = kill_and_resume(cut, monkeypatch, saves=saves)
    assert any("task/twin/fit/optimizer" in name for name in last_tensors(whole))
    assert same(last_tensors(whole), last_tensors(cut))
    assert twin_rows(whole) == twin_rows(cut)
    assert rows_without_times(whole) == rows_without_times(cut)
    assert first["verdict"] == again["verdict"]
    assert first["metrics"] == again["metrics"]


def test_it_learns_from_the_labels_of_the_probe_alone(workspace: Path, monkeypatch):
    seen = {}
    real = Fit.__post_init__
    monkeypatch.setattr(Fit, "__post_init__", lambda self: (seen.update(fit=self), real(self))[1])
    tasks = []
    begin = ViewsTask.__init__
    monkeypatch.setattr(ViewsTask, "__init__", lambda self, c: (tasks.append(self), begin(self, c))[1])
    run_here(make_run(workspace, spec_of(train__epochs=1)))
    fit, task = seen["fit"], tasks[0]
    data, evaluator = task.data, task.evaluator
    assert set(evaluator.references) <= set(data.split.train)
    assert len(fit.x) == 15, "five labels per class"
    assert torch.equal(fit.x, data.values(data.rows(evaluator.references)))
    assert torch.equal(fit.held_x, data.values(data.rows(evaluator.queries)))
    assert set(evaluator.queries) <= set(data.split.validation)
    assert fit.y.tolist() == data.y[evaluator.references].tolist()


def test_hidden_labels_and_test_rows_change_nothing(workspace: Path, monkeypatch):
    """The twin is given other labels of all rows that the probe does not look at, and broken test rows."""
    from selfsup_core.tasks import views

    folder, other = make_run(workspace, spec_of()), make_run(workspace, spec_of())
    run_here(folder)
    real, changed = views.make_twin, []

    def blinded(spec, evaluator, *rest):
        data = evaluator.data
        hidden = np.setdiff1d(np.arange(len(data.y)), [*evaluator.references, *evaluator.queries])
        y, x = data.y.copy(), data.x.clone()
        y[hidden] = (y[hidden] + 1) % 3
        x[torch.from_numpy(data.split.test)] = float("nan")
        changed.append(len(hidden))
        given = copy.copy(evaluator)
        given.data = dataclasses.replace(data, x=x, y=y)
        return real(spec, given, *rest)

    monkeypatch.setattr(views, "make_twin", blinded)
    run_here(other)
    assert changed[0] > 50
    assert twin_rows(other) == twin_rows(folder)


def test_without_labels_there_is_none(workspace: Path, monkeypatch):
    from selfsup_core.tasks import views

    real = views.open_source
    monkeypatch.setattr(
        views, "open_source", lambda *a, **k: dataclasses.replace(real(*a, **k), y=None, classes=())
    )
    state = run_here(make_run(workspace, spec_of(train__epochs=1)))
    assert state["status"] == "finished", state["error"]
    assert "twin_probe_accuracy" not in state["metrics"]


def test_a_run_that_began_without_one_goes_on_without_one(workspace: Path, monkeypatch):
    """As those of earlier versions."""
    folder = make_run(workspace, spec_of(train__checkpoint_seconds=1e-6))
    state = ViewsTask.state
    monkeypatch.setattr(
        ViewsTask, "state", lambda self: {k: v for k, v in state(self).items() if k != "twin"}
    )
    found = kill_and_resume(folder, monkeypatch, saves=3)
    assert found["status"] == "finished", found["error"]
    assert any("began without a supervised twin" in notice for notice in found["notices"])
    assert "twin_probe_accuracy" not in found["metrics"]
