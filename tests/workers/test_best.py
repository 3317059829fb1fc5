"""The best epoch of a run, early stopping, and what of a run's time counts."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from selfsup_core.workers.best import BestEpoch
from selfsup_core.workers.pace import Pace


def task_of(chosen_by: str | None, settled_from: float = 0.0) -> SimpleNamespace:
    objective = SimpleNamespace(settled_from=settled_from)
    return SimpleNamespace(chosen_by=chosen_by, objective=objective, kept_model=torch.nn.Linear(2, 1))


def look(best: BestEpoch, epoch: int, **metrics: float) -> bool:
    is_better = best.is_beaten(epoch, metrics)
    best.note(epoch, metrics, is_better=is_better)
    return is_better


def test_the_lowest_loss_is_the_best_and_epochs_since_are_counted():
    best = BestEpoch(task_of("val_loss"), patience=2)
    outcomes = [look(best, epoch, val_loss=loss) for epoch, loss in enumerate([0.9, 0.5, 0.6, 0.4, 0.4, 0.7])]
    assert outcomes == [False, True, False, True, False, False]  # epoch 0 is the network before training
    assert best.found == {"epoch": 3, "val_loss": 0.4}
    assert (best.since, best.has_stalled) == (2, True)


def test_the_last_epoch_before_a_stop_is_known_beforehand():
    best = BestEpoch(task_of("val_loss"), patience=2)
    look(best, 1, val_loss=0.5)
    look(best, 2, val_loss=0.6)
    assert best.will_stall(is_better=False)
    assert not best.will_stall(is_better=True)
    assert not BestEpoch(task_of("val_loss"), patience=0).will_stall(is_better=False)


def test_losses_that_do_not_mean_the_same_yet_are_not_compared():
    best = BestEpoch(task_of("val_loss", settled_from=3.0), patience=0)
    assert [look(best, epoch, val_loss=float(epoch)) for epoch in range(1, 6)] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert best.found == {"epoch": 3, "val_loss": 3.0}


def test_a_task_may_choose_by_another_loss_or_by_none():
    best = BestEpoch(task_of("choice_loss"), patience=0)
    look(best, 1, val_loss=0.1, choice_loss=0.9)
    assert look(best, 2, val_loss=0.3, choice_loss=0.2)
    assert best.found == {"epoch": 2, "val_loss": 0.3, "choice_loss": 0.2}
    none = BestEpoch(task_of(None), patience=1)
    none.go_on({"epoch": 4, "val_loss": 0.1}, 3)
    assert not look(none, 5, val_loss=0.0)
    assert (none.found, none.since, none.checkpoint) == (None, 3, "")


def test_weights_are_written_once_and_read_unless_the_last_epoch_is_the_best(tmp_path: Path):
    task = task_of("val_loss")
    best, belongs, said = BestEpoch(task, patience=0), {"spec": "a", "data": "b"}, []
    for epoch, loss in ((1, 0.5), (2, 0.4)):
        with torch.no_grad():
            task.kept_model.weight.fill_(float(epoch))
        look(best, epoch, val_loss=loss)
        best.write(tmp_path, belongs, lambda write: write())
        assert best.weights is None
    assert [path.name for path in tmp_path.iterdir()] == ["best-000002"]
    assert best.read(tmp_path, belongs, 2, said.append) is None
    found = best.read(tmp_path, belongs, 3, said.append)
    assert found is not None
    assert found["weight"].tolist() == [[2.0, 2.0]]
    assert said == []
    (tmp_path / "best-000002" / "tensors.safetensors").write_bytes(b"x" * 40)
    assert best.read(tmp_path, belongs, 3, said.append) is None
    assert len(said) == 1
    assert said[0].endswith("The last epoch's weights were used.")


def test_time_that_is_no_training_does_not_count():
    clock = SimpleNamespace(now=10.0)
    keeper = SimpleNamespace(elapsed=lambda: clock.now, state={"epochs_per_second": 0.0})
    loop = SimpleNamespace(progress=0.0, seconds=0.0, rows_per_epoch=100, config=SimpleNamespace(epochs=5))
    pace = Pace(keeper, loop)
    pace.start()
    assert pace.seconds_left() is None
    clock.now, loop.progress, loop.seconds = 12.0, 1.0, 2.0
    assert pace.seconds_left() == pytest.approx(8.0)
    assert pace.samples_per_second() == pytest.approx(50.0)
    clock.now = 42.0  # thirty seconds of something else
    pace.leave_out(12.0)
    assert pace.seconds_left() == pytest.approx(8.0)
    keeper.state["epochs_per_second"] = 0.1
    assert pace.seconds_left() == pytest.approx(40.0)
    pace.start_epoch()
    assert pace.samples_per_second() is None
