"""Runs side by side: the settings that differ, who is best, seeds together, and what cannot be compared."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import pytest

from selfsup_core.errors import RunError
from selfsup_core.runs.comparing import Comparison, compare, read_compared
from selfsup_core.runs.folder import RunFolder, read_rows, read_state, update_state
from selfsup_core.runs.queue import submit
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.signs import epoch_rows
from tests.cli.helpers import cli
from tests.helpers import make_run, run_here


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with two seeds of one recipe, one with another learning rate and fewer epochs, and one of
    another objective.
    """
    workspace = tmp_path_factory.mktemp("compared")
    for changes in (
        {"seed": 0},
        {"seed": 1},
        {"train__learning_rate": 0.05, "train__epochs": 2},
        {"objective__kind": "denoising"},
    ):
        run_here(make_run(workspace, **changes))
    return workspace


@pytest.fixture(scope="module")
def runs(place: Path) -> list[str]:
    return sorted(path.name for path in (place / "runs").iterdir() if path.is_dir())


def by_seed(place: Path, runs: list[str]) -> list[str]:
    """The ids in the order in which the runs were made: of one second, an id says nothing of it."""
    found = read_compared(place, runs)
    order = [
        (0, "reconstruction", 3),
        (1, "reconstruction", 3),
        (0, "reconstruction", 2),
        (0, "denoising", 3),
    ]
    at = {(one.spec.seed, one.spec.objective.kind, one.spec.train.epochs): one.folder.id for one in found}
    return [at[key] for key in order]


def side_by_side(place: Path, runs: list[str], *chosen: int, epoch: int | None = None) -> Comparison:
    ids = by_seed(place, runs)
    return compare(read_compared(place, [ids[i] for i in chosen]), epoch)


def test_only_the_settings_that_differ_are_given(place, runs):
    found = side_by_side(place, runs, 0, 2)
    assert {one["path"]: one["values"] for one in found["settings"]} == {
        "train.epochs": ["3", "2"],
        "train.learning_rate": ["0.001", "0.05"],
    }
    assert side_by_side(place, runs, 0, 1)["settings"][0]["path"] == "seed"


def test_a_setting_that_only_one_objective_has_is_missing_of_the_other(place, runs):
    found = {one["path"]: one["values"] for one in side_by_side(place, runs, 0, 3)["settings"]}
    assert found["objective.kind"] == ["reconstruction", "denoising"]
    assert found["objective.noise"][0] is None
    assert found["objective.noise"][1] is not None


def test_values_are_those_of_the_epoch_and_the_best_is_marked(place, runs):
    ids = by_seed(place, runs)
    found = side_by_side(place, runs, 0, 1, 2, epoch=1)
    mse = next(one for one in found["metrics"] if one["name"] == "val_mse")
    for run, value in zip(ids, mse["values"], strict=False):
        rows = epoch_rows(read_rows(RunFolder(place / "runs" / run).metrics))
        assert value == next(row["val_mse"] for row in rows if row["epoch"] == 1)
    assert mse["best"] == [mse["values"].index(min(mse["values"]))]
    assert [about["at"] for about in found["runs"]] == [1, 1, 1]
    # The shorter run stays at its last epoch.
    assert [about["at"] for about in side_by_side(place, runs, 0, 2)["runs"]] == [3, 2]


def test_runs_that_differ_in_their_seed_alone_are_joined(place, runs):
    found = side_by_side(place, runs, 0, 2, 1)
    (group,) = found["seeds"]
    assert (group["places"], group["seeds"]) == ([0, 2], [0, 1])
    mse = next(one for one in found["metrics"] if one["name"] == "val_mse")
    values = [mse["values"][0], mse["values"][2]]
    assert group["metrics"]["val_mse"] == {
        "mean": statistics.fmean(values),
        "sd": statistics.stdev(values),
        "n": 2,
    }
    assert side_by_side(place, runs, 0, 2)["seeds"] == []


def test_other_objectives_have_other_losses(place, runs):
    found = side_by_side(place, runs, 0, 3)
    marks = {one["name"]: (one["unfair"], one["best"]) for one in found["metrics"]}
    assert marks["val_loss"] == ("The objectives differ.", [])
    assert marks["val_mse"][0] == ""
    assert len(marks["val_mse"][1]) == 1
    assert any("losses are different quantities" in note for note in found["notes"])
    assert found["same_samples"]


