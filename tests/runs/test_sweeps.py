"""A sweep from its start to its result: killed anywhere, stopped, resumed, damaged, deleted."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import t

from selfsup_core.errors import RunError, SettingError, StudioError
from selfsup_core.evaluate.effects import interval_margin, pooled_margin, quantile_bins
from selfsup_core.runs.control import receive
from selfsup_core.runs.folder import RunFolder, list_states, read_state, update_state
from selfsup_core.runs.queue import list_queue, withdraw
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.sweeps.bin import delete_sweep
from selfsup_core.runs.sweeps.folder import (
    list_sweeps,
    open_sweep,
    read_pruned,
    read_sweep_plan,
    read_sweep_state,
    running_sweeps,
)
from selfsup_core.runs.sweeps.outlook import foresee_sweep
from selfsup_core.runs.sweeps.recipe import read_recipe
from selfsup_core.runs.sweeps.results import read_sweep
from selfsup_core.runs.sweeps.score import candidates, doubt_of, foreseen
from selfsup_core.runs.sweeps.words import say_best, say_effect, say_progress
from selfsup_core.runs.trash import restore
from selfsup_core.shared import new_person, person_workspace
from selfsup_core.workers.sweeper import Sweeper
from selfsup_core.workers.sweeper_start import home
from selfsup_core.workers.sweeping import Sweeping, resume_sweep, stop_sweep
from tests.helpers import Killed, make_run, tiny_spec
from tests.runs.sweep_helpers import GRID, MOST_STEPS, Machine, error_of, finish_sweep, new_sweep, run_out

RATE, BATCH = GRID


def test_a_sweep_trains_each_run_once_and_says_what_is_best(workspace):
    folder, machine = new_sweep(workspace), Machine()
    outlook = foresee_sweep(workspace, read_sweep_plan(folder))
    assert outlook.runs == 8
    assert "rough guess" in outlook.sentence()
    finish_sweep(folder, machine)
    found = read_sweep(folder)
    assert (found["status"], found["done"], found["total"]) == ("finished", 8, 8)
    assert set(machine.trained.values()) == {1}
    assert (found["metric"], found["better"]) == ("val_mse", "lower")
    best = found["rows"][found["best"][0]]
    assert best["values"] == {RATE: 0.01, BATCH: 16}
    assert best["score"] == pytest.approx(0.1 + 0.016 + 0.001)
    groups = [[trial["score"] for trial in row["trials"]] for row in found["rows"]]
    deviation = np.sqrt(np.mean([np.var(one, ddof=1) for one in groups]))
    assert best["margin"] == pytest.approx(t.ppf(0.975, 4) * deviation / np.sqrt(2))
    said = say_best(found)
    assert said.startswith("Best: learning rate 0.01 · batch size 16, with error on validation samples (MSE)")
    assert "(2 seeds)" in said
    assert "clearly better than the next one" in said
    assert found["compared"][:2] == [trial["run"] for trial in best["trials"]]
    assert len(found["compared"]) == 6
    states = list(list_states(workspace))
    assert all(state["part_of"] == folder.id and state["tags"] == [folder.tag] for state in states)
    by_speed = foresee_sweep(workspace, read_sweep_plan(folder))
    assert "by the speed of your earlier runs" in by_speed.sentence()
    assert by_speed.seconds == pytest.approx(8 * (2.0 + 1.0))


def test_the_effect_of_a_setting_is_the_mean_over_all_others_with_students_interval(workspace):
    folder = new_sweep(workspace, seeds=3)
    finish_sweep(folder, Machine())
    found = read_sweep(folder)
    plan = read_sweep_plan(folder)
    for effect in found["effects"]:
        for place, value in enumerate(effect["values"]):
            wanted = plan.varied[[one.path for one in plan.varied].index(effect["path"])].values[place]
            scores = [
                error_of(plan.spec_of(plan.points[p], s))
                for p, s in plan.order()
                if plan.points[p][effect["path"]] == wanted
            ]
            assert value["n"] == len(scores) == 6
            assert value["mean"] == pytest.approx(np.mean(scores))
            low, high = t.interval(0.95, 5, np.mean(scores), np.std(scores, ddof=1) / np.sqrt(6))
            assert value["mean"] - value["margin"] == pytest.approx(low)
            assert value["mean"] + value["margin"] == pytest.approx(high)
    said = say_effect(found, found["effects"][0])
    assert said.startswith("Learning rate: best at 0.01 (")
    assert "Their intervals do not overlap." in said
    assert "overlap: the other settings and the seeds matter" in say_effect(found, found["effects"][1])


def test_intervals_of_few_values():
    assert interval_margin([1.0]) is None
    assert pooled_margin([[1.0], [2.0]], 1) is None
    assert pooled_margin([[1.0, 1.0], [5.0, 5.0]], 2) == 0.0
    assert quantile_bins([3, 1, 2, 2, 5, 6, 9, 9, 9], 3, 3) == [[1, 2, 3], [0, 4, 5], [6, 7, 8]]
    assert quantile_bins([], 3, 3) == []
    assert quantile_bins([1.0, 1.0, 1.0, 1.0], 4, 1) == [[0, 1, 2, 3]]


class Deadly:
    """Ends the process, as it were, at one of the next changes of a file's name: before or after it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
        self.generator = random.Random(seed)
        self.left, self.kills, self.is_on = 0, 0, False
        for name in ("replace", "rename", "link"):
            monkeypatch.setattr(os, name, self.wrap(getattr(os, name)))

    def wrap(self, real: Callable[..., None]) -> Callable[..., None]:
        def change(*words: object, **more: object) -> None:
            is_last = self.is_on and self.left == 0
            self.left -= self.is_on
            if is_last and self.generator.random() < 0.5:
                self.kill()
            real(*words, **more)
            if is_last and self.is_on:
                self.kill()

        return change

    def kill(self) -> None:
        self.kills += 1
        self.is_on = False
        raise Killed

    def within(self, most: int) -> None:
        self.left, self.is_on = self.generator.randrange(most), True


