"""Repeating a run with other seeds: what is queued, and what all of them say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from selfsup_core.errors import RunError
from selfsup_core.figures.seeds import seeds_figure
from selfsup_core.runs.folder import RunFolder, read_state
from selfsup_core.runs.queue import MAX_QUEUED, withdraw
from selfsup_core.runs.spec import read_spec
from selfsup_core.workers.seeds import describe_seeds, over_seeds, start_seeds, workspace_run
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
