"""Under a label budget the given labels alone choose the epoch that is kept, or none does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from selfsup_core.features.config import DataConfig
from selfsup_core.files import read_json
from selfsup_core.runs.folder import read_state
from selfsup_core.tasks.parts.aside import set_aside
from tests.helpers import make_run, run_here, same, weights
from tests.tasks.test_pseudo import make_table, scramble_hidden, spec_of

CHOOSING: dict[str, Any] = {
    "data__labels_per_class": 34,
    "data__validation": 0.3,
    "model__widths": [8],
    "train__epochs": 8,
    "train__patience": 2,
    "train__learning_rate": 0.2,
    "train__batch_size": 8,
    "train__steps_per_epoch": 0,
}


def labels(size: int = 400) -> np.ndarray:
    return np.arange(size) % 4


@pytest.mark.parametrize("budget", [{"labels_per_class": 50}, {"labels_fraction": 0.5}])
def test_a_share_of_the_given_labels_is_set_aside(budget):
    y, train = labels(), np.arange(200)
    found = set_aside(train, y, DataConfig(validation=0.2, **budget))
    assert np.bincount(y[found.aside]).tolist() == [10, 10, 10, 10]
    assert np.array_equal(np.union1d(found.train, found.aside), train)
    assert len(found.train) + len(found.aside) == 200
    assert found.chosen_by == "choice_loss"
    assert "40 of the 200 given labels are set aside" in found.note
    hidden = np.where(np.arange(400) < 200, y, 3 - y)
    again = set_aside(train, hidden, DataConfig(validation=0.2, **budget))
    assert np.array_equal(found.aside, again.aside)


def test_without_a_budget_validation_labels_choose():
    found = set_aside(np.arange(200), labels(), DataConfig(validation=0.2))
    assert (found.chosen_by, len(found.train), len(found.aside), found.note) == ("val_loss", 200, 0, "")


def test_with_few_labels_the_last_epoch_is_kept_and_it_is_said_why():
    found = set_aside(np.arange(40), labels(), DataConfig(labels_per_class=10), patience=3)
    assert found.chosen_by is None
    assert len(found.train) == 40
    assert "last epoch are kept: 40 labels are too few" in found.note
    assert "early stopping has no effect" in found.note
    assert "patience" not in set_aside(np.arange(40), labels(), DataConfig(labels_per_class=10)).note


def test_a_class_keeps_a_label_to_learn_from():
    y = np.array([0] * 70 + [1] * 2 + [2])
    for seed in range(20):
        found = set_aside(np.arange(73), y, DataConfig(labels_per_class=70, validation=0.5, split_seed=seed))
        assert len(found.aside) >= 30
        assert (np.bincount(y[found.train], minlength=3) >= 1).all()


def test_rows_of_a_group_stay_together():
    y, groups = labels(200), np.arange(200) // 8
    found = set_aside(np.arange(200), y, DataConfig(labels_fraction=0.9, validation=0.2), groups=groups)
    assert 30 <= len(found.aside) <= 40
    assert not set(groups[found.train]) & set(groups[found.aside])


def test_at_most_so_many_are_set_aside():
    found = set_aside(np.arange(400), labels(), DataConfig(labels_fraction=0.9, validation=0.5), most=100)
    assert len(found.aside) == 100


@pytest.mark.parametrize("enough", [True, False])
def test_hidden_labels_of_validation_rows_choose_nothing(workspace: Path, monkeypatch, enough: bool):
    """Weights, best epoch, early stop and the weights that are tested; the control is a run without a
    budget.
    """
    make_table(workspace, "my-clouds")
    few = {} if enough else {"data__labels_per_class": 5}
    spec = spec_of(objective={"kind": "cross-entropy"}, **CHOOSING | few)
    honest = make_run(workspace, spec)
    before = run_here(honest)
    assert before["status"] == "finished", before["error"]
    scramble_hidden(monkeypatch)
    blind = make_run(workspace, spec)
    after = run_here(blind)
    assert after["status"] == "finished", after["error"]
    assert same(weights(honest), weights(blind))
    assert before["stop_reason"] == after["stop_reason"]
    assert before["metrics"]["test_accuracy"] > after["metrics"]["test_accuracy"] + 0.3
    tested = [np.array(read_json(f.path / "test.json")["confusion"]).sum(axis=0) for f in (honest, blind)]
    assert np.array_equal(*tested), "the same weights are tested"
    if enough:
        assert before["best"]["epoch"] == after["best"]["epoch"] < before["epoch"]
        assert before["best"]["choice_loss"] == after["best"]["choice_loss"]
        assert "early stop" in before["stop_reason"]
    else:
        assert before["best"] is after["best"] is None
        assert before["epoch"] == 8
        assert any("last epoch are kept" in text for text in before["notices"])


def test_validation_labels_choose_where_all_labels_are_given(workspace: Path):
    make_table(workspace, "my-clouds")
    spec = spec_of(objective={"kind": "cross-entropy"}, **CHOOSING | {"data__labels_per_class": 0})
    state = run_here(make_run(workspace, spec))
    assert state["best"]["epoch"] < state["epoch"]
    assert "choice_loss" not in state["best"]


def test_with_pseudo_labels_no_epoch_is_chosen(workspace: Path):
    """The verdict is of the last epoch, so what is taken away is of the last epoch too."""
    from selfsup_core.export.run_classifier import load_run

    make_table(workspace, "my-clouds")
    folder = make_run(workspace, spec_of(train__patience=1, train__learning_rate=0.3))
    state = run_here(folder)
    assert state["best"] is read_state(folder)["best"] is None
    assert state["epoch"] == 4
    assert any("early stopping has no effect" in text for text in state["notices"])
    assert load_run(workspace, folder.id)[1] == 4