@pytest.mark.parametrize(
    ("method", "seed"),
    [
        pytest.param(method, seed, marks=pytest.mark.thorough if seed else ())
        for method in ("grid", "random", "optuna")
        for seed in range(3)
    ],
)
def test_killed_anywhere_it_goes_on_and_repeats_nothing(workspace, monkeypatch, method, seed):
    vary = GRID if method == "grid" else {RATE: "1e-4..1e-1", BATCH: "16,32"}
    folder = new_sweep(workspace, method=method, trials=4, vary=vary)
    undisturbed = new_sweep(workspace, method=method, trials=4, vary=vary)
    finish_sweep(undisturbed, Machine())
    deadly, machine = Deadly(monkeypatch, seed), Machine()
    work = machine.work

    def safe(place):  # what is killed is the sweeper
        was, deadly.is_on = deadly.is_on, False
        work(place)
        deadly.is_on = was

    machine.work = safe
    for _ in range(200):
        deadly.within(9)
        try:
            finish_sweep(folder, machine)
            break
        except Killed:
            machine.work(workspace)  # what was handed in goes on meanwhile
            assert len(list_queue(workspace)) == 0
    deadly.is_on = False
    assert deadly.kills > 3
    found, wanted = read_sweep(folder), read_sweep(undisturbed)
    assert (found["status"], found["done"], found["total"]) == ("finished", 8, 8)
    assert set(machine.trained.values()) == {1}
    assert len(machine.trained) == 8
    assert [row["values"] for row in found["rows"]] == [row["values"] for row in wanted["rows"]]
    assert [row["score"] for row in found["rows"]] == [row["score"] for row in wanted["rows"]]


def test_stopped_by_hand_it_stops_its_run_and_resume_continues_it(workspace):
    folder, machine = new_sweep(workspace), Machine()
    sweeping = Sweeping(folder, lambda place: None)
    sweeping.step()
    entry, _ = list_queue(workspace)  # one that trains, and one that waits
    sweeping.step()
    assert len(list_queue(workspace)) == 2
    assert running_sweeps(workspace) == [folder]
    stop_sweep(folder)
    assert list_queue(workspace) == []
    run = RunFolder(workspace / "runs" / entry["run"])
    assert read_state(run)["status"] == "stopped"
    sweeping.step()
    assert sweeping.is_over
    found = read_sweep(folder)
    assert (found["status"], found["done"], found["stopped"]) == ("stopped", 0, 2)
    assert "2 runs stopped by hand." in say_progress(found)
    with pytest.raises(RunError, match="nothing to stop"):
        stop_sweep(folder)
    resume_sweep(folder)
    resume_sweep(folder)  # a second click
    finish_sweep(folder, machine)
    assert machine.trained[run.id] == 1, "it was continued"
    assert read_sweep(folder)["done"] == 8
    with pytest.raises(RunError, match="All runs of the sweep have ended"):
        resume_sweep(folder)


