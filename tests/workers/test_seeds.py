"""Repeating a run with other seeds: what is queued, and what all of them say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from selfsup_core.cli.main import app
from selfsup_core.cli.pseudo import repeat
from selfsup_core.cli.runs import runs_app
from selfsup_core.errors import RunError, SettingError
from selfsup_core.figures.seeds import seeds_figure
from selfsup_core.runs.folder import RunFolder, read_state
from selfsup_core.runs.queue import MAX_QUEUED, list_queue, withdraw
from selfsup_core.runs.spec import read_spec
from selfsup_core.workers.seeds import (
    OTHERS,
    band_of,
    describe_seeds,
    offer_splits,
    over_seeds,
    say_band,
    start_seeds,
    workspace_run,
)
from tests.helpers import make_run, run_here
from tests.tasks.test_pseudo import make_table, spec_of


def test_the_group_is_made_once_and_its_verdict_is_over_all(workspace: Path):
    make_table(workspace, "my-clouds")
    first = make_run(workspace, spec_of(train__epochs=3))
    run_here(first)
    assert over_seeds(first) is None
    made = start_seeds(first, 4, "token")
    assert len(made) == 3
    assert start_seeds(first, 4, "token") == []  # they are there
    folders = [RunFolder(workspace / "runs" / name) for name in made]
    assert [read_spec(f.spec).data.split_seed for f in folders] == [1, 2, 3]
    assert over_seeds(first)["waiting"] == 3
    for folder in folders:
        withdraw(folder)
        assert run_here(folder)["status"] == "finished"
    said = over_seeds(folders[0])
    assert said["runs"] == 4
    ends = [read_state(f)["metrics"]["accuracy"] for f in (first, *folders)]
    assert said["accuracy"][0][-1] == pytest.approx(np.mean(ends))
    assert said["accuracy"][1][-1] == pytest.approx(np.std(ends, ddof=1))
    assert "over 4 seeds" in said["verdict"]["text"]
    assert len(seeds_figure(said).data) == 6
    twins = [read_state(f)["metrics"]["twin_accuracy"] for f in (first, *folders)]
    gains = np.array(ends) - np.array(twins)
    assert (said["band"]["low"], said["band"]["high"]) == (gains.min(), gains.max())
    assert said["band"]["mean"] == pytest.approx(gains.mean())
    assert f"Single splits range from {100 * gains.min():+.1f} to" in said["verdict"]["text"]
    shown = CliRunner().invoke(runs_app, ["show", first.id, "--workspace", str(workspace)])
    assert said["verdict"]["text"] in shown.stdout


def test_the_band_is_told_in_words():
    band = band_of([0.8, 0.7, 0.9, 0.6], [0.7, 0.75, 0.8, 0.6])
    assert say_band(band) == (
        "Single splits range from -5.0 to +10.0 points: better in 2 of 4, worse in 1, the same in 1."
    )
    assert say_band(band_of([0.8, 0.8], [0.7, 0.7]), same_split=True) == "All seeds say the same."


def test_other_splits_are_offered_where_test_rows_are_few(workspace: Path):
    """48 test rows of three classes; none are offered where they are enough, are repeated already, or belong
    to hand labels.
    """
    make_table(workspace, "my-clouds")
    spec = spec_of(train__epochs=2)
    folder = make_run(workspace, spec)
    assert offer_splits(folder) == "", "it has not ended"
    run_here(folder)
    said = offer_splits(folder)
    assert said.startswith("Few test rows per class (16; 30 or more are better)")
    shown = CliRunner().invoke(runs_app, ["show", folder.id, "--workspace", str(workspace)])
    assert f"{said} Repeat it: pseudo seeds {folder.id} --count 6" in shown.stdout
    made = start_seeds(folder, OTHERS + 1, "token")
    assert len(made) == OTHERS
    assert offer_splits(folder) == ""
    for name in made:
        withdraw(RunFolder(workspace / "runs" / name))
    enough = make_run(workspace, spec_of(train__epochs=2, data__test=0.5))
    run_here(enough)
    assert offer_splits(enough) == ""
    hand = make_run(workspace, spec_of(train__epochs=2, objective__hand=[[0, 0]]))
    run_here(hand)
    assert offer_splits(hand) == ""


def test_what_cannot_be_repeated_is_said(workspace: Path):
    make_table(workspace, "my-clouds")
    other = make_run(workspace)
    with pytest.raises(RunError, match="does not use pseudo-labels"):
        workspace_run(workspace, other.id)


def test_a_run_with_hand_labels_is_repeated_on_the_same_split(workspace: Path):
    make_table(workspace, "my-clouds")
    hand = make_run(workspace, spec_of(objective__hand=[[0, 0]], train__epochs=1))
    made = start_seeds(hand, 3, "token")
    assert start_seeds(hand, 3, "token") == []
    specs = [read_spec(RunFolder(workspace / "runs" / name).spec) for name in made]
    assert [(s.seed, s.data.split_seed, s.objective.hand) for s in specs] == [
        (1, 0, ((0, 0),)),
        (2, 0, ((0, 0),)),
    ]
    said = over_seeds(hand)
    assert said["same_split"]
    assert "same split" in describe_seeds(said["same_split"])


def test_more_seeds_than_the_queue_takes_follow_when_asked_again(workspace: Path):
    make_table(workspace, "my-clouds")
    first = make_run(workspace, spec_of(train__epochs=1))
    run_here(first)
    made = start_seeds(first, 9, "token")
    assert len(made) == MAX_QUEUED
    with pytest.raises(RunError, match="queued already"):
        start_seeds(first, 9, "token")
    for name in made:
        withdraw(RunFolder(workspace / "runs" / name))
    assert len(start_seeds(first, 9, "token")) == 8 - MAX_QUEUED
    assert over_seeds(first)["waiting"] == 8


def test_the_command_repeats_a_run_and_says_what_all_say(workspace: Path, monkeypatch):
    """`train --splits` ends in `repeat`; whoever is waiting is trained here instead of by a supervisor."""
    make_table(workspace, "my-clouds")
    folder = make_run(workspace, spec_of(train__epochs=2))
    run_here(folder)

    def train_waiting(root: Path) -> None:
        for entry in list_queue(root):
            waiting = RunFolder(root / "runs" / entry["run"])
            withdraw(waiting)
            run_here(waiting)

    monkeypatch.setattr("selfsup_core.workers.supervisor.ensure_supervisor", train_waiting)
    said, text = repeat(folder, 3)
    assert said["runs"] == said["band"]["runs"] == 3
    assert text.startswith(said["verdict"]["text"])
    assert text.endswith("Each has its own split, labels and first weights.")


def test_splits_of_a_run_without_pseudo_labels_are_refused(workspace: Path):
    asked = ["train", "classify-table", "--splits", "2", "--workspace", str(workspace)]
    done = CliRunner().invoke(app, asked)
    assert isinstance(done.exception, SettingError)
    assert "--splits repeats runs with pseudo-labels only" in str(done.exception)
