"""Which augmentation helps? The variants, their runs, and what these say together."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import t

from selfsup_core.errors import RunError
from selfsup_core.evaluate.words.ablation import judge_ablation
from selfsup_core.runs.ablation import (
    AblationConfig,
    Trial,
    asked_of,
    estimate_seconds,
    plan_of,
    read_ablation,
    short_epochs,
    summarize,
    variants_of,
)
from selfsup_core.runs.folder import RunFolder, list_states, read_state
from selfsup_core.runs.queue import list_queue, withdraw
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.spec import make_spec, read_spec
from selfsup_core.workers import ablation
from selfsup_core.workers.ablation import drive
from selfsup_core.workers.worker import Worker
from tests.cli.helpers import cli
from tests.helpers import make_run, run_here
from tests.tasks.views_helpers import tiny

SHORT = AblationConfig(epochs=1, seeds=2)


def work(workspace) -> None:
    """In the place of a supervisor: train what waits, one run at a time."""
    for entry in list_queue(workspace):
        folder = RunFolder(workspace / "runs" / entry["run"])
        withdraw(folder)
        folder.control.mkdir(exist_ok=True)
        Worker(folder).run()


@pytest.fixture
def folder(workspace, monkeypatch):
    monkeypatch.setattr(ablation, "ensure_supervisor", work)
    made = make_run(workspace, tiny(objective__augment__noise=0.1, train__epochs=2))
    run_here(made)
    return made


def test_each_transformation_is_left_out_once_and_alone_once(workspace):
    made = make_run(workspace, make_spec(preset_spec("views-fashion").as_dict(), {"data.source": "digits"}))
    spec = read_spec(made.spec)
    variants = variants_of(spec, made)
    kinds = [one.kind for one in variants]
    on = [one.name for one in variants if one.kind == "without"]
    assert kinds == ["all", *["without"] * len(on), *["alone"] * len(on), "none"]
    assert {"crop", "flip", "color"} <= set(on)
    assert "grayscale" not in on
    for one in variants:
        off = {name for name in on if getattr(one.augment, name) == 0}
        expected = {"all": set(), "without": {one.name}, "alone": set(on) - {one.name}, "none": set(on)}
        assert off == expected[one.kind], one.title
    plan = plan_of(made, AblationConfig(epochs=3, seeds=2))
    assert len(plan) == 2 * len(variants)
    assert len({one.digest() for one in plan}) == len(plan)
    assert {(one.seed, one.train.epochs) for one in plan} == {(spec.seed, 3), (spec.seed + 1, 3)}
    assert all(one.data == spec.data for one in plan)
    assert plan[1].name.endswith("seed 1")
    assert short_epochs(spec) == 5


def test_one_transformation_is_not_compared_with_itself(workspace):
    made = make_run(workspace, tiny())
    assert [one.kind for one in variants_of(read_spec(made.spec), made)] == ["all", "without"]
    still = make_run(workspace, tiny(objective__augment={"kind": "table", "corruption": 0.0}))
    with pytest.raises(RunError, match="varies nothing"):
        variants_of(read_spec(still.spec), still)


def test_runs_are_queued_one_at_a_time_and_only_the_missing_ones_are_trained(folder):
    config = SHORT
    total = len(plan_of(folder, config))
    assert total == 8  # noise alone is the same as without corruption
    assert estimate_seconds(folder, config) > 0
    steps = drive(folder, config)
    while read_ablation(folder, config)["done"] < 4:
        next(steps)
        assert len(list_queue(folder.workspace)) <= 1
    steps.close()
    assert asked_of(folder) == config
    part = read_ablation(folder, config)
    assert part["rows"][0]["accuracy"] is None  # its second seed is missing
    before = {state["run"] for state in list_states(folder.workspace)}
    shares = [one.share for one in drive(folder, config)]
    assert shares == sorted(shares)
    found = read_ablation(folder, config)
    assert (found["done"], found["total"]) == (total, total)
    runs = {state["run"] for state in list_states(folder.workspace)}
    assert before < runs
    aside = {state["run"] for state in list_states(folder.workspace) if state["part_of"] == folder.id}
    assert aside == runs - {folder.id}, "lists can leave them out"
    assert len(runs) == total + 1
    assert all(row["accuracy"] is not None and row["seconds"] > 0 for row in found["rows"])
    assert estimate_seconds(folder, config) == 0
    told = cli("views", "ablate", folder.id, "--epochs", "1", "--json", workspace=folder.workspace)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout) == found
    assert (
        "Without noise"
        in cli("views", "ablate", folder.id, "--epochs", "1", workspace=folder.workspace).stdout
    )


def test_a_run_that_is_short_itself_is_not_trained_again(folder):
    config = AblationConfig(epochs=2, seeds=2)
    assert read_ablation(folder, config)["rows"][0]["trials"][0]["run"] == folder.id
    steps = drive(folder, config)
    assert [next(steps).said for _ in range(2)][1].startswith("Run 2 of 8")
    assert len(list(list_states(folder.workspace))) == 1
    steps.close()


def test_stopped_it_stops_the_run_that_waits_and_goes_on_with_it(folder, monkeypatch):
    monkeypatch.setattr(ablation, "ensure_supervisor", lambda workspace: None)
    steps = drive(folder, SHORT)
    next(steps)
    next(steps)
    (waiting,) = list_queue(folder.workspace)
    steps.close()
    assert list_queue(folder.workspace) == []
    run = RunFolder(folder.workspace / "runs" / waiting["run"])
    assert read_state(run)["status"] == "stopped"
    monkeypatch.setattr(ablation, "ensure_supervisor", work)
    steps = drive(folder, SHORT)
    next(steps)
    next(steps)
    assert read_state(run)["status"] == "finished"
    steps.close()


def test_a_full_queue_is_waited_for(folder, monkeypatch):
    monkeypatch.setattr(ablation, "ensure_supervisor", lambda workspace: None)
    monkeypatch.setattr("selfsup_core.runs.queue.MAX_QUEUED", 0)
    steps = drive(folder, SHORT)
    next(steps)
    assert next(steps).said.endswith("It waits until the queue has room.")
    steps.close()


def trial(seed: int, accuracy: float | None) -> Trial:
    return {"run": "r", "seed": seed, "status": "finished", "accuracy": accuracy, "seconds": 2.0}


def test_margins_pool_the_deviation_of_all_variants(folder):
    variants = variants_of(read_spec(folder.spec), folder)[:3]
    values = np.array([[0.8, 0.82], [0.5, 0.54], [0.81, 0.79]])
    rows = summarize(variants, [[trial(s, float(v)) for s, v in enumerate(one)] for one in values])
    deviation = np.sqrt(values.var(axis=1, ddof=1).mean())
    margin = t.ppf(0.975, 3) * deviation / np.sqrt(2)
    assert rows[0]["margin"] == pytest.approx(margin)
    assert rows[1]["difference"] == pytest.approx(-0.29)
    assert rows[1]["difference_margin"] == pytest.approx(margin * np.sqrt(2))
    assert [row["outcome"] for row in rows] == [None, "loss", "none"]
    assert rows[0]["seconds"] == 4.0
    lacking = summarize(variants[:2], [[trial(0, 0.8), trial(1, None)], [trial(0, 0.5), trial(1, 0.5)]])
    assert lacking[0]["accuracy"] is None
    assert lacking[1]["difference"] is None


def test_the_outcome_in_words():
    said = judge_ablation(
        [("color", -0.03, "loss"), ("crop", -0.08, "loss"), ("flip", 0.02, "gain"), ("blur", 0.0, "none")],
        (-0.2, "loss"),
    )
    assert "earned by crop (8.0 points fewer without it) and color (3.0 points fewer without it)." in said
    assert "lowered by flip (2.0 points more without it): try without." in said
    assert "Leaving out blur makes no clear difference." in said
    assert "All of them together earn 20.0 points." in said
    assert "not clearly worse" in judge_ablation([("crop", 0.0, "none")], (-0.01, "none"))
    two = judge_ablation([("crop", 0.0, "none"), ("flip", 0.0, "none")], None)
    assert two == "Leaving out any one of crop and flip makes no clear difference."
    assert judge_ablation([], None) == ""


def test_without_a_probe_there_is_nothing_to_compare_by(workspace):
    waiting = make_run(workspace, tiny())
    with pytest.raises(RunError, match="no accuracy of a linear classifier"):
        next(drive(waiting, SHORT))