def test_a_run_that_a_person_stops_is_left_alone_until_the_sweep_is_resumed(workspace):
    folder, machine = new_sweep(workspace), Machine()
    sweeping = Sweeping(folder, lambda place: None)
    sweeping.step()
    entry, _ = list_queue(workspace)
    run = RunFolder(workspace / "runs" / entry["run"])
    withdraw(run)
    update_state(run, status="stopped", stop_reason="stopped by hand")
    finish_sweep(folder, machine)
    assert (read_sweep(folder)["status"], read_sweep(folder)["done"]) == ("finished", 7)
    resume_sweep(folder)
    finish_sweep(folder, machine)
    assert read_sweep(folder)["done"] == 8


def test_a_run_that_always_dies_is_continued_once_and_a_failed_one_never(workspace):
    folder = new_sweep(workspace)
    ended = []

    def die(place):
        for entry in list_queue(place):
            run = RunFolder(place / "runs" / entry["run"])
            withdraw(run)
            ended.append(run.id)
            is_first = len(set(ended)) == 1
            how = {"status": "interrupted"} if is_first else {"status": "failed", "stop_reason": "diverged"}
            update_state(run, **how)

    sweeping = Sweeping(folder, die)
    run_out(sweeping)
    counts = [ended.count(run) for run in dict.fromkeys(ended)]
    assert counts == [1] * 8
    again = Sweeping(folder, die)
    resume_sweep(folder)
    run_out(again)
    assert [ended.count(run) for run in dict.fromkeys(ended)] == [2] + [1] * 7
    found = read_sweep(folder)
    assert (found["failed"], found["best"]) == (8, [])
    assert say_best(found) == ""


def test_a_full_queue_is_waited_for(workspace, monkeypatch):
    folder, machine = new_sweep(workspace), Machine()
    monkeypatch.setattr("selfsup_core.runs.queue.MAX_QUEUED", 0)
    sweeping = Sweeping(folder, machine.work)
    sweeping.step()
    sweeping.step()
    assert "The queue is full" in say_progress(read_sweep(folder))
    monkeypatch.setattr("selfsup_core.runs.queue.MAX_QUEUED", 5)
    sweeping.step()
    assert machine.trained
    assert read_sweep_state(folder)["message"] == ""


def test_what_fails_says_why_and_does_not_hold_up_other_sweeps(workspace):
    bad, good = new_sweep(workspace), new_sweep(workspace)
    sweeper = Sweeper(workspace)
    (bad.path / "spec.yaml").write_text("data: {source: gone}")
    sweeper.look()
    for sweeping in sweeper.sweeps.values():
        sweeping.supervise = Machine().work
    for _ in range(30):
        sweeper.step()
    assert read_sweep_state(good)["status"] == "finished"
    state = read_sweep_state(bad)
    assert state["status"] == "failed"
    assert "gone" in state["error"]["message"]
    assert sweeper.sweeps == {}


# Optuna


def test_optuna_comes_nearer_to_the_best(workspace):
    asked = {"method": "optuna", "trials": 18, "seeds": 1, "vary": {RATE: "1e-5..1"}}
    folder = new_sweep(workspace, **asked)
    finish_sweep(folder, Machine())
    tried = [point[RATE] for point in read_sweep_plan(folder).points]
    assert len(set(tried)) == 18
    off = np.abs(np.log10(tried) + 2)
    assert off[9:].mean() < 1.0, "draws without a memory are off by 1.3 on average"
    found = read_sweep(folder)
    assert found["effects"][0]["is_range"]
    assert sum(value["n"] for value in found["effects"][0]["values"]) == 18


