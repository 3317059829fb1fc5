"""Classifiers as runs: they learn, resume bit for bit, and their numbers are scikit-learn's."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from selfsup_core.evaluate.classification import class_sums
from selfsup_core.figures.standing import confused_rows
from selfsup_core.runs.folder import RunFolder, read_rows
from selfsup_core.runs.frames import read_frame
from selfsup_core.runs.recipes import list_presets, preset_spec
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.runs.spec import RunSpec
from selfsup_core.runs.thinned import frame_path
from tests.helpers import (
    ROOT,
    kill_and_resume,
    make_run,
    rows_without_times,
    run_here,
    same,
    weights,
)

QUICK = {"train.epochs": 6, "train.device": "cpu", "train.threads": 1}


def test_it_learns_and_its_accuracy_is_that_of_the_frame(workspace: Path):
    folder = make_run(workspace, preset_spec("classify-table", QUICK))
    state = run_here(folder)
    assert state["status"] == "finished", state["error"]
    rows = epoch_rows(read_rows(folder.metrics))
    assert rows[-1]["val_loss"] < rows[0]["val_loss"]
    frame = read_frame(frame_path(folder.frames, 6))
    confusion = frame["confusion"]
    truth = np.repeat(np.arange(3), confusion.sum(axis=1))
    said = np.concatenate([np.repeat(np.arange(3), row) for row in confusion])
    assert rows[-1]["val_accuracy"] == pytest.approx(accuracy_score(truth, said))
    assert 0 <= state["metrics"]["test_accuracy"] <= 1


def test_with_very_many_classes_a_frame_has_sums_of_the_confusion(workspace: Path, monkeypatch):
    spec = preset_spec("classify-table", QUICK | {"train.epochs": 1})
    whole = read_frame(frame_path(once(workspace, spec).frames, 1))
    monkeypatch.setattr("selfsup_core.tasks.classify.MOST_CONFUSION", 2)
    few = read_frame(frame_path(once(workspace, spec).frames, 1))
    assert "confusion" not in few
    assert few["confusion_sums"].tolist() == class_sums(whole["confusion"]).tolist()
    rows = confused_rows(["a", "b", "c"], few["confusion_sums"])
    assert sum(row["true"] - row["correct"] for row in rows) == whole["confusion"].sum() - np.trace(
        whole["confusion"]
    )


def once(workspace: Path, spec: RunSpec) -> RunFolder:
    folder = make_run(workspace, spec)
    assert run_here(folder)["status"] == "finished"
    return folder


def test_every_curve_of_a_classifier_has_a_title_on_the_page(workspace: Path):
    folder = make_run(workspace, preset_spec("classify-table", QUICK | {"train.epochs": 1}))
    run_here(folder)
    code = (ROOT / "assets/web/stage/panels/curves.js").read_text("utf-8")
    titles = re.findall(r"^ +(\w+): tr\(", code.split("labelsOf")[1], re.MULTILINE)
    hidden = re.findall(r"\"(\w+)\"", code.split("NOT_METRICS = new Set([")[1].split("]")[0])
    row = epoch_rows(read_rows(folder.metrics))[-1]
    terms = {re.sub("^(train|val)_", "", name) for name, v in row.items() if isinstance(v, int | float)}
    assert terms - set(titles) - set(hidden) == set()


def test_killed_and_resumed_it_ends_bit_for_bit_the_same(workspace: Path, monkeypatch):
    spec = preset_spec("classify-table", QUICK | {"train.checkpoint_seconds": 1e-6})
    whole, cut = make_run(workspace, spec), make_run(workspace, spec)
    run_here(whole)
    kill_and_resume(cut, monkeypatch, saves=3)
    assert same(weights(whole), weights(cut))
    assert rows_without_times(whole) == rows_without_times(cut)


@pytest.mark.parametrize("preset", list_presets("classify"))
def test_every_preset_is_a_valid_spec(preset: str):
    assert preset_spec(preset).name
