"""Branches: unchanged ones repeat their parent bit for bit, changed ones differ from there on; bad wishes are
refused in words.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from selfsup_core.errors import RunError, SettingError
from selfsup_core.runs.branching import branch, lineage, list_starts
from selfsup_core.runs.folder import RunFolder, list_states, read_rows, read_state
from selfsup_core.runs.queue import withdraw
from selfsup_core.runs.spec import read_spec
from selfsup_core.runs.thinned import list_frames
from selfsup_core.train import loop
from tests.cli.helpers import cli
from tests.helpers import frame_bytes, last_tensors, make_run, rows_without_times, run_here, same


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Five epochs, with checkpoints of the ends of the last two."""
    folder = make_run(tmp_path_factory.mktemp("branches"), train__epochs=5, train__checkpoint_seconds=0.01)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "TICK_SECONDS", 1e9)  # nothing is saved within an epoch
        run_here(folder)
    return folder


def grow(folder: RunFolder, epoch: int, changes: dict[str, object] | None = None) -> RunFolder:
    """A branch, trained in this process."""
    made = branch(folder, epoch, changes)
    assert withdraw(made)
    made.control.mkdir()
    assert run_here(made)["status"] == "finished"
    return made


def test_checkpoints_and_weights_can_be_gone_on_from(parent):
    starts = {start.epoch: start.path is not None for start in list_starts(parent)}
    assert starts == {1: False, 2: False, 3: False, 4: True, 5: True}


def test_an_unchanged_branch_repeats_its_parent_bit_for_bit(parent):
    made = grow(parent, 4)
    assert same(last_tensors(made), last_tensors(parent))
    assert rows_without_times(made) == rows_without_times(parent)
    assert frame_bytes(made) == frame_bytes(parent)
    state = read_state(made)
    assert (state["parent"], state["branched_at"]) == (parent.id, 4)
    assert read_spec(made.spec).digest() == read_spec(parent.spec).digest()
    assert read_state(parent)["status"] == "finished"


def test_a_changed_setting_holds_from_there_on(parent):
    made = grow(parent, 4, {"train.learning_rate": 0.05, "train.epochs": 6, "train.beta2": 0.9})
    rows = [row for row in read_rows(made.metrics) if row["kind"] == "epoch"]
    before = [row for row in read_rows(parent.metrics) if row["kind"] == "epoch"]
    assert [row["val_mse"] for row in rows[:5]] == [row["val_mse"] for row in before[:5]]
    assert rows[5]["val_mse"] != before[5]["val_mse"]
    assert [row["learning_rate"] for row in rows[4:]] == [0.001, 0.05, 0.05]
    saved = json.loads((sorted(made.checkpoints.glob("step-*"))[-1] / "state.json").read_bytes())
    assert '["betas", [0.9, 0.9]]' in json.dumps(saved)
    assert read_state(made)["name"].endswith("from epoch 4 · learning rate 0.05 · epochs 6 · beta2 0.9")


def test_kept_weights_are_enough_and_it_is_said(parent):
    made = grow(parent, 2)
    rows = [row for row in read_rows(made.metrics) if row["kind"] == "epoch"]
    before = [row for row in read_rows(parent.metrics) if row["kind"] == "epoch"]
    assert [(row["epoch"], row["step"]) for row in rows] == [(row["epoch"], row["step"]) for row in before]
    assert [row["val_mse"] for row in rows[:3]] == [row["val_mse"] for row in before[:3]]
    # The weights are those of epoch 2 and not of a new network, which would be far worse.
    assert rows[3]["val_mse"] < before[2]["val_mse"]
    assert list_frames(made.frames) == list_frames(parent.frames)
    assert any("the optimizer begins anew" in notice for notice in read_state(made)["notices"])


def test_a_branch_shows_its_past_while_it_waits(parent):
    made = branch(parent, 4)
    assert list_frames(made.frames) == [0, 1, 2, 3, 4]
    assert read_state(made)["epoch"] == 4
    assert withdraw(made)


@pytest.mark.parametrize(
    ("epoch", "changes", "error", "said"),
    [
        (9, {}, RunError, "no checkpoint or weights of epoch 9"),
        (0, {}, RunError, "no checkpoint or weights of epoch 0"),
        (5, {}, SettingError, "must be above 5"),
        (4, {"model.widths": [9, 4]}, SettingError, "model.widths. cannot be changed in a branch"),
        (4, {"data.source": "digits"}, SettingError, "data.source. cannot be changed"),
        (4, {"objective.kind": "denoising"}, SettingError, "objective.kind. cannot be changed"),
        (4, {"train.weight_decay": 0.1}, SettingError, "switched on or off"),
        (4, {"train.learning_rate": -1}, SettingError, "learning_rate"),
        (4, {"train.nothing": 1}, SettingError, "nothing"),
    ],
)
def test_what_cannot_be_branched_is_said_and_leaves_nothing(parent, epoch, changes, error, said):
    before = {state["run"] for state in list_states(parent.workspace)}
    with pytest.raises(error, match=said):
        branch(parent, epoch, changes)
    assert {state["run"] for state in list_states(parent.workspace)} == before


def test_a_damaged_checkpoint_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(loop, "TICK_SECONDS", 1e9)
    folder = make_run(tmp_path, train__epochs=2, train__checkpoint_seconds=0.01)
    run_here(folder)
    for path in folder.checkpoints.glob("step-*/tensors.safetensors"):
        path.write_bytes(path.read_bytes()[:-4] + b"oops")
    with pytest.raises(RunError, match="is damaged"):
        branch(folder, 1)
    assert len(list(list_states(tmp_path))) == 1


def test_the_tree_is_told_from_any_of_its_runs(tmp_path: Path):
    first = make_run(tmp_path, train__epochs=2)
    run_here(first)
    second = branch(first, 1)
    third = branch(first, 2, {"train.epochs": 3, "name": "longer"})
    tree = lineage(tmp_path, first.id)
    assert lineage(tmp_path, third.id) == tree
    assert [(node["at"], node["depth"]) for node in tree] == [(None, 0), *[(n["at"], 1) for n in tree[1:]]]
    assert {node["run"]: node["at"] for node in tree} == {first.id: None, second.id: 1, third.id: 2}
    printed = cli("runs", "tree", second.id, workspace=tmp_path).stdout.splitlines()
    assert printed[0].startswith(first.id)
    assert any("from epoch 2: " in line and "longer" in line for line in printed[1:])
    assert [node["run"] for node in lineage(tmp_path, "nowhere")] == []