def test_optuna_ends_when_every_combination_was_tried(workspace):
    folder = new_sweep(workspace, method="optuna", trials=50, seeds=1, vary={BATCH: "8,16,32"})
    finish_sweep(folder, Machine())
    assert sorted(point[BATCH] for point in read_sweep_plan(folder).points) == [8, 16, 32]


def test_without_optuna_the_message_names_the_package(workspace, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    for asked in ({"method": "optuna"}, {"prune": True}):
        with pytest.raises(StudioError, match=r"optuna.*requirements-sweep\.txt"):
            new_sweep(workspace, **asked)
    assert list_sweeps(workspace) == []


def test_what_is_clearly_worse_is_stopped_and_says_so(workspace):
    folder = new_sweep(workspace, prune=True, vary={RATE: "1e-2,1e-3,2e-3,3e-3,10"}, seeds=1)
    machine, running = Machine(), []

    def work(place):
        if len(machine.trained) < 4:
            machine.work(place)
            return
        for entry in list_queue(place):  # the fifth trains on: one epoch of three, then two
            run = RunFolder(place / "runs" / entry["run"])
            withdraw(run)
            machine.finish(run)
            lines = run.metrics.read_bytes().splitlines(keepends=True)
            running.append((run, lines))
            run.metrics.write_bytes(b"".join(lines[:1]))
            update_state(run, status="running", epoch=0, metrics={})

    sweeping = Sweeping(folder, work)
    for _ in range(8):
        sweeping.step()
    ((run, lines),) = running
    assert read_pruned(folder) == {}
    run.metrics.write_bytes(b"".join(lines[:3]))
    update_state(run, epoch=2)
    sweeping.step()
    (request,), refused = receive(run)
    assert (request["action"], refused) == ("stop", [])
    assert request["reason"].startswith("clearly worse than the other runs of its sweep")
    Sweeping(folder, work).step()  # another sweeper says it again, should the first have died before
    update_state(run, status="stopped", stop_reason=request["reason"])
    run_out(sweeping)
    found = read_sweep(folder)
    assert (found["status"], found["done"], found["pruned"]) == ("finished", 5, 1)
    trial = found["rows"][4]["trials"][0]
    assert trial["pruned"] == request["reason"]
    assert trial["score"] is None
    assert "1 run stopped early." in say_progress(found)
    assert "Without 1 run that failed or were stopped early." in say_effect(found, found["effects"][0])
    with pytest.raises(RunError, match="All runs"):
        resume_sweep(folder)


@pytest.mark.parametrize("is_higher", [True, False])
def test_the_pruner_on_made_up_curves(is_higher):
    from selfsup_core.runs.sweeps.suggest import is_clearly_worse

    sign = 1.0 if is_higher else -1.0
    others = [{epoch: sign * (level + epoch) for epoch in range(1, 10)} for level in range(0, 80, 10)]

    def worse(level, epochs, among=others):
        curve = {epoch: sign * (level + epoch) for epoch in range(1, epochs + 1)}
        return is_clearly_worse(curve, among, epochs=9, is_higher_better=is_higher)

    assert worse(-5, 5)
    assert not worse(40, 5)
    assert not worse(25, 5), "below the median is not clearly worse"
    assert not worse(-5, 2), "a third of the epochs is always trained"
    assert not worse(-5, 5, others[:3]), "three runs are too few to tell"
    assert not is_clearly_worse({}, others, epochs=9, is_higher_better=is_higher)


# By what runs are ranked


@pytest.mark.parametrize(
    ("preset", "varied", "name"),
    [
        ("vae", RATE, "val_mse"),
        ("gpt-characters", RATE, "val_bits_per_character"),
        ("classify-full", RATE, "val_accuracy"),
        ("pseudo-image", RATE, "val_accuracy"),
        ("views-fashion", "objective.temperature", "probe_accuracy"),
    ],
)
def test_runs_are_ranked_by_validation_rows(workspace, preset, varied, name):
    spec = preset_spec(preset)
    found = foreseen(workspace, spec, [varied])
    assert found.name in (name, "choice_accuracy")
    assert not any(one.name.startswith("test") for one in candidates(spec, [varied]))
    assert not any(one.is_loss for one in candidates(spec, ["objective.beta"]))
    hides = spec.data.has_budget and found.name == "val_accuracy"
    assert bool(doubt_of(spec, found)) == hides


# Files


def test_ids_and_recipes_that_are_none_are_refused(workspace):
    folder = new_sweep(workspace)
    assert open_sweep(workspace, folder.id[:-1]) == folder
    for asked in ("", "x", "..", "../runs"):
        with pytest.raises(RunError, match="no sweep"):
            open_sweep(workspace, asked)
    with pytest.raises(SettingError, match="no preset, run or spec file"):
        read_recipe(workspace, "nothing", {})
    run = make_run(workspace, name="mine")
    assert read_recipe(workspace, "mine", {"train.epochs": 2})[0].train.epochs == 2
    (workspace / "r.yaml").write_bytes(run.spec.read_bytes())
    assert read_recipe(workspace, str(workspace / "r.yaml"), {})[0].digest() == tiny_spec().digest()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("sweep.yaml", b"vary: {train.learning_rate: 1e-3}\nseed_count: 3", "seed_count"),
        ("sweep.yaml", b"vary: {train.lr: 1e-3}", "There is no setting 'train.lr'"),
        ("sweep.yaml", b"- 1", "holds no settings"),
        ("sweep.yaml", b"vary: &a [*a]", "cannot be read"),
        ("sweep.yaml", b"\xff\xfe", "cannot be read"),
        ("sweep.yaml", b"vary: {train.learning_rate: !!python/name:os.system }", "cannot be read"),
        (
            "sweep.yaml",
            b"vary: {train.learning_rate: 1e-3}\nseeds: 1000",
            "seeds must be at least 1 and at most 20",
        ),
        ("spec.yaml", b"train: {epochs: -1}", "train.epochs"),
        ("state.json", b"{}", "state.json is damaged"),
        ("state.json", b"[" * 100_000, "state.json is damaged"),
        ("proposed.json", b'{"a": 1}', "proposed.json is damaged"),
        ("pruned.json", b"[1]", "pruned.json is damaged"),
    ],
)
def test_damaged_files_are_named_and_the_sweep_can_be_deleted(workspace, name, content, said):
    folder = new_sweep(workspace)
    stop_sweep(folder)
    (folder.path / name).write_bytes(content)
    with pytest.raises(RunError, match=said) as caught:
        read_sweep(folder)
    assert "is damaged" in str(caught.value)
    delete_sweep(folder, with_runs=True)
    assert list_sweeps(workspace) == []