def test_the_same_recipe_needs_no_note(place, runs):
    assert side_by_side(place, runs, 0, 1)["notes"] == []


def test_other_devices_or_threads_are_said(place, runs):
    one, two = by_seed(place, runs)[:2]
    folder = RunFolder(place / "runs" / two)
    device = read_state(folder)["device"]
    update_state(folder, device=device | {"label": "CPU, 7 threads"})
    try:
        (note,) = compare(read_compared(place, [one, two]))["notes"]
        assert "CPU, 1 thread; CPU, 7 threads" in note
    finally:
        update_state(folder, device=device)


def test_the_same_start_is_said_and_what_of_it_differs(place, runs):
    one, _, three, _ = by_seed(place, runs)
    folder = RunFolder(place / "runs" / three)
    kept = read_state(folder)["identity"]

    def notes(**changes: object) -> str:
        update_state(folder, identity=kept | changes)
        return " ".join(compare(read_compared(place, [one, three]))["notes"])

    try:
        assert "Same conditions: " in notes()
        said = notes(code="0" * 64, versions=kept["versions"] | {"torch": "1.0"})
        torch = kept["versions"]["torch"]
        assert f"Not the same conditions: the code of the program, torch ({torch}; 1.0)" in said
        said = notes(data="0" * 64)
        assert "The data set has been changed between these runs" in said
        found = compare(read_compared(place, [one, three]))
        assert {measure["unfair"] for measure in found["metrics"] if measure["better"]} == {
            "The data differ."
        }
        state = read_state(folder)
        del state["identity"]  # as an earlier version left it
        folder.state.write_text(json.dumps(state))
        assert "ame conditions" not in " ".join(compare(read_compared(place, [one, three]))["notes"])
    finally:
        update_state(folder, identity=kept)


def test_other_validation_rows_are_not_ranked(place, runs):
    other = make_run(place, data__split_seed=5)
    try:
        found = compare(read_compared(place, [by_seed(place, runs)[0], other.id]))
        assert all(one["best"] == [] for one in found["metrics"])
        assert "different validation or test rows" in found["notes"][0]
    finally:
        remove(other)


@pytest.mark.parametrize(
    ("preset", "source", "said"),
    [
        ("dense-table", "breast-cancer", "trained on different data: Wine"),
        ("classify-table", "wine", "of different kinds: autoencoder, classifier"),
    ],
)
def test_what_cannot_be_compared_is_said(place, runs, preset, source, said):
    other = submit(place, preset_spec(preset, {"data.source": source}))
    try:
        found = compare(read_compared(place, [by_seed(place, runs)[0], other.id]))
        assert any(said in note for note in found["notes"])
        assert not found["same_samples"]
        assert all(one["best"] == [] for one in found["metrics"])
    finally:
        remove(other)


def remove(folder: RunFolder) -> None:
    import shutil

    shutil.rmtree(folder.path)


@pytest.mark.parametrize(
    ("chosen", "said"),
    [((0,), "2 to 100 runs; found 1"), ((0, 0), "named twice"), ((), "found 0")],
)
def test_too_few_runs_and_one_twice_are_refused(place, runs, chosen, said):
    with pytest.raises(RunError, match=said):
        read_compared(place, [runs[i] for i in chosen])


def test_a_run_that_is_not_there_and_one_with_damaged_settings_are_named(place, runs):
    with pytest.raises(RunError, match="There is no run 'nowhere'"):
        read_compared(place, [runs[0], "nowhere"])
    other = make_run(place)
    try:
        other.spec.write_text("train: [")
        with pytest.raises(RunError, match=f"settings of the run '{other.id}' cannot be read"):
            read_compared(place, [runs[0], other.id])
    finally:
        remove(other)


def test_the_command_says_the_same(place, runs):
    ids = by_seed(place, runs)
    answer = cli("runs", "compare", *ids[:3], "--json", workspace=place)
    assert json.loads(answer.stdout) == json.loads(json.dumps(side_by_side(place, runs, 0, 1, 2)))
    text = cli("runs", "compare", *ids[:3], workspace=place).stdout
    assert "train.learning_rate" in text
    assert "(n = 2)" in text
    refused = cli("runs", "compare", ids[0], workspace=place)
    assert refused.returncode == 1
    assert "2 to 100 runs" in refused.stderr
