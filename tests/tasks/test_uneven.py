"""Pools from 50:50 to 99:1 with the recommended settings: no harm, no false alarm; and an alarm where labels
do drift.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from selfsup_core.cli.runs import runs_app
from selfsup_core.runs.folder import read_rows
from selfsup_core.runs.signs import epoch_rows, last_signs
from selfsup_core.tasks.parts.proposals import Proposers
from tests.helpers import make_run, run_here
from tests.tasks.test_pseudo import AGREEING, save_table, spec_of

SIZE, GAP = 800, 4.0
RECOMMENDED = AGREEING | {
    "data__labels_per_class": 5,
    "data__test": 0.3,
    "objective__pseudo_weight": 0.2,
    "train__epochs": 2,
}
TRAINING_ITSELF: dict[str, Any] = {
    "data__labels_per_class": 0,
    "data__labels_fraction": 0.1,
    "objective__keep": "fixed",
    "objective__threshold": 0.8,
    "objective__student": "warm",
    "model__widths": [],
    "model__dropout": 0.0,
    "train__epochs": 3,
    "train__steps_per_epoch": 30,
}


def make_uneven(workspace: Path, share: float, gap: float = GAP, seed: int = 5) -> str:
    """Two clouds; `share` of the rows are of the first class."""
    name = f"my-uneven-{round(100 * share)}-{round(10 * gap)}-{seed}"
    draw = np.random.default_rng(seed)
    truth = (draw.permutation(SIZE) >= share * SIZE).astype(np.int32)
    x = draw.normal(size=(SIZE, 4)) + gap * np.eye(2, 4)[truth]
    save_table(workspace, name, x, truth, ("large", "small"))
    return name


def codes(folder: Any) -> set[str]:
    return {sign["code"] for row in epoch_rows(read_rows(folder.metrics)) for sign in row.get("signs", [])}


@pytest.mark.parametrize("share", [0.5, 0.8, 0.95, 0.99])
def test_uneven_pools_are_neither_harmed_nor_alarmed_about(workspace: Path, share: float):
    spec = spec_of(make_uneven(workspace, share), **RECOMMENDED)
    folder = make_run(workspace, spec)
    state = run_here(folder)
    assert state["status"] == "finished", state["error"]
    found = state["metrics"]
    assert found["coverage"] > 0.4
    assert not codes(folder) & {"collapse", "drift"}
    assert found["accuracy"] >= found["twin_accuracy"] - 0.01
    assert found["balanced_accuracy"] >= found["twin_balanced_accuracy"] - 0.02
    assert found["pseudo_precision"] > 0.9
    assert found["kept_drift"] < 0.1


@pytest.mark.parametrize("share", [0.8, 0.95])
def test_where_classes_overlap_labels_that_do_not_hold_under_the_shares_are_left_out(
    workspace: Path, share: float
):
    """Most rows that are named as the rare class belong to the large one; the student learned them once."""
    found: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for seed in (101, 102, 103):
        source = make_uneven(workspace, share, gap=2.0, seed=seed)
        for minds in found:
            spec = spec_of(source, **RECOMMENDED, objective__mind_shares=minds)
            state = run_here(make_run(workspace, spec))
            assert state["status"] == "finished", state["error"]
            says = [text for text in state["notices"] if "look uneven" in text]
            assert len(says) == minds
            found[minds].append(state["metrics"])

    def gain(minds: bool, name: str) -> float:
        return float(np.mean([one[name] - one[f"twin_{name}"] for one in found[minds]]))

    assert gain(True, "accuracy") >= -0.005
    assert gain(True, "accuracy") > gain(False, "accuracy")
    assert gain(True, "macro_f1") > gain(False, "macro_f1")
    for with_, without in zip(found[True], found[False], strict=True):
        assert with_["twin_accuracy"] == without["twin_accuracy"]
        assert with_["pseudo_precision"] > without["pseudo_precision"]


@pytest.mark.parametrize("share", [0.5, 0.87, 0.99])
def test_a_student_that_labels_for_itself_gives_no_false_alarm(workspace: Path, share: float):
    """The given labels are a random sample here, so they have an estimate."""
    spec = spec_of(make_uneven(workspace, share), **TRAINING_ITSELF)
    folder = make_run(workspace, spec)
    state = run_here(folder)
    assert state["metrics"]["coverage"] > 0.4
    assert not codes(folder) & {"collapse", "drift"}


def test_labels_that_drift_are_told_by_the_command(workspace: Path, monkeypatch):
    """Proposals are turned towards the large class, from the second round on."""
    source = make_uneven(workspace, 0.5)
    real, asked = Proposers.propose, [0]

    def turned(self: Proposers, learned: dict[str, np.ndarray]) -> np.ndarray:
        asked[0] += 1
        odds = 1.0 if asked[0] < 3 else 1e4
        p = real(self, learned) * np.array([odds, 1.0], np.float32)
        return p / p.sum(axis=1, keepdims=True)

    monkeypatch.setattr(Proposers, "propose", turned)
    folder = make_run(workspace, spec_of(source, **TRAINING_ITSELF | {"objective__threshold": 0.5}))
    assert run_here(folder)["status"] == "finished"
    rows = epoch_rows(read_rows(folder.metrics))
    assert rows[0]["kept_drift"] is None
    assert rows[1]["kept_drift"] < 0.1 < 0.2 < rows[-1]["kept_drift"]
    assert ["drift" in {sign["code"] for sign in row.get("signs", [])} for row in rows] == [
        False,
        False,
        True,
        True,
    ]
    said = next(sign for sign in last_signs(read_rows(folder.metrics)) if sign["code"] == "drift")
    assert "of the kept labels are 'large'" in said["text"]
    assert "(the given labels)" in said["text"]
    assert "(the classifier on the given labels alone)" in said["text"]
    shown = CliRunner().invoke(runs_app, ["show", folder.id, "--workspace", str(workspace)])
    assert said["text"] in shown.stdout
    assert said["remedy"] in shown.stdout
    as_json = CliRunner().invoke(runs_app, ["show", folder.id, "--json", "--workspace", str(workspace)])
    assert said in json.loads(as_json.stdout)["signs"]


def test_with_unknown_shares_a_large_class_is_no_collapse(workspace: Path, monkeypatch):
    """Even shares were expected once, so that 99 in 100 were called a collapse."""
    from selfsup_core.tasks.parts import estimates

    folder = make_run(workspace, spec_of(make_uneven(workspace, 0.99), **RECOMMENDED))
    monkeypatch.setattr(estimates.ShareEstimates, "look", lambda self, *, has_begun: None)
    monkeypatch.setattr(estimates, "count_shares", lambda *_: None)
    run_here(folder)
    assert "collapse" not in codes(folder)