def test_a_deleted_sweep_comes_back_and_takes_its_runs_along_only_when_asked(workspace):
    folder = new_sweep(workspace)
    with pytest.raises(RunError, match="Stop it first"):
        delete_sweep(folder)
    finish_sweep(folder, Machine())
    assert delete_sweep(folder) == 0
    assert len(list(list_states(workspace))) == 8
    with pytest.raises(RunError, match="already deleted"):
        delete_sweep(folder)
    restore(workspace, folder.id)
    assert read_sweep(folder)["done"] == 8
    assert delete_sweep(folder, with_runs=True) == 8
    assert list(list_states(workspace)) == []


def test_one_click_starts_one_sweep(workspace):
    from selfsup_core.runs.sweeps.config import SweepConfig
    from selfsup_core.runs.sweeps.folder import start_sweep

    made = {start_sweep(workspace, tiny_spec(), SweepConfig(vary=GRID), submission="x").id for _ in range(2)}
    assert len(made) == len(list_sweeps(workspace)) == 1


def test_in_a_room_each_persons_sweep_stays_in_their_workspace(workspace):
    mine = person_workspace(workspace, new_person())
    folder, machine = new_sweep(mine, seeds=1), Machine()
    sweeper = Sweeper(workspace)
    sweeper.look()
    for sweeping in sweeper.sweeps.values():
        sweeping.supervise = machine.work
    for _ in range(MOST_STEPS):
        sweeper.step()
    assert read_sweep(folder)["done"] == 4
    assert len(list(list_states(mine))) == 4
    assert (list_sweeps(workspace), list(list_states(workspace))) == ([], [])
    assert home(mine) == home(workspace)
